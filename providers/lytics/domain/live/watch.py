"""What a live model must keep, and whether it does. Pure; knows no clock: `now` is handed in.

A gate looks once. A model with `re_run` is trained anew every week by Lytics, so its scores may
sink long after the gate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import Field

from providers.lytics.domain.fields import Duration, duration_s
from providers.lytics.domain.live.gate import Bounds, Gate, Margin, Margins
from providers.lytics.domain.live.judging import Part, evaluate, number
from providers.lytics.shapes import Model, Summary
from providers.lytics.text import harmless


class Drop(Margins):
    """How far a live model may fall below what it scored when it went live, per number."""

    mse: Annotated[
        Margin | None, Field(description="mean squared error: higher by at most this much")
    ] = None


class Watch(Bounds):
    """What a live model must keep; where it says nothing about a number, the gate's bound holds."""

    drop: Annotated[
        Drop | None,
        Field(
            description="at most this much worse than when it went live, for example {auc: 0.05}"
        ),
    ] = None
    stale: Annotated[
        Duration | None,
        Field(description="Lytics must have updated it within this time, for example 10d"),
    ] = None


@dataclass(frozen=True)
class LiveModel:
    """A model that is live, or was until its last training.

    Attributes:
        model: what ML List shows; None if the account no longer has it.
        summary: its numbers; None where they aren't known.
        since: what it scored when it went live.
        meant_live: whether it is declared to be live, so that being stopped is a shortfall.
    """

    model: Model | None
    summary: Summary | None = None
    since: Mapping[str, float] = field(default_factory=dict)
    meant_live: bool = True


def watch_of(gate: Gate | None, watch: Watch | None) -> Watch:
    """Return what a live model must keep: `watch`, and the gate where that says nothing.

    `beats_current` is left out: there is no other live model to beat.
    """
    wanted: dict[str, object] = {}
    for bounds in (gate, watch):
        if bounds is not None:
            wanted |= bounds.model_dump(exclude_unset=True, exclude_none=True)
    wanted.pop("beats_current", None)
    return Watch.model_validate(wanted)


def judge_live(wanted: Watch, live: LiveModel, now: datetime) -> list[Part]:
    """Judge a live model: return each thing that it must keep, and whether it does.

    While Lytics trains a live model anew, the model counts as live, with its last numbers.

    Args:
        wanted: what it must keep.
        live: the model.
        now: the time, with its zone.
    """
    if live.model is None:
        return [Part("model", "in the account", "gone", passed=False)]
    if live.model.is_invalid:
        why = harmless(live.model.reason)
        measured = f"invalid: {why}" if why else "invalid"
        return [Part("state", "complete", measured, passed=False)]
    return [
        *_liveness(live, live.model),
        *_age(wanted, live.model, now),
        *(_numbers(wanted, live, live.summary) if live.summary is not None else ()),
    ]


def _liveness(live: LiveModel, model: Model) -> Iterator[Part]:
    if model.is_active or (live.meant_live and model.is_complete):
        measured = "live" if model.is_active else "not live"
        yield Part("live", "live", measured, passed=model.is_active)


def _age(wanted: Watch, model: Model, now: datetime) -> Iterator[Part]:
    if wanted.stale is None:
        return
    words = f"updated within {wanted.stale}"
    updated = moment(model.updated)
    if updated is None:
        yield Part("stale", words, "missing", passed=False)
        return
    age_s = (now - updated).total_seconds()
    measured = f"{age_s / 86400:.0f} days ago" if age_s >= 2 * 86400 else f"{age_s / 3600:.0f}h ago"
    yield Part("stale", words, measured, passed=age_s <= duration_s(wanted.stale))


def moment(text: str) -> datetime | None:
    """Return a time of the API or of the history; None if it can't be read or has no zone."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None


def _numbers(wanted: Watch, live: LiveModel, summary: Summary) -> Iterator[Part]:
    yield from judge_numbers(wanted, summary)
    for name, margin in _drops(wanted).items():
        yield _drop(name, margin, _then(name, live.since), number(summary, name))


def judge_numbers(wanted: Watch, summary: Summary) -> tuple[Part, ...]:
    """Return each bound of a model's numbers, and its health, judged by the gate's own code."""
    bounds = wanted.model_dump(exclude={"drop", "stale"}, exclude_none=True)
    return evaluate(Gate.model_validate(bounds), summary, None).parts


def _drops(wanted: Watch) -> dict[str, float]:
    return wanted.drop.model_dump(exclude_none=True) if wanted.drop is not None else {}


def lowest(wanted: Watch, since: Mapping[str, float]) -> dict[str, float]:
    """Return the bound of each number of a live model: the gate's or the drop's, the stricter one.

    A bound is a minimum; that of mse and of audience_similarity is a maximum.
    """
    bounds = {n: float(v) for n, v in wanted.model_dump().items() if isinstance(v, int | float)}
    bounds.pop("healthy", None)
    for name, margin in _drops(wanted).items():
        then = _then(name, since)
        if then is None:
            continue
        if name == "mse":
            bounds[name] = min(then + margin, bounds.get(name, float("inf")))
        else:
            bounds[name] = max(then - margin, bounds.get(name, float("-inf")))
    return {name: round(value, 6) for name, value in bounds.items()}


def _then(name: str, since: Mapping[str, float]) -> float | None:
    if name == "fitness" and "accuracy" in since and "reach" in since:
        return since["accuracy"] + since["reach"]
    return since.get(name)


def _drop(name: str, margin: float, then: float | None, now: float | None) -> Part:
    label = f"drop.{name}"
    if then is None:
        words = f"at most {margin:.4g} worse than when it went live"
        return Part(label, words, "not known what it scored then", passed=True)
    worse = name == "mse"
    bound = then + margin if worse else then - margin
    side = "at most" if worse else "at least"
    words = f"{side} {bound:.4g} ({then:.4g} when it went live, margin {margin:.4g})"
    if now is None:
        return Part(label, words, "missing", passed=False)
    # Margins are decimal fractions: 0.81 - 0.05 must not fail by the last bit of a float.
    good = now <= bound + 1e-9 if worse else now >= bound - 1e-9
    return Part(label, words, f"{now:.4g}", passed=good)
