"""Segments by slug, for the program: looked up once per run, all of them with one request."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import pulumi
from pulumi.output import UNKNOWN

from providers.lytics.domain.segments import SegmentBook, is_id, unfit
from providers.lytics.errors import DeclarationError, Problem
from providers.lytics.program.ending.exit import end_program
from providers.lytics.program.later import awaited
from providers.lytics.shapes import Segment

if TYPE_CHECKING:
    from providers.lytics.program.program import Program


class SegmentLookup:
    """The account's segments, asked for when the first slug is met.

    Args:
        program: the program; its connection asks.
    """

    def __init__(self, program: "Program") -> None:
        self._program = program
        self._book: asyncio.Future[SegmentBook | None] | None = None

    def resolve(self, reference: pulumi.Input[str]) -> pulumi.Input[str]:
        """Return the id behind a slug or an id; an id is returned at once.

        Without a key a preview can't look a slug up: the id is then unknown in it.
        """
        if isinstance(reference, str):
            return reference.lower() if is_id(reference) else awaited(self._look_up(reference))
        known: pulumi.Output[str] = pulumi.Output.from_input(reference)
        return known.apply(self.resolve)

    def fetch_book(self) -> SegmentBook | None:
        """Ask for the account's segments; None in a preview without a key."""
        if not self._program.has_key and pulumi.runtime.is_dry_run():
            return None
        return SegmentBook(self._program.ahead.segments())

    async def _look_up(self, slug: str) -> str:
        if self._book is None:
            self._book = asyncio.ensure_future(asyncio.to_thread(self.fetch_book))
        book = await self._book
        if book is None:
            return cast("str", UNKNOWN)
        found = book.id_of(slug)
        if found is None:
            fetch = self._program.client.fetch_segment
            end_program(await asyncio.to_thread(_fault, slug, book, fetch))
        return found


def _fault(slug: str, book: SegmentBook, fetch: Callable[[str], Segment | None]) -> str:
    segment = fetch(slug)
    return (unfit(segment) if segment is not None else "") or book.unknown(slug)


def _unlisted(_slug: str) -> Segment | None:
    return None


def resolve_all(
    references: Mapping[str, str],
    book: SegmentBook,
    fetch: Callable[[str], Segment | None] = _unlisted,
) -> dict[str, str]:
    """Return the ids behind many references at once.

    Args:
        references: place in the declaration -> slug or id.
        book: the account's segments of users.
        fetch: asks for one that isn't among them: it may be of another table.

    Raises:
        DeclarationError: slugs that the account doesn't have, or not of users, all of them.
    """
    found = {place: book.id_of(reference) for place, reference in references.items()}
    problems = [
        Problem(place, _fault(references[place], book, fetch))
        for place, segment_id in found.items()
        if segment_id is None
    ]
    if problems:
        title = "No model can be trained on these segments:"
        raise DeclarationError(title, problems)
    return {place: segment_id for place, segment_id in found.items() if segment_id is not None}
