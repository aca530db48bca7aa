"""Counts segments that have a definition, and says who is in them."""

from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.audiences.scores import Scores
from sandbox.clock import Clock
from sandbox.segments import Directory, Segment, SegmentPlan
from sandbox.settings import Settings

if TYPE_CHECKING:
    from sandbox.audiences.membership import Membership


class Sizes:
    """The users of all segments with a definition, counted when somebody asks.

    Attributes:
        directory: all segments.
        scores: what users' profiles hold.
    """

    def __init__(
        self, settings: Settings, directory: Directory, scores: Scores, clock: Clock
    ) -> None:
        self._settings = settings
        self.directory = directory
        self.scores = scores
        self._clock = clock
        self._defined = 0
        self._known: dict[int, tuple[object, Membership]] = {}

    def definitions_changed(self) -> None:
        """Count anew from now on."""
        self._defined += 1

    def segment(self, aid: int, segment_id: str, plan: SegmentPlan) -> Segment:
        """Return a segment with a definition; one that says how many users it has has as many."""
        if plan.users is not None:
            return Segment(segment_id, aid, plan, partial(int, plan.users))
        return Segment(segment_id, aid, plan, lambda: len(self.users(aid, segment_id)))

    def users(self, aid: int, key: str) -> list[int]:
        """Return the positions of a segment's users in the population, ascending."""
        found: list[int] = self._membership(aid).of_segment(key).nonzero()[0].tolist()
        return found

    def profile(self, aid: int, user: int) -> dict[str, Any]:
        """Return what is known of a user, at a position in the population."""
        return self._membership(aid).profile(user)

    def _membership(self, aid: int) -> "Membership":
        week = self._clock.week
        state = (self._defined, self.scores.version, week)
        kept = self._known.get(aid)
        if kept and kept[0] == state:
            return kept[1]
        # NumPy and the users are loaded where such a segment is counted, not at every start.
        from sandbox.audiences.membership import Membership  # noqa: PLC0415
        from sandbox.people.users import population_of  # noqa: PLC0415

        profiles = str(self._settings.profiles) if self._settings.profiles else None
        membership = Membership(
            population_of(profiles, self._settings.seed, aid, week, self._settings.drift),
            partial(self.directory.find, aid),
            self.scores.of_account(aid),
        )
        self._known[aid] = state, membership
        return membership
