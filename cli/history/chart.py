"""A chart of one score over time: a line a model, live periods as bands, the bound as a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from cli.screen.page import text
from providers.lytics.domain.live.watch import moment
from providers.lytics.history.timeline import Past, Period

WIDTH, HEIGHT = 340, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 22, 22
_PLOT_WIDTH, _PLOT_HEIGHT = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
TONES = 4
"""Colours of models, in turn; the newest model always differs from the one before it."""
_LONGEST_ID = 8
_BAND_LABEL_WIDTH = 60


@dataclass(frozen=True)
class Point:
    """One number as it was seen.

    Attributes:
        at: when.
        value: the number.
        bound: its bound then, None if it had none.
        model_id: the model.
        what: what had happened.
    """

    at: datetime
    value: float
    bound: float | None
    model_id: str
    what: str


def points_of(past: Past, name: str) -> list[Point]:
    """Return one score of a declaration's models, in order of time."""
    found = []
    for record in past.records:
        at = moment(record.at)
        if at is not None and name in record.scores and record.event != "not live":
            bound = record.bounds.get(name)
            found.append(Point(at, record.scores[name], bound, record.id, record.event))
    return found


class _Scale:
    """Where times and values are in the plot."""

    def __init__(self, points: Sequence[Point], begin: datetime, end: datetime) -> None:
        values = [one.value for one in points] + [o.bound for o in points if o.bound is not None]
        low, high = min(values), max(values)
        pad = (high - low) * 0.12 or max(abs(high) * 0.1, 0.01)
        self.low, self.high = low - pad, high + pad
        self._begin = begin
        self._span_s = max(1.0, (end - begin).total_seconds())

    def x(self, at: datetime) -> float:
        share = (at - self._begin).total_seconds() / self._span_s
        return _LEFT + _PLOT_WIDTH * min(1.0, max(0.0, share))

    def y(self, value: float) -> float:
        return _TOP + _PLOT_HEIGHT * (1 - (value - self.low) / (self.high - self.low))


def chart(key: str, name: str, past: Past, end: datetime) -> Iterator[str]:
    """Yield one score of one declaration over time, nothing where it has none.

    Args:
        key: the declaration's key.
        name: the score.
        past: what was seen.
        end: where the time ends: now.
    """
    points = points_of(past, name)
    if not points:
        return
    scale = _Scale(points, points[0].at, max(end, points[-1].at))
    tones = tones_of(past)
    label = _described(key, name, points)
    yield f"<figure class='over-time'><figcaption>{text(name)}</figcaption>"
    yield f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(label)}">'
    yield from _bands(past, scale, tones, end)
    yield from _axes(scale, points[0].at, max(end, points[-1].at))
    yield from _bound(points, scale)
    for period in past.periods:
        yield from _line(period, points, scale, tones.get(period.id, 0), end)
    for model_id, tone in tones.items():
        yield from _dots([one for one in points if one.model_id == model_id], scale, tone)
    yield "</svg></figure>"


def tones_of(past: Past) -> dict[str, int]:
    """Return a colour's number for each model of a declaration, in order of time."""
    ids = dict.fromkeys(record.id for record in past.records)
    return {model_id: place % TONES for place, model_id in enumerate(ids)}


def _described(key: str, name: str, points: Sequence[Point]) -> str:
    first, last = points[0], points[-1]
    bound = "" if last.bound is None else f", bound {last.bound:.4g}"
    return (
        f"{name} of {key}: {first.value:.4g} on {first.at:%Y-%m-%d}, "
        f"{last.value:.4g} on {last.at:%Y-%m-%d}{bound}"
    )


def _bands(past: Past, scale: _Scale, tones: dict[str, int], end: datetime) -> Iterator[str]:
    for period in past.periods:
        begin, until = moment(period.begin), moment(period.end) if period.end else end
        if begin is None or until is None:
            continue
        left, right = scale.x(begin), scale.x(max(begin, until))
        title = f"{period.id} live from {period.begin} to {period.end or 'now'}"
        tone = tones.get(period.id, 0)
        yield (
            f'<g><title>{text(title)}</title><rect class="band tone{tone}" x="{left:.1f}" '
            f'y="{_TOP}" width="{max(1.0, right - left):.1f}" height="{_PLOT_HEIGHT}"/>'
        )
        if right - left >= _BAND_LABEL_WIDTH:
            short = escape(period.id[:_LONGEST_ID])
            yield f'<text class="band-label" x="{left + 3:.1f}" y="{_TOP - 6}">{short}</text>'
        yield "</g>"


def _axes(scale: _Scale, begin: datetime, end: datetime) -> Iterator[str]:
    bottom, right = _TOP + _PLOT_HEIGHT, _LEFT + _PLOT_WIDTH
    for value in (scale.low, (scale.low + scale.high) / 2, scale.high):
        y = scale.y(value)
        yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
        yield f'<text class="label" x="{_LEFT - 5}" y="{y + 4:.1f}">{value:.3g}</text>'
    yield f'<text class="from" x="{_LEFT}" y="{bottom + 16}">{begin:%Y-%m-%d}</text>'
    yield f'<text class="to" x="{right}" y="{bottom + 16}">{end:%Y-%m-%d}</text>'


def _bound(points: Sequence[Point], scale: _Scale) -> Iterator[str]:
    """Yield the bound as steps: each holds until the next look."""
    steps: dict[str, None] = {}
    ends = [scale.x(one.at) for one in points[1:]] + [float(_LEFT + _PLOT_WIDTH)]
    for point, end in zip(points, ends, strict=True):
        if point.bound is not None:
            steps[f"M{scale.x(point.at):.1f} {scale.y(point.bound):.1f}H{end:.1f}"] = None
    if steps:
        yield f'<path class="bound" d="{"".join(steps)}"/>'


def _line(
    period: Period, points: Sequence[Point], scale: _Scale, tone: int, end: datetime
) -> Iterator[str]:
    """Yield the line of a model while it is live; the last number holds until the period's end."""
    begin, until = moment(period.begin), moment(period.end) if period.end else end
    if begin is None or until is None:
        return
    own = [one for one in points if one.model_id == period.id and begin <= one.at <= until]
    if own:
        places = [f"{scale.x(one.at):.1f} {scale.y(one.value):.1f}" for one in _shown(own, scale)]
        path = f"M{'L'.join(places)}H{scale.x(until):.1f}"
        yield f'<path class="line tone{tone}" d="{path}"/>'


def _dots(points: Sequence[Point], scale: _Scale, tone: int) -> Iterator[str]:
    for one in _shown(points, scale):
        title = f"{one.at:%Y-%m-%d}: {one.value:.4g}, {one.what}, {one.model_id[:_LONGEST_ID]}"
        yield (
            f'<circle class="dot tone{tone}" cx="{scale.x(one.at):.1f}" '
            f'cy="{scale.y(one.value):.1f}" r="2.5"><title>{text(title)}</title></circle>'
        )


def _shown(points: Sequence[Point], scale: _Scale) -> list[Point]:
    """Return the points that can be seen: the first, and the last of each column of the drawing."""
    columns = {round(scale.x(one.at)): one for one in points}
    return list(dict.fromkeys([*points[:1], *columns.values()]))
