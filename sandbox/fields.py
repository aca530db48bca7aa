"""The fields of a made-up user profile: names, kinds and types, without any data.

Kinds are those of the API page (score, content, lql); types are numeric and categorical.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox import reading
from sandbox.models import Config

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


def chosen_fields(fields: Iterable[FieldPlan], config: Config) -> list[FieldPlan]:
    """Return the fields that a config asks for, in the population's order.

    ``auto_tune`` looks at all of them (Lytics v2 OpenAPI); ``blocked`` always wins; unknown
    names in ``additional`` are passed over (assumption).
    """
    kinds = {"score": config.use_scores, "content": config.use_content, "lql": False}
    return [
        field
        for field in fields
        if (config.auto_tune or kinds[field.kind] or field.name in config.additional)
        and field.name not in config.blocked
    ]


def passed_over(fields: Fields, config: Config) -> list[dict[str, object]]:
    """Return a message for each kind of name in ``additional`` that can't be a feature."""
    usable = {field.name for field in fields.usable}
    told = [
        f"The field {name} isn't used: {fields.withheld[name]}"
        for name in config.additional
        if name in fields.withheld
    ]
    unknown = [n for n in config.additional if n not in usable and n not in fields.withheld]
    if unknown:
        told.append(f"The following fields are in no user profile: {', '.join(unknown)}")
    return [reading.message(text, "warn", "summary", "feature") for text in told]


NO_FEATURES = (
    "no features were selected: set use_scores, use_content or auto_tune, or name known fields "
    "in additional"
)
"""Why a model without features is invalid (the interface asks for one source of features)."""
