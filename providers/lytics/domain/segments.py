"""An account's segments, by slug and by id. Pure: nothing is asked."""

from collections.abc import Iterable

from providers.lytics.domain.explain import nearest
from providers.lytics.domain.fields import HEX_ID
from providers.lytics.shapes import Segment


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
        near = nearest(reference, self._by_slug)
        hint = f", did you mean {near}?" if near else "; see the audiences in Lytics"
        return f'unknown segment "{reference}"{hint}'


# Lytics docs, "Building Lookalike Models" and "Limitations".
FEWEST_USERS = 25
MOST_USERS = 20_000_000


def unfit(segment: Segment, size: int | None = None) -> str:
    """Return why no model can be trained on a segment, "" if one can.

    Args:
        segment: the segment.
        size: its users, None where that isn't known.
    """
    why = f": {segment.invalid_reason}" if segment.invalid_reason else ""
    faults = (
        (segment.table != "user", f"is of table {segment.table}; a model needs one of users"),
        (segment.deleted, "is deleted"),
        (segment.invalid, f"is invalid{why}"),
        (
            size is not None and not FEWEST_USERS <= size <= MOST_USERS,
            f"has {size} users; Lytics takes {FEWEST_USERS} to {MOST_USERS}",
        ),
    )
    found = next((what for is_so, what in faults if is_so), "")
    return found and f"segment {segment.slug_name or segment.id} {found}"


def is_id(reference: str) -> bool:
    """Tell whether a reference is a 32-hex id, which needs no look-up."""
    return bool(HEX_ID.match(reference.lower()))
