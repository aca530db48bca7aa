"""User profiles: who is in which segment, and what is known of each user.

The made-up population has four hidden traits that nobody sees. Scores, content affinities and
user fields show some of them through noise, others are nothing but noise, some are partly empty;
segments come from the traits through noise of their own, so no field gives a segment away.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.people.fields import CONTENT_PREFIX, MADE_UP_FIELDS, SCORE_PREFIX, FieldPlan
from sandbox.segments import MADE_UP, USERS, planned_size

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """Users as columns.

    Attributes:
        fields: in order; a column each.
        columns: by field name, one value per user: float64 with NaN for "not known" where the
            field is numeric, str objects with "" for it where it is categorical.
        members: by segment slug, sorted positions of its users.
        withheld: by the name of a column that can't be a feature, why.
    """

    fields: tuple[FieldPlan, ...]
    columns: dict[str, Any]
    members: dict[str, Indices]
    withheld: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return how many users there are."""
        return len(next(iter(self.columns.values())))


def missing(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which values aren't known, shape (n,)."""
    found: npt.NDArray[np.bool_] = np.isnan(values) if values.dtype.kind == "f" else values == ""
    return found


@dataclass(frozen=True, slots=True)
class _Traits:
    """What lies behind a made-up population: standard normal, one value per user."""

    dice: np.random.Generator
    engagement: Floats
    loyalty: Floats
    thrift: Floats
    mobility: Floats

    def noise(self, size: float) -> Floats:
        return size * self.dice.normal(size=self.engagement.size)

    def share(self, size: float) -> npt.NDArray[np.bool_]:
        """Draw users with a probability of ``size``."""
        return self.dice.random(self.engagement.size) < size


@cache
def make_population(seed: int, aid: int) -> Population:
    """Make up the users of an account; same seed, same users."""
    dice = np.random.default_rng([seed, aid])
    traits = _Traits(dice, *dice.normal(size=(4, USERS.get(aid, USERS[1234]))))
    columns: dict[str, Any] = {}
    columns |= {SCORE_PREFIX + name: column for name, column in _scores(traits).items()}
    columns |= {CONTENT_PREFIX + name: column for name, column in _affinities(traits).items()}
    columns |= _numbers(traits) | _categories(traits)
    return Population(MADE_UP_FIELDS, columns, _members(traits))


def _squash(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))


def _rounded(values: Floats, digits: int = 0) -> Floats:
    return np.asarray(np.round(values, digits), dtype=np.float64)


def _scores(t: _Traits) -> dict[str, Floats]:
    """Return behavioural scores: whole numbers, 0 to 100."""
    hidden = {
        "intensity": 0.9 * t.engagement + t.noise(0.7),
        "frequency": 0.8 * t.engagement + 0.5 * t.loyalty + t.noise(0.6),
        "recency": 0.8 * t.engagement + t.noise(0.8),
        "momentum": 0.5 * t.engagement + t.noise(0.9),
        "propensity": 0.8 * t.loyalty + t.noise(0.8),
        "quantity": 0.7 * t.engagement + 0.3 * t.loyalty + t.noise(0.7),
        "volatility": -0.3 * t.loyalty + t.noise(1.0),
        "consistency": 0.6 * t.loyalty + t.noise(0.9),
        "maturity": t.noise(1.0),
    }
    return {name: _rounded(100 * _squash(values)) for name, values in hidden.items()}


def _affinities(t: _Traits) -> dict[str, Floats]:
    """Return content affinities, 0 to 1; one user in six has read nothing that is classified."""
    hidden = {
        "Baking": 0.7 * t.loyalty + t.noise(0.8),
        "Cooking": 0.5 * t.loyalty + t.noise(0.9),
        "Gardening": -0.6 * t.mobility + t.noise(0.8),
        "Travel": 0.4 * t.engagement - 0.4 * t.thrift + t.noise(0.8),
        "Fitness": 0.4 * t.mobility + t.noise(0.9),
        "Gaming": 0.8 * t.mobility + t.noise(0.7),
        "Fashion": -0.5 * t.thrift + t.noise(0.9),
        "Music": t.noise(1.0),
        "Finance": 0.6 * t.thrift + t.noise(0.8),
        "Parenting": 0.2 * t.loyalty + t.noise(1.0),
        "Movies": t.noise(1.0),
        "News": t.noise(1.0),
    }
    unread = t.share(1 / 6)
    return {
        name: np.where(unread, np.nan, _rounded(_squash(2 * values), 4))
        for name, values in hidden.items()
    }


def _numbers(t: _Traits) -> dict[str, Floats]:
    orders = t.dice.poisson(np.exp(-0.6 + 0.6 * t.loyalty)).astype(float)
    spent = np.exp(3.2 + 0.5 * t.loyalty - 0.3 * t.thrift + t.noise(0.5)) * orders
    return {
        "visit_ct": t.dice.poisson(np.exp(1.2 + 0.6 * t.engagement)).astype(float),
        "order_ct": orders,
        "ltv": np.where(orders > 0, _rounded(spent, 2), np.nan),
        "email_open_rate": _partly(t, 0.65, _rounded(_squash(t.loyalty + t.noise(0.8)), 3)),
        "days_since_last_order": np.where(
            orders > 0, _rounded(np.exp(3.5 - 0.5 * t.engagement + t.noise(0.7))), np.nan
        ),
        "age": _partly(t, 0.6, np.clip(_rounded(42 + t.noise(14)), 18, 90)),
        "session_duration_s": _rounded(np.exp(4 + 0.4 * t.engagement + t.noise(0.6)), 1),
        "cart_value": _partly(t, 0.3, _rounded(np.exp(3.3 + 0.3 * t.loyalty + t.noise(0.6)), 2)),
        "support_tickets": t.dice.poisson(0.4, t.engagement.size).astype(float),
        "page_depth": _rounded(np.exp(1 + 0.3 * t.engagement + t.noise(0.5))),
    }


def _partly(t: _Traits, known: float, values: Floats) -> Floats:
    """Leave a value known for a share of the users only."""
    return np.where(t.share(known), values, np.nan)


CITIES = {
    "Portland": "US", "Seattle": "US", "Austin": "US", "Denver": "US", "Boston": "US",
    "Toronto": "CA", "Vancouver": "CA", "London": "GB", "Leeds": "GB",
    "Berlin": "DE", "Hamburg": "DE", "Lyon": "FR",
}  # fmt: skip


def _categories(t: _Traits) -> dict[str, Texts]:
    city = _choice(t, list(CITIES), 0.4 * t.thrift + t.noise(1.2))
    plan = _choice(t, ["free", "basic", "premium"], 0.8 * t.loyalty + t.noise(0.8))
    known_plan = t.share(0.5)
    return {
        "city": city,
        "country": np.array([CITIES[name] for name in city], dtype=object),
        "device": _choice(t, ["desktop", "tablet", "mobile"], t.mobility + t.noise(0.5)),
        "utm_mediums": _choice(
            t,
            ["cpc", "social", "referral", "organic", "email"],
            0.6 * t.loyalty - 0.4 * t.thrift + t.noise(0.8),
        ),
        "browser": _choice(t, ["chrome", "safari", "firefox", "edge"], t.noise(1)),
        "plan": np.where(known_plan, plan, ""),
        "language": _choice(t, ["en", "de", "fr", "es"], t.noise(1)),
        "gender": np.where(t.share(0.55), _choice(t, ["f", "m", "x"], t.noise(1)), ""),
    }


def _choice(t: _Traits, names: list[str], by: Floats) -> Texts:
    """Cut users into equal groups along a hidden value."""
    ranks = np.argsort(np.argsort(by))
    return np.array(names, dtype=object)[ranks * len(names) // t.engagement.size]


def _members(t: _Traits) -> dict[str, Indices]:
    """Return who is in which segment: those with the highest hidden value."""
    e, loyal, thrift, mobile = t.engagement, t.loyalty, t.thrift, t.mobility
    hidden = {
        "high_value": lambda: 0.9 * loyal + 0.7 * e - 0.3 * thrift + t.noise(0.5),
        "likely_to_churn": lambda: -0.9 * e - 0.5 * loyal + t.noise(0.8),
        "email_openers": lambda: 0.7 * loyal + t.noise(0.9),
        "recent_purchasers": lambda: 0.7 * loyal + 0.6 * e + t.noise(0.8),
        "frequent_visitors": lambda: 1.4 * e + 0.3 * loyal + t.noise(0.3),
        "newsletter_subscribers": lambda: 0.35 * loyal + t.noise(1.0),
        "dormant": lambda: -1.6 * e + t.noise(0.4),
        "mobile_users": lambda: mobile + t.noise(0.4),
    }
    found = {}
    for plan in MADE_UP:
        size = planned_size(plan, e.size) if plan.table == "user" else 0
        by = hidden.get(plan.slug, lambda: t.noise(1.0))()
        found[plan.slug] = np.sort(np.argsort(-by, kind="stable")[:size])
    return found
