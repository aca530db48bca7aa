"""Segments by slug, for the program: looked up once per run, all of them with one request."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pulumi
from pulumi.output import UNKNOWN

from providers.lytics.domain.segments import SegmentBook, is_id
from providers.lytics.errors import DeclarationError, Problem
from providers.lytics.program import ahead
from providers.lytics.program.ending import end_program
from providers.lytics.program.later import awaited
from providers.lytics.program.program_settings import program_client, program_settings

_books: dict[str, asyncio.Future[SegmentBook | None]] = {}


def resolve_segment(reference: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return the id behind a slug or an id; an id is returned at once.

    Without a key a preview can't look a slug up: the id is then unknown in it.
    """
    if isinstance(reference, str):
        if is_id(reference):
            return reference.lower()
        return awaited(_look_up(reference))
    known: pulumi.Output[str] = pulumi.Output.from_input(reference)
    return known.apply(resolve_segment)


async def _look_up(slug: str) -> str:
    if "book" not in _books:
        _books["book"] = asyncio.ensure_future(asyncio.to_thread(fetch_book))
    book = await _books["book"]
    if book is None:
        return cast("str", UNKNOWN)
    found = book.id_of(slug)
    if found is None:
        end_program(book.unknown(slug))
    return found


def fetch_book() -> SegmentBook | None:
    """Ask for the account's segments; None in a preview without a key."""
    if program_settings().api_key is None and pulumi.runtime.is_dry_run():
        return None
    reply = ahead.taken("segments")
    return SegmentBook(reply.result() if reply else program_client().list_segments())


def resolve_all(references: Mapping[str, str], book: SegmentBook) -> dict[str, str]:
    """Return the ids behind many references at once.

    Args:
        references: place in the declaration -> slug or id.
        book: the account's segments.

    Raises:
        DeclarationError: slugs that the account doesn't have, all of them.
    """
    found = {place: book.id_of(reference) for place, reference in references.items()}
    problems = [
        Problem(place, book.unknown(references[place]))
        for place, segment_id in found.items()
        if segment_id is None
    ]
    if problems:
        title = "The account has no such segments:"
        raise DeclarationError(title, problems)
    return {place: segment_id for place, segment_id in found.items() if segment_id is not None}
