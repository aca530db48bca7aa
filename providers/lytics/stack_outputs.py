"""What `pulumi stack output` shows of each model."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pulumi

from providers.lytics.activation import MlModelActivation
from providers.lytics.activation_lifecycle import SCORES
from providers.lytics.errors import LyticsError
from providers.lytics.gate import number
from providers.lytics.later import all_of, then
from providers.lytics.model import MlModel
from providers.lytics.program_settings import program_client, program_settings
from providers.lytics.watcher import program_watcher, wait_until_built
from providers.lytics.wire import Model

SHOWN_SCORES = ("auc", "accuracy", "reach")
# Scores of models without a gate cost a request each, and an `up` that finds nothing to do is to
# cost five at most; `lytics-ml list` shows them all.
MOST_SUMMARIES = 2


@dataclass(frozen=True)
class Declared:
    """The resources of one declaration.

    Attributes:
        model: the model.
        activation: what sets it live, None where nothing has to be set after the build.
    """

    model: MlModel
    activation: MlModelActivation | None = None


def export(declared: Mapping[str, Declared]) -> None:
    """Export per model its id, name, state, whether it is live, its gate and its main scores.

    Models without an activation are waited for here, so that what is shown is what they came to.
    """
    ungated = [one.model for one in declared.values() if one.activation is None]
    # Announced first, so that the wait's first look comes after it and can serve for what is shown.
    settled = then(all_of([model.id for model in ungated]), _time)
    built = wait_until_built(ungated)
    facts = {key: _facts(one) for key, one in declared.items()}
    names = [(key, name) for key, some in facts.items() for name in some]
    values = all_of([settled, built, *(facts[key][name] for key, name in names)])

    async def shown(known: list[Any]) -> dict[str, Any]:
        by_key: dict[str, dict[str, Any]] = {key: {} for key in declared}
        settled_s, _, *rest = known
        for (key, name), value in zip(names, rest, strict=True):
            by_key[key][name] = value
        return await _as_shown(by_key, settled_s)

    pulumi.export("models", then(values, shown))


async def _time(_ids: list[str]) -> float:
    return monotonic()


def _facts(one: Declared) -> dict[str, pulumi.Output[Any]]:
    model, activation = one.model, one.activation
    facts: dict[str, pulumi.Output[Any]] = {
        "id": model.id,
        "name": model.name,
        "state": model.state,
        "live": model.live,
    }
    if activation is not None:
        facts |= {
            "passed": activation.passed,
            "pending": activation.pending,
            "live": activation.live,
            "scores": activation.scores,
            "gate": activation.parts,
        }
    return facts


async def _as_shown(facts: Mapping[str, dict[str, Any]], settled_s: float) -> dict[str, Any]:
    """Bring the facts of the resources up to what the API shows at the end of the run.

    Args:
        facts: by key, what the resources say.
        settled_s: when the models without an activation were as declared, monotonic.
    """
    look = await _look(facts.values(), settled_s)
    scores = await _scores_without_activation(facts, look)
    return {key: _shown(one, look.get(one["id"]), scores) for key, one in facts.items()}


async def _look(facts: Iterable[dict[str, Any]], settled_s: float) -> dict[str, Model]:
    if program_settings().api_key is None:
        return {}
    watcher = program_watcher()
    seen = watcher.look()
    judged = [one for one in facts if "passed" in one]
    is_current = all(
        one["id"] in seen and seen[one["id"]].is_active == bool(one["live"]) for one in judged
    )
    try:
        return await watcher.look_since(settled_s if is_current else monotonic())
    except LyticsError as exc:
        pulumi.log.warn(f"the outputs may be old, the API didn't answer: {exc}")
        return {}


def _shown(
    one: dict[str, Any], model: Model | None, scores: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    shown = {"id": one["id"], "name": one["name"], "state": one["state"], "live": bool(one["live"])}
    if model is not None:
        shown["state"] = "complete" if model.is_complete else model.state
        shown["live"] = model.is_active
    numbers = one.get("scores") or scores.get(one["id"]) or {}
    if one.get("gate"):
        shown["gate"] = "passed" if one["passed"] else "not passed"
    if one.get("pending"):
        shown["gate"] = "waits for the build"
    return {**shown, **{name: round(numbers[name], 4) for name in SHOWN_SCORES if name in numbers}}


async def _scores_without_activation(
    facts: Mapping[str, dict[str, Any]], look: Mapping[str, Model]
) -> dict[str, dict[str, float]]:
    ids = [
        one["id"]
        for one in facts.values()
        if "passed" not in one and one["id"] in look and look[one["id"]].is_complete
    ]
    if not ids or len(ids) > MOST_SUMMARIES:
        return {}
    found = await asyncio.gather(*(asyncio.to_thread(_scores, one) for one in ids))
    return dict(zip(ids, found, strict=True))


def _scores(model_id: str) -> dict[str, float]:
    try:
        summary = program_client().fetch_summary(model_id)
    except LyticsError:
        return {}  # A number less in the outputs is no reason to fail an up that went well.
    found = {name: number(summary, name) for name in SCORES}
    return {name: value for name, value in found.items() if value is not None}
