"""Times as the API writes them: RFC 3339, with milli- or nanoseconds, Z or an offset."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate

NS = 1_000_000_000
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


DAY_NS = 24 * 60 * 60 * NS
WEEK_NS = 7 * DAY_NS


@dataclass(slots=True)
class Clock:
    """A sandbox's own clock: the machine's, moved on by as much as was asked for.

    Attributes:
        moved_ns: by how much, in nanoseconds.
    """

    moved_ns: int = 0

    def now_ns(self) -> int:
        """Return the time now, in nanoseconds since 1970."""
        return time.time_ns() + self.moved_ns

    @property
    def week(self) -> int:
        """Return how many whole weeks it was moved on by; the machine's time makes no weeks."""
        return self.moved_ns // WEEK_NS


def http_date(at_ns: int) -> str:
    """Write a time as the header ``Date`` has it: ``Fri, 23 Oct 2020 22:46:47 GMT``."""
    return formatdate(at_ns // NS, usegmt=True)


def nanoseconds_with_offset(at_ns: int) -> str:
    """Write a time as the API page does: ``2020-08-10T16:00:00.123456789-07:00``."""
    seconds, rest = divmod(at_ns, NS)
    there = datetime.fromtimestamp(seconds, timezone(timedelta(hours=-7)))
    return f"{there:%Y-%m-%dT%H:%M:%S}.{rest:09d}-07:00"


def milliseconds_z(at_ns: int) -> str:
    """Write a time as in the go-lytics recorded data: ``2020-10-24T00:11:22.842Z``."""
    seconds, rest = divmod(at_ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def nanoseconds_z(at_ns: int) -> str:
    """Write a time in UTC with nanoseconds: ``2020-10-23T22:46:47.022095012Z``."""
    seconds, rest = divmod(at_ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def parse_rfc3339(text: str) -> int:
    """Read a time in any of the forms above.

    Returns:
        Nanoseconds since 1970.

    Raises:
        ValueError: the text has another form.
    """
    found = _RFC3339.fullmatch(text)
    if not found:
        message = f"Expected a time, for example '2020-10-24T00:11:22.842Z', not {text!r}"
        raise ValueError(message)
    day, fraction, zone = found.groups()
    whole = datetime.fromisoformat(day + ("+00:00" if zone == "Z" else zone))
    return int(whole.timestamp()) * NS + int((fraction or "0").ljust(9, "0"))


def is_rfc3339(text: str) -> bool:
    """Say whether a text is a time in any of the forms above."""
    return bool(_RFC3339.fullmatch(text))
