"""What an account has of segments that are declared, and whether models can be trained on them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.segments import SegmentBook, is_id, unfit
from providers.lytics.shapes import Segment

SIZES_AT_ONCE = 200
"""Ids in one request for sizes: their address stays below the 8 KB that servers allow."""


def fault_of(
    client: LyticsClient, listed: Iterable[Segment], references: Collection[str]
) -> dict[str, str]:
    """Return for each slug or id why no model can be trained on it, "" where one can.

    A request for all sizes, and one for each segment that isn't in the list: the list holds
    those of users only.

    Args:
        client: the account.
        listed: its segment list.
        references: slugs or ids.

    Raises:
        LyticsError: the API failed.
    """
    look = _looked_up(client, SegmentBook(listed), references)
    return {reference: look.fault(reference) for reference in references}


@dataclass(frozen=True)
class _Asked:
    book: SegmentBook
    found: dict[str, Segment | None]
    sizes: dict[str, int]

    def fault(self, reference: str) -> str:
        segment = self.found[reference]
        if segment is not None:
            return unfit(segment, self.sizes.get(segment.id))
        if is_id(reference):
            return f"the account has no segment {reference}"
        return self.book.unknown(reference)


def _looked_up(client: LyticsClient, book: SegmentBook, references: Collection[str]) -> _Asked:
    found = {one: book.find(one) or client.fetch_segment(one) for one in sorted(set(references))}
    ids = sorted({segment.id for segment in found.values() if segment is not None})
    sizes: dict[str, int] = {}
    for start in range(0, len(ids), SIZES_AT_ONCE):
        sizes |= client.segment_sizes(ids[start : start + SIZES_AT_ONCE])
    return _Asked(book, found, sizes)
