"""What a history comes to: what was live from when to when, and what is to be added. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from providers.lytics.domain.live.judging import Part
from providers.lytics.history.record import Event, Record, shortfalls


@dataclass(frozen=True)
class Period:
    """A time during which a model was live.

    Attributes:
        key: the declaration's key.
        id: the model.
        name: its name in Lytics.
        begin: when it was first seen live.
        end: when it was first seen not to be; None while it is live.
        scores: what it scored when it went live.
    """

    key: str
    id: str
    name: str
    begin: str
    end: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Past:
    """The past of one declaration.

    Attributes:
        periods: when which model was live, in order.
        records: all that was seen, in order.
    """

    periods: list[Period] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


class Timeline:
    """A history, read once.

    Args:
        records: in order of time.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.keys: dict[str, Past] = {}
        self._open: dict[str, Period] = {}
        self._last: dict[str, Record] = {}
        for record in records:
            self._add(record)

    def _add(self, record: Record) -> None:
        past = self.keys.setdefault(record.key, Past())
        past.records.append(record)
        if record.event == "not live":
            self._end(record.id, record.at)
        elif record.event == "live":
            self._begin(record)
        self._last[record.id] = _joined(self._last.get(record.id), record)

    def _begin(self, record: Record) -> None:
        known = self._open.get(record.id)
        if known is not None and known.key == record.key:
            return
        scores = known.scores if known is not None else record.scores
        self._end(record.id, record.at)
        period = Period(record.key, record.id, record.name, record.at, scores=scores)
        self._open[record.id] = period
        self.keys[record.key].periods.append(period)

    def _end(self, model_id: str, at: str) -> None:
        period = self._open.pop(model_id, None)
        if period is not None:
            periods = self.keys[period.key].periods
            periods[periods.index(period)] = replace(period, end=at)

    def live(self, model_id: str) -> Period | None:
        """Return since when a model is live, None if it isn't."""
        return self._open.get(model_id)

    def live_ids(self, key: str | None = None) -> list[str]:
        """Return the ids of the models that are live, of a key or of all."""
        return [i for i, one in self._open.items() if key is None or one.key == key]

    def last(self, model_id: str) -> Record | None:
        """Return the newest that is known of a model: numbers and verdict of the last look."""
        return self._last.get(model_id)

    def at(self, key: str, moment: str) -> Record | None:
        """Return what is known of the model of a key that was live at a time.

        Args:
            key: the declaration's key.
            moment: RFC 3339 in UTC, or the beginning of one: a date means its end.

        Returns:
            The newest record of that model until then, with numbers; None if nothing was live.
        """
        past = self.keys.get(key, Past())
        until = f"{moment}~"  # Sorts after every time that begins so.
        live = [p for p in past.periods if p.begin <= until and (p.end is None or p.end > until)]
        if not live:
            return None
        found: Record | None = None
        for record in past.records:
            if record.id == live[-1].id and record.at <= until:
                found = _joined(found, record)
        return found


def _joined(before: Record | None, record: Record) -> Record:
    """Return a record; what it lacks is taken from the model's record before it."""
    if before is None:
        return record
    if record.scores and record.bounds and record.verdict is not None:
        return record
    numbers = record if record.scores else before
    return replace(
        record,
        scores=numbers.scores,
        updated=record.updated if record.scores else before.updated,
        health=numbers.health,
        bounds=record.bounds or before.bounds,
        held_out=record.held_out if record.scores else before.held_out,
        verdict=record.verdict if record.verdict is not None else before.verdict,
    )


@dataclass(frozen=True)
class Seen:
    """What one look shows of a model.

    Attributes:
        key: the declaration's key.
        id: the model.
        name: its name in Lytics.
        live: whether it is live.
        scores: its numbers; empty where they weren't asked for.
        went_live_with: what it scored when it went live, where that is known from elsewhere.
        parts: how it was judged; None if it wasn't.
        updated: its `updated`.
        health: what its summary calls its health.
        bounds: the bound of each number.
        held_out: counts of held-out users.
    """

    key: str
    id: str
    name: str
    live: bool
    scores: Mapping[str, float] = field(default_factory=dict)
    went_live_with: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[Part, ...] | None = None
    updated: str = ""
    health: str = ""
    bounds: Mapping[str, float] = field(default_factory=dict)
    held_out: Mapping[str, int] = field(default_factory=dict)


def news(timeline: Timeline, seen: Iterable[Seen], at: str) -> list[Record]:
    """Return what a look has to add to a history; nothing where all is as it was.

    Args:
        timeline: the history so far.
        seen: what the look shows.
        at: when it was, RFC 3339 in UTC.
    """
    return [record for one in seen for record in _news_of(timeline, one, at)]


def _news_of(timeline: Timeline, seen: Seen, at: str) -> Iterator[Record]:
    event = _event(timeline, seen)
    if event == "live" and seen.went_live_with and seen.scores:
        # It went live before this history knew of it, with other numbers than today's.
        yield replace(_record(seen, "live", at), scores=seen.went_live_with, verdict=None)
        if _differ(seen.scores, seen.went_live_with):
            yield _record(seen, "retrained", at)
            return
        event = "judged"
    if event is not None:
        yield _record(seen, event, at)


def _event(timeline: Timeline, seen: Seen) -> Event | None:
    known, last = timeline.live(seen.id), timeline.last(seen.id)
    if seen.live and (known is None or known.key != seen.key):
        return "live"
    if not seen.live and known is not None:
        return "not live"
    if seen.scores and (last is None or (seen.updated and seen.updated != last.updated)):
        is_new = last is not None and bool(last.scores) and _differ(seen.scores, last.scores)
        return "retrained" if seen.live and is_new else "judged"
    if seen.parts is not None and (last is None or _fell_short(seen) != said_of(last)):
        return "judged"
    return None


def _differ(scores: Mapping[str, float], others: Mapping[str, float]) -> bool:
    return any(others[name] != value for name, value in scores.items() if name in others)


def _fell_short(seen: Seen) -> list[tuple[str, str]]:
    return [(one.what, one.wanted) for one in shortfalls(seen.parts or ())]


def said_of(record: Record) -> list[tuple[str, str]]:
    """Return what there is to say of a model: what falls short, not by how much.

    With the numbers in it, a model whose scores sink a little each week would be news each night.
    """
    return [(one.what, one.wanted) for one in record.verdict or ()]


def _record(seen: Seen, event: Event, at: str) -> Record:
    return Record(
        at=at,
        key=seen.key,
        id=seen.id,
        name=seen.name,
        event=event,
        scores=dict(seen.scores),
        verdict=shortfalls(seen.parts) if seen.parts is not None else None,
        updated=seen.updated,
        health=seen.health,
        bounds=dict(seen.bounds),
        held_out=dict(seen.held_out),
    )
