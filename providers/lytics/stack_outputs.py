"""What `pulumi stack output` shows of each model."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from providers.lytics.activation import MlModelActivation
from providers.lytics.activation_lifecycle import SCORES
from providers.lytics.client import LyticsClient
from providers.lytics.errors import LyticsError
from providers.lytics.gate import number
from providers.lytics.later import all_of, then
from providers.lytics.model import MlModel
from providers.lytics.program_settings import program_settings
from providers.lytics.watcher import program_watcher, wait_until_built
from providers.lytics.wire import Model

SHOWN_SCORES = ("auc", "accuracy", "reach")
# Scores of models without an activation cost a request each; `lytics-ml list` shows them all.
MOST_SUMMARIES = 20


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
    built = wait_until_built([one.model for one in declared.values() if one.activation is None])
    facts = {key: _facts(one) for key, one in declared.items()}
    names = [(key, name) for key, some in facts.items() for name in some]
    values = all_of([built, *(facts[key][name] for key, name in names)])

    async def shown(known: list[Any]) -> dict[str, Any]:
        by_key: dict[str, dict[str, Any]] = {key: {} for key in declared}
        for (key, name), value in zip(names, known[1:], strict=True):
            by_key[key][name] = value
        return await _as_shown(by_key)

    pulumi.export("models", then(values, shown))


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


async def _as_shown(facts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Bring the facts of the resources up to what the API shows at the end of the run."""
    look = await _look()
    scores = await _scores_without_activation(facts, look)
    return {key: _shown(one, look.get(one["id"]), scores) for key, one in facts.items()}


async def _look() -> dict[str, Model]:
    if program_settings().api_key is None:
        return {}
    try:
        return await program_watcher().look_again()
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
    with LyticsClient(program_settings()) as client:
        found = await asyncio.gather(*(asyncio.to_thread(_scores, client, i) for i in ids))
    return dict(zip(ids, found, strict=True))


def _scores(client: LyticsClient, model_id: str) -> dict[str, float]:
    try:
        summary = client.fetch_summary(model_id)
    except LyticsError:
        return {}  # A number less in the outputs is no reason to fail an up that went well.
    found = {name: number(summary, name) for name in SCORES}
    return {name: value for name, value in found.items() if value is not None}
