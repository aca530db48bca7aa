"""The segments of an account: ids, slugs, sizes, and what is wrong with some.

Field names follow the Lytics v2 OpenAPI (segments) and, for /api, the go-lytics recorded data.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sandbox import clock

USERS = {1234: 20_000, 5678: 14_000}
"""Users in the made-up population of each account."""

API_PAGE_IDS = {
    (1234, "all_users"): "cf21ba3ceb194961b964358ee92ec4a9",
    (1234, "high_value"): "e34563f98bc848b7abb17c4a0499968c",
}
"""Ids that the API page's samples use as source and target."""
CREATED_NS = clock.parse_rfc3339("2020-06-10T20:16:51.239Z")
"""Since when the segments of the made-up populations are there."""


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """A segment before it belongs to an account.

    Attributes:
        slug: name that is the same in every account.
        name: what people read.
        share: part of the account's users in it, 0 to 1.
        users: size instead of a share.
        where: its rule, in Lytics' query language.
        table: ``user`` or ``content``.
        invalid_reason: why it can't be used; empty if it can.
        definition: its whole definition, as it was sent; None where the population knows its
            users, and ``where`` only says how.
        ast: the definition as a tree, shown by v2 as it was sent.
        created_ns: in nanoseconds since 1970, as ``updated_ns`` is.
    """

    slug: str
    name: str
    share: float = 0.0
    users: int | None = None
    where: str = ""
    table: str = "user"
    invalid_reason: str = ""
    definition: str | None = None
    ast: object = None
    description: str = ""
    kind: str = "segment"
    tags: tuple[str, ...] = ()
    deleted: bool = False
    created_ns: int = CREATED_NS
    updated_ns: int = CREATED_NS

    @property
    def segment_ql(self) -> str:
        """Return its definition as the API shows it."""
        if self.definition is None:
            return f"FILTER {self.where} FROM {self.table} ALIAS {self.slug}"
        return self.definition


MADE_UP = (
    SegmentPlan("all_users", "All Users", 1.0, where="*"),
    SegmentPlan("high_value", "High Value Customers", 0.12, where="value_rank >= 88"),
    SegmentPlan("likely_to_churn", "Likely to Churn", 0.18, where="churn_rank >= 82"),
    SegmentPlan("email_openers", "Email Openers", 0.3, where="email_rank >= 70"),
    SegmentPlan("recent_purchasers", "Recent Purchasers", 0.15, where="purchase_rank >= 85"),
    SegmentPlan("frequent_visitors", "Frequent Visitors", 0.2, where="visit_rank >= 80"),
    SegmentPlan(
        "newsletter_subscribers", "Newsletter Subscribers", 0.25, where="newsletter = true"
    ),
    SegmentPlan("dormant", "Dormant Users", 0.25, where="dormant_rank >= 75"),
    SegmentPlan("mobile_users", "Mobile Users", 0.45, where="mobile_rank >= 55"),
    SegmentPlan("random_holdout", "Random Holdout", 0.1, where="holdout = true"),
    SegmentPlan("too_small", "Beta Testers", users=19, where="beta = true"),
    SegmentPlan("articles", "Published Articles", users=340, where="published", table="content"),
    SegmentPlan(
        "retired_campaign",
        "Retired Campaign",
        users=0,
        where="campaign_2019 = true",
        invalid_reason="field campaign_2019 no longer exists",
    ),
)
"""``newsletter_subscribers`` is hard to predict, ``random_holdout`` impossible."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of one account.

    Attributes:
        id: 32 hex digits, derived from account and slug, so stable.
        aid: account number.
        plan: what it is.
        count: counts its users.
    """

    id: str
    aid: int
    plan: SegmentPlan
    count: Callable[[], int] = field(compare=False, repr=False)

    @property
    def size(self) -> int:
        """Users in it, now."""
        return self.count()

    @property
    def slug(self) -> str:
        """Its slug, stable across accounts."""
        return self.plan.slug

    def unusable_because(self) -> str:
        """Say why no model can be built on it; empty if one can."""
        if self.plan.table != "user":
            return f"segment {self.slug} is of table {self.plan.table}, a model needs table user"
        if self.plan.invalid_reason:
            return f"segment {self.slug} is invalid: {self.plan.invalid_reason}"
        return ""


def segment_id(aid: int, slug: str) -> str:
    """Return a segment's 32-hex id."""
    known = API_PAGE_IDS.get((aid, slug))
    return known or hashlib.sha256(f"segment/{aid}/{slug}".encode()).hexdigest()[:32]


def planned_size(plan: SegmentPlan, users: int) -> int:
    """Return how many of so many users a made-up segment holds."""
    return plan.users if plan.users is not None else round(users * plan.share)


@dataclass(slots=True)
class Directory:
    """All segments of all accounts, by id and by slug."""

    _by_key: dict[tuple[int, str], Segment] = field(default_factory=dict)
    _at_start: dict[tuple[int, str], Segment] = field(default_factory=dict)

    def add(self, aid: int, plans: Sequence[SegmentPlan], sizes: Sequence[int]) -> None:
        """Take in an account's segments with their sizes in users."""
        for plan, size in zip(plans, sizes, strict=True):
            self.put(Segment(segment_id(aid, plan.slug), aid, plan, partial(int, size)))
        self._at_start = dict(self._by_key)

    def restore(self) -> None:
        """Go back to the segments that were taken in with their sizes."""
        self._by_key = dict(self._at_start)

    def put(self, segment: Segment) -> None:
        """Take in a segment, or another state of one that is there."""
        self._by_key[segment.aid, segment.slug] = segment
        self._by_key[segment.aid, segment.id] = segment

    def remove(self, segment: Segment) -> None:
        """Let a segment go."""
        del self._by_key[segment.aid, segment.slug], self._by_key[segment.aid, segment.id]

    def find(self, aid: int, key: str) -> Segment | None:
        """Find a segment of an account by id or slug."""
        return self._by_key.get((aid, key))

    def by_id(self, aid: int, key: str) -> Segment | None:
        """Find a segment of an account by id alone."""
        found = self.find(aid, key)
        return found if found and found.id == key else None

    def of_account(self, aid: int) -> list[Segment]:
        """Return an account's segments in a stable order."""
        return [s for (owner, key), s in self._by_key.items() if owner == aid and key == s.id]


def made_up_directory() -> Directory:
    """Return the segments of the made-up populations."""
    directory = Directory()
    for aid, users in USERS.items():
        directory.add(aid, MADE_UP, [planned_size(plan, users) for plan in MADE_UP])
    return directory
