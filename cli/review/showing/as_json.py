"""A review as JSON: for pipelines, with a schema of its own."""

from typing_extensions import TypedDict

from cli.review.change import Change, GatePart, Loss, Property, Review, Subject
from cli.review.words import Words, rendered
from providers.lytics.domain.rulebook import Breach, Level


class PropertyJson(TypedDict):
    """One property that changes; `old` is null for a new model."""

    name: str
    old: str | None
    new: str
    retrains: bool


class ModelJson(TypedDict):
    """A model that exists; what isn't known is null."""

    id: str
    name: str
    live: bool | None
    scores: dict[str, float] | None


class GatePartJson(TypedDict):
    """One part of a gate; `measured` and `passed` are null while nothing is trained."""

    number: str
    wanted: str
    measured: str | None
    passed: bool | None


class LossJson(TypedDict):
    """Audiences that get no new scores after the change."""

    score: str
    audiences: list[str]
    how: str
    excepted: str | None


class ChangeJson(TypedDict):
    """What happens to one model."""

    key: str
    actions: list[str]
    touches_live: bool
    properties: list[PropertyJson]
    live: ModelJson | None
    old: ModelJson | None
    new: ModelJson | None
    effects: list[str]
    gate: list[GatePartJson]
    left_behind: str | None
    problems: list[str]
    loss: LossJson | None


class BreachJson(TypedDict):
    """A rule that is broken."""

    rule: str
    level: str
    where: str
    what: str


class ReviewJson(TypedDict):
    """What a change does to a stack's models; `ok` is whether the exit code is 0."""

    stack: str
    ok: bool
    summary: str
    existing: int
    unchanged: int
    changes: list[ChangeJson]
    refusals: list[str]
    forced: bool
    held_back: str | None
    notes: list[str]
    rules: list[BreachJson]


def as_json(review: Review) -> ReviewJson:
    """Return a review as `--json` prints it."""
    return {
        "stack": review.stack,
        "ok": not (review.is_refused or review.is_stuck),
        "summary": review.summary,
        "existing": review.existing,
        "unchanged": review.unchanged,
        "changes": [_change(one) for one in review.changes],
        "refusals": [_said(one) for one in review.refusals],
        "forced": review.forced,
        "held_back": _said(review.held_back) or None,
        "notes": [_said(one) for one in review.notes],
        "rules": [_breach(one) for one in review.breaches],
    }


def _said(sentence: Words) -> str:
    return rendered(sentence, str, str)


def _change(change: Change) -> ChangeJson:
    return {
        "key": change.key,
        "actions": list(change.actions),
        "touches_live": change.touches_live,
        "properties": [_property(one) for one in change.properties],
        "live": _model(change.live),
        "old": _model(change.old),
        "new": _model(change.new),
        "effects": [_said(one) for one in change.effects],
        "gate": [_part(one) for one in change.gate],
        "left_behind": _said(change.left_behind) or None,
        "problems": [_said(one) for one in change.problems],
        "loss": _loss(change.loss) if change.loss is not None else None,
    }


def _property(one: Property) -> PropertyJson:
    return {"name": one.name, "old": one.old or None, "new": one.new, "retrains": one.retrains}


def _model(subject: Subject | None) -> ModelJson | None:
    if subject is None:
        return None
    scores = dict(subject.numbers.scores) if subject.numbers is not None else None
    return {"id": subject.id, "name": subject.name, "live": subject.live, "scores": scores}


def _part(part: GatePart) -> GatePartJson:
    return {
        "number": part.number,
        "wanted": part.wanted,
        "measured": part.measured or None,
        "passed": part.passed,
    }


def _loss(loss: Loss) -> LossJson:
    audiences = dict.fromkeys(use.audience.shown for use in loss.uses)
    return {
        "score": loss.name,
        "audiences": list(audiences),
        "how": _said(loss.how),
        "excepted": loss.excepted or None,
    }


def _breach(breach: Breach) -> BreachJson:
    return {
        "rule": breach.rule,
        "level": Level(breach.level).value,
        "where": breach.where.short,
        "what": breach.what,
    }
