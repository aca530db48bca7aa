"""Durations as people write them: `90s`, `30m`, `4h`, `10d`."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

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
