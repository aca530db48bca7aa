"""A stack's past on a terminal, and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.models.table import shown_number
from cli.screen.terminal import can_show, count, text
from providers.lytics.domain.live.watch import moment
from providers.lytics.history.timeline import Past, Period, Timeline

MAIN = ("auc", "accuracy", "reach")
SPARKS = "▁▂▃▄▅▆▇█"
MOST_SPARKS = 40


def as_screen(timeline: Timeline, keys: Sequence[str], now: datetime) -> RenderableType:
    """Return the past of some declarations for a terminal."""
    parts: list[RenderableType] = []
    for key in keys:
        past = timeline.keys[key]
        trained = sum(record.event == "retrained" for record in past.records)
        more = f"  trained anew {count(trained, 'time')}" if trained else ""
        parts += [Text(), text(key, "bold").append(more, "not bold dim"), _periods(past, now)]
        parts += [line for name in MAIN if (line := _sparkline(past, name)) is not None]
    return Group(*parts[1:])


def _periods(past: Past, now: datetime) -> RenderableType:
    if not past.periods:
        return text("never live")
    shown = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("live from", "to", "for", "model", "went live with"):
        shown.add_column(heading, overflow="fold")
    for one in past.periods:
        numbers = ", ".join(f"{n} {shown_number(one.scores[n])}" for n in MAIN if n in one.scores)
        shown.add_row(
            text(one.begin),
            text(one.end or "now", "" if one.end else "green"),
            text(_length(one, now)),
            text(one.id),
            text(numbers),
        )
    return shown


def _length(period: Period, now: datetime) -> str:
    begin, end = moment(period.begin), moment(period.end) if period.end else now
    return "" if begin is None or end is None else count((end - begin).days, "day")


def _sparkline(past: Past, name: str) -> Text | None:
    values = [r.scores[name] for r in past.records if name in r.scores and r.event != "not live"]
    if not values:
        return None
    kept = values[-MOST_SPARKS:]
    ends = f"{shown_number(kept[0])} → {shown_number(kept[-1])}"
    drawn = f"  {sparks(kept)}" if len(kept) > 1 and can_show(SPARKS) else ""
    return text(f"{name:<9}{ends if len(kept) > 1 else shown_number(kept[0])}{drawn}")


def sparks(values: Sequence[float]) -> str:
    """Return numbers as bars of text, the lowest one lowest."""
    low, high = min(values), max(values)
    top = len(SPARKS) - 1
    step = (high - low) / top or 1.0
    return "".join(SPARKS[round((value - low) / step)] for value in values)


def as_json(stack: str, timeline: Timeline, keys: Sequence[str]) -> dict[str, Any]:
    """Return the past of some declarations as JSON."""
    return {
        "stack": stack,
        "models": [
            {
                "key": key,
                "live": [_period(one) for one in timeline.keys[key].periods],
                "records": [record.as_dict() for record in timeline.keys[key].records],
            }
            for key in keys
        ],
    }


def _period(period: Period) -> dict[str, Any]:
    return {
        "id": period.id,
        "name": period.name,
        "from": period.begin,
        "to": period.end,
        "scores": dict(period.scores),
    }


def since(timeline: Timeline, begin: str) -> Timeline:
    """Return a past from a time on: what was live then, and all that was seen since.

    Args:
        timeline: all of it.
        begin: RFC 3339 in UTC.
    """
    kept = Timeline()
    for key, past in timeline.keys.items():
        records = [record for record in past.records if record.at >= begin]
        periods = [one for one in past.periods if one.end is None or one.end >= begin]
        if records or periods:
            kept.keys[key] = Past(periods, records)
    return kept
