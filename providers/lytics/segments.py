"""Segments by slug: looked up once per run, all of them with one request."""

import asyncio
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import cast

import pulumi
from pulumi.output import UNKNOWN

from providers.lytics.declaration import HEX_ID
from providers.lytics.ending import end_program
from providers.lytics.errors import DeclarationError, Problem
from providers.lytics.later import awaited
from providers.lytics.program_settings import program_client, program_settings
from providers.lytics.wire import Segment


class SegmentBook:
    """The account's segments by slug.

    Args:
        segments: all segments of the account.
    """

    def __init__(self, segments: Iterable[Segment]) -> None:
        usable = [segment for segment in segments if not segment.deleted]
        self._by_slug = {s.slug_name: s for s in usable if s.slug_name}
        self._by_id = {s.id: s for s in usable}

    def id_of(self, reference: str) -> str | None:
        """Return the id behind a slug or an id, None for an unknown slug."""
        if HEX_ID.match(reference.lower()):
            return reference.lower()
        found = self._by_slug.get(reference)
        return found.id if found else None

    def find(self, reference: str) -> Segment | None:
        """Return the segment behind a slug or an id."""
        return self._by_slug.get(reference) or self._by_id.get(reference.lower())

    def slug_of(self, segment_id: str) -> str | None:
        """Return a segment's slug."""
        found = self._by_id.get(segment_id)
        return found.slug_name or None if found else None

    def trouble(self, reference: str) -> str:
        """Return what is wrong with a segment that exists, "" if nothing is."""
        segment = self.find(reference)
        if segment is None or not segment.invalid:
            return ""
        why = f": {segment.invalid_reason}" if segment.invalid_reason else ""
        return f'segment "{reference}" is invalid in Lytics{why}'

    def unknown(self, reference: str) -> str:
        """Return the sentence for an unknown slug, with the nearest that is known."""
        near = get_close_matches(reference, self._by_slug, n=1, cutoff=0.6)
        hint = f", did you mean {near[0]}?" if near else "; see the audiences in Lytics"
        return f'unknown segment "{reference}"{hint}'


def is_id(reference: str) -> bool:
    """Tell whether a reference is a 32-hex id, which needs no look-up."""
    return bool(HEX_ID.match(reference.lower()))


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
    return SegmentBook(program_client().list_segments())


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
