"""What the fields of a declaration hold, and what a change of a field does.

Names, ids, durations and policies, each with a pattern for editors and a sentence for a mistake.
"""

import re
from enum import Enum
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from providers.lytics.domain.identity import FORBIDDEN_IN_NAMES


class FieldClass(Enum):
    """What the provider does when a field's value changes."""

    REPLACES = "trains a new model and retires the old one"
    IN_PLACE = "one write to the API, same model"
    STATE_ONLY = "no write, the state remembers it"
    NEVER = "no difference"


def class_of(shape: type[BaseModel], name: str) -> FieldClass:
    """Return what a change of a field does, as its annotation says."""
    return next(mark for mark in shape.model_fields[name].metadata if isinstance(mark, FieldClass))


def _name(value: str) -> str:
    found = sorted({character for character in value if character in FORBIDDEN_IN_NAMES})
    if found:
        what = f"a name can't hold {' '.join(found)} (Lytics uses it as a key); leave it out"
        raise ValueError(what)
    if not value.strip() or not value.isprintable():
        what = "a name needs at least one visible character, and no control characters"
        raise ValueError(what)
    return value


HEX_ID = re.compile(r"^[0-9a-f]{32}\Z")


def _own_id(value: str) -> str:
    if not HEX_ID.match(value.lower()):
        what = "expected an id of 32 hex digits, for example cf21ba3ceb194961b964358ee92ec4a9"
        raise ValueError(what)
    return value


def _hex_id(value: str) -> str:
    return _own_id(value).lower()


def _segment(value: str) -> str:
    if not value.strip() or not value.isprintable():
        what = "expected a name from segments, a segment's slug or its 32-hex id"
        raise ValueError(what)
    return value.lower() if HEX_ID.match(value.lower()) else value


# The patterns are for editors; the functions say more when something is wrong.
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": r"^(?=.*\S)[^.;/\\]+$"}),
    AfterValidator(_name),
]
HexId = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": "^[0-9a-fA-F]{32}$",
            "examples": ["cf21ba3ceb194961b964358ee92ec4a9"],
        }
    ),
    AfterValidator(_hex_id),
]
OwnId = Annotated[str, AfterValidator(_own_id)]
"""The id of a model of this stack, as the API spells it: that is how it is found again."""

SegmentRef = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra={
            "pattern": r"\S",
            "examples": ["all_users", "cf21ba3ceb194961b964358ee92ec4a9"],
        },
    ),
    AfterValidator(_segment),
]
FieldName = Annotated[str, Field(min_length=1, max_length=500)]
OnDelete = Literal["deactivate", "hide", "delete", "retain", "delete_even_if_used"]
EVEN_IF_USED: Literal["delete_even_if_used"] = "delete_even_if_used"
"""What `on_delete: {delete: even_if_used}` is, wherever it is kept."""


def kept_on_delete(value: object) -> object:
    """Return `on_delete` as the state keeps it, in one word; a wrong value stays as it is."""
    return EVEN_IF_USED if value == {"delete": "even_if_used"} else value


def _on_delete(value: object) -> object:
    """Refuse what `on_delete` can't be, in the words of a declaration."""
    if value not in get_args(OnDelete):
        got = f", got {value}" if isinstance(value, str) else ""
        what = f"expected {', '.join(_POLICIES)} or {{delete: even_if_used}}{got}"
        raise ValueError(what)
    return value


def _declared_on_delete(value: object) -> object:
    # In a file it is written as a mapping.
    return _on_delete({} if value == EVEN_IF_USED else kept_on_delete(value))


_POLICIES = [policy for policy in get_args(OnDelete) if policy != EVEN_IF_USED]
KeptOnDelete = Annotated[OnDelete, BeforeValidator(_on_delete)]
DeclaredOnDelete = Annotated[
    OnDelete,
    BeforeValidator(_declared_on_delete),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": _POLICIES},
                {
                    "type": "object",
                    "properties": {"delete": {"const": "even_if_used"}},
                    "required": ["delete"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def policy_of(on_delete: object) -> str:
    """Return how a model leaves, by what a state or a declaration keeps of `on_delete`."""
    return "delete" if on_delete == EVEN_IF_USED else str(on_delete or "deactivate")


_DURATION = re.compile(r"^([1-9]\d{0,6})(s|m|h|d)\Z")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: str) -> str:
    if not _DURATION.match(value):
        what = "expected a duration, for example 90s, 30m, 4h or 1d"
        raise ValueError(what)
    return value


def duration_s(value: str) -> int:
    """Return the seconds in a duration such as `30m`."""
    return int(value[:-1]) * _UNIT_S[value[-1]]


Duration = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": "^[1-9][0-9]{0,6}[smhd]$",
            "examples": ["90s", "30m", "4h", "1d"],
        }
    ),
    AfterValidator(_duration),
]
