"""Judges live models: asks for the numbers that are new, and takes the others from the history."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.models.rows import SUMMARIES_AT_ONCE
from cli.watch.subjects import Subject
from providers.lytics.domain.live.judging import Part, is_healthy, scores_of
from providers.lytics.domain.live.watch import LiveModel, judge_live, lowest
from providers.lytics.errors import LyticsError
from providers.lytics.history.record import Record, Shortfall, shortfalls
from providers.lytics.history.store import stamp
from providers.lytics.history.timeline import Seen, Timeline
from providers.lytics.shapes import ErrorMatrix, Model, Scores, Summary


@dataclass(frozen=True)
class Watched:
    """A live model and how it does.

    Attributes:
        subject: the model.
        scores: its numbers; empty where they aren't known.
        parts: every part of what it has to keep.
        problem: why its numbers can't be read, "" if they could or needn't.
        health: what its summary calls its health.
        held_out: counts of held-out users.
    """

    subject: Subject
    scores: Mapping[str, float]
    parts: tuple[Part, ...]
    problem: str = ""
    health: str = ""
    held_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def fell_short(self) -> tuple[Shortfall, ...]:
        """What it should have kept and didn't."""
        return shortfalls(self.parts)

    @property
    def updated(self) -> str:
        """When Lytics last changed it."""
        return self.subject.model.updated if self.subject.model else ""

    def since(self, at: str) -> dict[str, Any]:
        """Return since when it was seen live, and what it scored then; as of now if never before.

        Args:
            at: when this look was.
        """
        period = self.subject.period
        scores = dict(self.subject.since) or dict(self.scores)
        return {"at": period.begin if period else at, "scores": scores}

    def as_seen(self) -> Seen:
        """Return it as the history takes it."""
        one = self.subject
        return Seen(
            key=one.key,
            id=one.id,
            name=one.name,
            live=one.is_live,
            scores=self.scores,
            went_live_with=one.went_live_with,
            parts=None if self.problem else self.parts,
            # While it is trained its numbers are those of before: they are asked for afterwards.
            updated="" if one.is_building else self.updated,
            health=self.health,
            bounds=lowest(one.wanted, one.since or self.scores),
            held_out=self.held_out,
        )


@dataclass(frozen=True)
class Watching:
    """One look at a stack's live models.

    Attributes:
        stack: its name.
        at: when it was.
        models: the models.
    """

    stack: str
    at: datetime
    models: tuple[Watched, ...]

    @property
    def short(self) -> list[Watched]:
        """The models that fell short."""
        return [one for one in self.models if one.fell_short]

    @property
    def is_known(self) -> bool:
        """Whether the numbers of all could be read."""
        return not any(one.problem for one in self.models)

    @property
    def summary(self) -> str:
        """The line that says it all."""
        if not self.models:
            return f"Stack {self.stack}: no live models"
        live = sum(one.subject.is_live for one in self.models)
        down = len(self.models) - live
        models = f"{live or 'no'} live {'model' if live == 1 else 'models'}"
        if down:
            models += f" and {down} that {'is' if down == 1 else 'are'} not live"
        unread = sum(bool(one.problem) for one in self.models)
        more = f", the numbers of {unread} can't be read" if unread else ""
        if self.short:
            return f"Stack {self.stack}: {models}, {len(self.short)} fell short{more}"
        if down or more:
            return f"Stack {self.stack}: {models}, none fell short{more}"
        kept = "scores what it should" if live == 1 else "score what they should"
        return f"Stack {self.stack}: {models} {kept}"

    def as_dict(self) -> dict[str, Any]:
        """Return what --json shows."""
        at = stamp(self.at)
        return {"stack": self.stack, "at": at, "models": [_as_dict(o, at) for o in self.models]}


def _as_dict(one: Watched, at: str) -> dict[str, Any]:
    return {
        "key": one.subject.key,
        "id": one.subject.id,
        "name": one.subject.name,
        "updated": one.updated,
        "scores": dict(one.scores),
        "since": one.since(at),
        "fell_short": [short.as_dict() for short in one.fell_short],
    }


def watch(
    stack: str,
    found: Iterable[Subject],
    timeline: Timeline,
    fetch_summary: Callable[[str], Summary],
    now: datetime,
) -> Watching:
    """Judge live models; asks only for numbers that are new.

    Args:
        stack: the stack's name.
        found: the models.
        timeline: the stack's history.
        fetch_summary: asks the API for a model's numbers; called in threads.
        now: the time.
    """

    def judged(one: Subject) -> Watched:
        return _judged(one, timeline.last(one.id), fetch_summary, now)

    with ThreadPoolExecutor(SUMMARIES_AT_ONCE) as pool:
        return Watching(stack, now, tuple(pool.map(judged, found)))


def _judged(
    one: Subject, last: Record | None, fetch_summary: Callable[[str], Summary], now: datetime
) -> Watched:
    summary, problem = _remembered(last), ""
    if one.model is not None and _is_new(one.model, last):
        try:
            summary = fetch_summary(one.id)
        except LyticsError as exc:
            summary, problem = None, str(exc)
    scores = scores_of(summary) if summary is not None else {}
    live = LiveModel(one.model, summary, one.since or scores, one.meant_live)
    return Watched(
        one,
        scores,
        tuple(judge_live(one.wanted, live, now)),
        problem,
        summary.scores.health if summary is not None else "",
        held_out_of(summary.scores.error_matrix) if summary is not None else {},
    )


def _is_new(model: Model, last: Record | None) -> bool:
    """Tell whether a model's numbers must be asked for; while it is trained it has none."""
    if not model.is_complete:
        return False
    if last is None or not last.scores or last.updated != model.updated:
        return True
    return bool(last.health) and is_healthy(last.health) != model.is_healthy


_COUNTS = {
    "tp": "true_positive",
    "fp": "false_positive",
    "tn": "true_negative",
    "fn": "false_negative",
}


def held_out_of(matrix: ErrorMatrix) -> dict[str, int]:
    """Return the counts of held-out users, {} where one is missing."""
    counts = {short: getattr(matrix, name) for short, name in _COUNTS.items()}
    return counts if None not in counts.values() else {}


def _remembered(last: Record | None) -> Summary | None:
    """Return the numbers of the last look, as the API gave them."""
    if last is None or not last.scores:
        return None
    matrix = {_COUNTS[name]: count for name, count in last.held_out.items() if name in _COUNTS}
    known = {name: value for name, value in last.scores.items() if name in Scores.model_fields}
    scores = Scores(**known, health=last.health, error_matrix=ErrorMatrix(**matrix))
    return Summary(scores=scores)
