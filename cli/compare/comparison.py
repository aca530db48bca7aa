"""Models side by side, as a value: before any markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.compare.margins import Margin, margins
from cli.models.rows import SCORES, Row, fitness_band
from cli.models.table import shown_number
from cli.watch.watching import held_out_of
from providers.lytics.domain.live.judging import number
from providers.lytics.history.record import Record

NUMBERS = ("auc", "accuracy", "reach", "fitness", "rsq", "mse", "threshold", "audience_similarity")
BETTER_HIGH = {"auc", "accuracy", "reach", "fitness", "rsq"}
BETTER_LOW = {"mse"}
COUNTS = {
    "tp": "target users found",
    "fn": "target users missed",
    "fp": "others taken for target users",
    "tn": "others left out",
}
MOST_FEATURES = 30
LEAST_SHARE = 0.0005
"""Importance from which a feature counts as used, of 1 or of 100 alike."""


@dataclass(frozen=True)
class Contender:
    """One of the models that are compared.

    Attributes:
        title: what it is called here: what was asked for.
        id: the model.
        name: its name in Lytics.
        state: in words: live since, trained, not live.
        scores: its numbers by name.
        counts: held-out users: tp, fp, tn, fn.
        features: importance by name; None where that isn't known.
        health: what its summary calls its health.
    """

    title: str
    id: str
    name: str
    state: str
    scores: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    features: Mapping[str, float] | None = None
    health: str = ""


def of_row(row: Row, title: str) -> Contender:
    """Return a model of today."""
    summary = row.summary
    scores = (
        {} if summary is None else {n: v for n in NUMBERS if (v := _number(row, n)) is not None}
    )
    features = summary.features if summary is not None else None
    return Contender(
        title,
        row.id,
        row.name,
        ("live" if row.live else "not live") if row.state == "complete" else row.state,
        scores,
        held_out_of(summary.scores.error_matrix) if summary is not None else {},
        None if features is None else {f.name: f.importance or 0.0 for f in features},
        row.health,
    )


def _number(row: Row, name: str) -> float | None:
    return number(row.summary, name) if row.summary is not None else None


def of_record(record: Record, title: str) -> Contender:
    """Return a model as the history has it; that keeps no features."""
    scores = {name: value for name, value in record.scores.items() if name in SCORES}
    if {"accuracy", "reach"} <= set(scores):
        scores["fitness"] = scores["accuracy"] + scores["reach"]
    state = f"live then, seen {record.at}"
    health = record.health
    return Contender(title, record.id, record.name, state, scores, record.held_out, None, health)


@dataclass(frozen=True)
class Line:
    """One number of every model.

    Attributes:
        name: what it is.
        cells: its value of each model in words, "-" where it has none.
        best: which models are best; none where better can't be said, or all are the same.
    """

    name: str
    cells: tuple[str, ...]
    best: frozenset[int] = frozenset()


def number_lines(contenders: Sequence[Contender]) -> list[Line]:
    """Return the scores side by side, fitness with its band."""
    lines = []
    for name in NUMBERS:
        values = [one.scores.get(name) for one in contenders]
        if all(value is None for value in values):
            continue
        cells = tuple("-" if value is None else _cell(name, value) for value in values)
        lines.append(Line(name, cells, _best(name, values)))
    lines.append(Line("health", tuple(one.health or "-" for one in contenders)))
    return lines


def _cell(name: str, value: float) -> str:
    band = f" ({fitness_band(value)})" if name == "fitness" else ""
    return f"{shown_number(value)}{band}"


def _best(name: str, values: Sequence[float | None]) -> frozenset[int]:
    known = [value for value in values if value is not None]
    if name not in BETTER_HIGH | BETTER_LOW or len(set(known)) < 2:  # noqa: PLR2004 - two differ
        return frozenset()
    top = min(known) if name in BETTER_LOW else max(known)
    return frozenset(place for place, value in enumerate(values) if value == top)


def count_lines(contenders: Sequence[Contender]) -> list[Line]:
    """Return the held-out users side by side."""
    if not any(one.counts for one in contenders):
        return []
    return [
        Line(words, tuple(str(one.counts.get(name, "-")) for one in contenders))
        for name, words in COUNTS.items()
    ]


@dataclass(frozen=True)
class FeatureLine:
    """One feature of every model.

    Attributes:
        name: the field or score.
        importance: of each model; None where the model doesn't use it, or that isn't known.
        change: `gained`, `vanished`, or "": between the first model and the last.
    """

    name: str
    importance: tuple[float | None, ...]
    change: str = ""


def feature_lines(contenders: Sequence[Contender]) -> list[FeatureLine]:
    """Return all features, the most important first, with what gained or vanished."""
    used = [_used(one.features) for one in contenders]
    names = {name for features in used for name in features}
    lines = [
        FeatureLine(name, tuple(features.get(name) for features in used), _change(name, contenders))
        for name in names
    ]
    return sorted(lines, key=lambda o: (-max(v or 0.0 for v in o.importance), o.name))


def _used(features: Mapping[str, float] | None) -> dict[str, float]:
    return {name: v for name, v in (features or {}).items() if v >= LEAST_SHARE}


def _change(name: str, contenders: Sequence[Contender]) -> str:
    first, last = contenders[0].features, contenders[-1].features
    if first is None or last is None:
        return ""
    before, after = name in _used(first), name in _used(last)
    return "" if before == after else "gained" if after else "vanished"


def compared(contenders: Sequence[Contender]) -> list[tuple[Contender, list[Margin]]]:
    """Return each further model with its margins over the first."""
    first = contenders[0]
    return [
        (one, margins(first.scores, first.counts, one.scores, one.counts)) for one in contenders[1:]
    ]


_MARGIN_WORDS = {"auc": "auc", "right": "share of held-out users placed right"}


def margin_words(first: Contender, other: Contender, margin: Margin) -> str:
    """Return a margin as a sentence; titles are left as they are, for the caller to quote."""
    than = f"{_MARGIN_WORDS[margin.name]}: {other.title} {margin.by:+.3g} against {first.title}"
    users = " and ".join(f"{number:,}" for number in margin.users)
    return (
        f"{than}; between {margin.low:+.3g} and {margin.high:+.3g} on {users} held-out users "
        "(95 % interval)"
    )


CAVEAT = (
    "Each model is taken to have held-out users of its own; where they share some, the true "
    "margin is closer to the number than the interval says."
)


def unknown_words(contenders: Sequence[Contender]) -> list[str]:
    """Return what can't be compared, a sentence each."""
    found = []
    for one in contenders:
        if not one.scores:
            found.append(f"{one.title} has no numbers: {one.state}")
        elif one.features is None:
            found.append(f"The features of {one.title} are not known: a history keeps numbers only")
    if len(contenders) > 1 and not any(found for _, found in compared(contenders)):
        found.append("What the margins are worth can't be told: held-out users are not known")
    return found


def as_json(stack: str, contenders: Iterable[Contender]) -> dict[str, Any]:
    """Return a comparison as JSON."""
    listed = list(contenders)
    return {
        "stack": stack,
        "models": [
            {
                **{name: getattr(one, name) for name in ("title", "id", "name", "state", "health")},
                "scores": dict(one.scores),
                "held_out": dict(one.counts),
                "features": None if one.features is None else dict(one.features),
            }
            for one in listed
        ],
        "margins": [
            {"model": other.title, "over": listed[0].title, **vars(margin)}
            for other, found in compared(listed)
            for margin in found
        ],
        "features": [
            {"name": line.name, "importance": line.importance, "change": line.change or None}
            for line in feature_lines(listed)
        ],
    }
