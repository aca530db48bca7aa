"""One line of a history. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, get_args

from providers.lytics.domain.live.judging import Part
from providers.lytics.text import harmless

Event = Literal["live", "retrained", "judged", "not live"]
"""In the order in which they are read where several have one time."""
_EVENTS: tuple[str, ...] = get_args(Event)
Json = dict[str, Any]


@dataclass(frozen=True)
class Shortfall:
    """What a live model should have kept and didn't.

    Attributes:
        what: for example `auc` or `drop.reach`.
        wanted: the bound, in words.
        measured: what was found instead, in words.
    """

    what: str
    wanted: str
    measured: str

    def as_dict(self) -> Json:
        """Return it as JSON has it."""
        return {"what": self.what, "wanted": self.wanted, "measured": self.measured}


def shortfalls(parts: Iterable[Part]) -> tuple[Shortfall, ...]:
    """Return the parts that didn't pass."""
    return tuple(Shortfall(p.number, p.wanted, p.measured) for p in parts if not p.passed)


@dataclass(frozen=True)
class Record:
    """Something that happened to a model, as it was seen.

    Attributes:
        at: when it was seen, RFC 3339 in UTC, to the second.
        key: the declaration's key.
        id: the model.
        name: its name in Lytics.
        event: `live` and `not live` begin and end a time; `retrained` is a new training of a live
            model; `judged` is a look that found something else than the one before.
        scores: auc, accuracy, reach and so on, those that are known.
        verdict: what fell short; None if nothing was judged.
        updated: the model's `updated`, by which a later look knows whether to ask again.
        health: what its summary calls its health.
        bounds: the bound of each number then.
        held_out: TP, FP, TN and FN, counts of held-out users.
    """

    at: str
    key: str
    id: str
    name: str
    event: Event
    scores: Mapping[str, float] = field(default_factory=dict)
    verdict: tuple[Shortfall, ...] | None = None
    updated: str = ""
    health: str = ""
    bounds: Mapping[str, float] = field(default_factory=dict)
    held_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Sort key: by time, then as events follow each other."""
        return (self.at, _EVENTS.index(self.event), self.key, self.id)

    def as_dict(self) -> Json:
        """Return it as a line has it."""
        verdict = None
        if self.verdict is not None:
            fell_short = [one.as_dict() for one in self.verdict]
            verdict = {"passed": not fell_short, "fell_short": fell_short}
        more = {
            "updated": self.updated,
            "health": self.health,
            "bounds": dict(self.bounds),
            "held_out": dict(self.held_out),
        }
        return {
            **{name: getattr(self, name) for name in ("at", "key", "id", "name", "event")},
            "scores": dict(self.scores),
            "verdict": verdict,
            **{name: value for name, value in more.items() if value},
        }


def as_lines(records: Iterable[Record]) -> str:
    """Return records as lines, each ended; texts of others hold no control characters."""
    lines = (json.dumps(record.as_dict(), ensure_ascii=True) for record in records)
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Read:
    """What a history holds.

    Attributes:
        records: in order of time, each once.
        unreadable: how many lines could not be read: half a write, or marks of a merge.
    """

    records: tuple[Record, ...] = ()
    unreadable: int = 0


def read_lines(lines: Iterable[str]) -> Read:
    """Return the records of some lines, sorted by time, each once.

    Two branches that both appended are merged by keeping the lines of both.
    """
    found: list[Record] = []
    unreadable = 0
    for line in dict.fromkeys(lines):
        if not line.strip():
            continue
        record = _record(line)
        if record is None:
            unreadable += 1
        else:
            found.append(record)
    return Read(tuple(sorted(found, key=lambda record: record.order)), unreadable)


def _record(line: str) -> Record | None:
    try:
        return _read(json.loads(line))
    except (ValueError, RecursionError, OverflowError):  # the last: a number of 400 digits
        return None


def _read(data: object) -> Record | None:
    if not isinstance(data, dict) or data.get("event") not in _EVENTS:
        return None
    if not {str}.issuperset([type(data.get(name)) for name in ("at", "key", "id", "name")]):
        return None
    return Record(
        at=data["at"],
        key=data["key"],
        id=data["id"],
        name=harmless(data["name"]),
        event=data["event"],
        scores=_numbers(data.get("scores")),
        verdict=_verdict(data.get("verdict")),
        updated=_text(data.get("updated")),
        health=_text(data.get("health")),
        bounds=_numbers(data.get("bounds")),
        held_out=_counts(data.get("held_out")),
    )


def _text(value: object) -> str:
    return harmless(value) if isinstance(value, str) else ""


_NUMBERS = {int, float}


def _numbers(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    # Nearly always all are numbers, and five years of nights are to be read in a second.
    if _NUMBERS.issuperset(map(type, value.values())) and isfinite(sum(value.values())):
        return value
    return {
        str(name): inner
        for name, inner in value.items()
        if isinstance(inner, int | float) and isfinite(inner)
    }


def _counts(value: object) -> dict[str, int]:
    return {name: int(count) for name, count in _numbers(value).items()} if value else {}


def _verdict(value: object) -> tuple[Shortfall, ...] | None:
    if not isinstance(value, Mapping):
        return None
    told = value.get("fell_short")
    if not told:
        return ()
    listed: Sequence[Any] = told if isinstance(told, list) else []
    return tuple(
        Shortfall(*(_text(one.get(name)) for name in ("what", "wanted", "measured")))
        for one in listed
        if isinstance(one, Mapping)
    )
