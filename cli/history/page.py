"""A stack's past as a page: a chart per score over time, what was live when, and every number."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cli.history.chart import chart, tones_of
from cli.models.table import shown_number
from cli.screen.page import code, page, text, wide_table
from providers.lytics.domain.live.judging import SCORES
from providers.lytics.history.record import Record
from providers.lytics.history.store import stamp
from providers.lytics.history.timeline import Past, Timeline

if TYPE_CHECKING:
    from cli.watch.watching import Watching

MOST_ROWS = 200
MAIN = ("auc", "accuracy", "reach")


def history_page(
    stack: str,
    timeline: Timeline,
    at: datetime,
    watching: "Watching | None" = None,
    keys: Sequence[str] | None = None,
) -> str:
    """Return a stack's past as a page.

    Args:
        stack: its name.
        timeline: its history.
        at: until when.
        watching: how the live models do today, where that was asked.
        keys: the declarations to show; None is all.
    """
    shown = [key for key in (keys if keys is not None else timeline.keys) if key in timeline.keys]
    body = [*_head(stack, timeline, at, watching), *_overview(timeline, shown)]
    for place, key in enumerate(shown):
        body += _key(place, key, timeline.keys[key], at)
    return page(f"Models of {stack} over time", body)


def _head(
    stack: str, timeline: Timeline, at: datetime, watching: "Watching | None"
) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>Stack {code(stack)} over time</h1>"
    said = watching.summary if watching else f"{len(timeline.live_ids())} models live"
    yield f'<p class="summary">{text(said)}, as of {stamp(at)}</p>'
    yield "</header>"
    for one in watching.short if watching else ():
        for short in one.fell_short:
            yield (
                f'<p class="refused" role="alert"><strong>{code(one.subject.key)} fell short.'
                f"</strong> {text(short.what)}: wanted {text(short.wanted)}, "
                f"measured {text(short.measured)}</p>"
            )
    if not timeline.keys:
        yield '<p class="note">Nothing has been seen yet. lytics-ml watch looks.</p>'


def _overview(timeline: Timeline, keys: Sequence[str]) -> list[str]:
    if not keys:
        return []
    rows = []
    for place, key in enumerate(keys):
        past = timeline.keys[key]
        live = [one for one in past.periods if one.end is None]
        since = "<br>".join(f"{text(one.begin[:10])} {code(one.id[:8])}" for one in live) or "no"
        trained = sum(record.event == "retrained" for record in past.records)
        numbers = _scores(timeline.last(live[-1].id)) if live else ""
        link = f'<a href="#model-{place}">{text(key, 60)}</a>'
        rows.append((link, since, numbers, str(len(past.periods)), str(trained)))
    headings = ("model", "live since", "scores", "times live", "trained anew")
    return wide_table("All models", headings, rows)


def _scores(record: Record | None) -> str:
    scores = record.scores if record else {}
    return text(", ".join(f"{n} {shown_number(scores[n])}" for n in MAIN if n in scores))


def _key(place: int, key: str, past: Past, at: datetime) -> Iterator[str]:
    yield f'<section id="model-{place}"><h2>{text(key, 100)}</h2>'
    charts = [line for name in SCORES for line in chart(key, name, past, at)]
    if charts:
        yield '<p class="key"><span class="swatch band-key"></span> live '
        yield '<span class="swatch bound-key"></span> what it has to keep</p>'
        yield '<div class="charts">'
        yield from charts
        yield "</div>"
    yield from _periods(past)
    yield from _numbers(past)
    yield "</section>"


def _periods(past: Past) -> list[str]:
    tones = tones_of(past)
    rows = [
        (
            f'<span class="swatch tone{tones.get(one.id, 0)}"></span> {code(one.id)}',
            text(one.begin),
            text(one.end or "still live"),
            text(", ".join(f"{n} {shown_number(v)}" for n, v in one.scores.items() if n in MAIN)),
        )
        for one in reversed(past.periods)
    ]
    headings = ("model", "from", "to", "went live with")
    return wide_table("What was live, the newest first", headings, rows) if rows else []


def _numbers(past: Past) -> Iterator[str]:
    newest = list(reversed(past.records))
    names = [name for name in SCORES if any(name in record.scores for record in newest)]
    rows = [
        (
            text(record.at),
            text(record.event),
            code(record.id[:8]),
            *(shown_number(record.scores[n]) if n in record.scores else "" for n in names),
            text("; ".join(f"{s.what} {s.measured}" for s in record.verdict or ())),
        )
        for record in newest[:MOST_ROWS]
    ]
    yield "<details><summary>Every number, the newest first</summary>"
    yield from wide_table("Numbers", ("at", "event", "model", *names, "fell short"), rows)
    if len(newest) > MOST_ROWS:
        yield f"<p>and {len(newest) - MOST_ROWS} more; lytics-ml history --json has them all</p>"
    yield "</details>"
