"""The fields of a made-up user profile: names, kinds and types, without any data.

Kinds are those of the API page (score, content, lql); types are numeric and categorical.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SCORE_PREFIX = "score_"
CONTENT_PREFIX = "lytics_content::"


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """A field's name and type; its kind follows from its name."""

    name: str
    type: str = "numeric"

    @property
    def kind(self) -> str:
        """``score``, ``content`` or ``lql``, told by the prefix."""
        if self.name.startswith(SCORE_PREFIX):
            return "score"
        return "content" if self.name.startswith(CONTENT_PREFIX) else "lql"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of user profiles.

    Attributes:
        usable: those that can be features.
        withheld: by the name of a column of one's own that can't be one, why.
    """

    usable: tuple[FieldPlan, ...]
    withheld: Mapping[str, str] = field(default_factory=dict)


_SCORES = "intensity frequency recency momentum propensity quantity volatility consistency maturity"
_TOPICS = (
    "Baking Cooking Gardening Travel Fitness Gaming Fashion Music Finance Parenting Movies News"
)
_NUMBERS = (
    "visit_ct order_ct ltv email_open_rate days_since_last_order age session_duration_s "
    "cart_value support_tickets page_depth"
)
_CATEGORIES = "city country device utm_mediums browser plan language gender"

MADE_UP_FIELDS = (
    *(FieldPlan(SCORE_PREFIX + name) for name in _SCORES.split()),
    *(FieldPlan(CONTENT_PREFIX + name) for name in _TOPICS.split()),
    *(FieldPlan(name) for name in _NUMBERS.split()),
    *(FieldPlan(name, "categorical") for name in _CATEGORIES.split()),
)
