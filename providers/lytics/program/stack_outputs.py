"""What `pulumi stack output` shows of each model."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pulumi

from providers.lytics.domain.identity import lineage, proof_in
from providers.lytics.domain.judging import scores_of
from providers.lytics.errors import LyticsError
from providers.lytics.program.activation_resource import MlModelActivation
from providers.lytics.program.later import all_of, then
from providers.lytics.program.model_resource import MlModel
from providers.lytics.program.program_settings import may_wait, program_client, program_settings
from providers.lytics.program.watcher import program_watcher, wait_until_built
from providers.lytics.shapes import Model

SHOWN_SCORES = ("auc", "accuracy", "reach")
# Scores of models without a gate cost a request each, and an `up` that finds nothing to do is to
# cost five at most; `lytics-ml list` shows them all.
MOST_SUMMARIES = 2
Scores = dict[str, float]


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
    begun = _begin_scores(ungated)
    built = wait_until_built(ungated)
    facts = {key: _facts(one) for key, one in declared.items()}
    names = [(key, name) for key, some in facts.items() for name in some]
    values = all_of([built, *(facts[key][name] for key, name in names)])

    async def shown(known: list[Any]) -> dict[str, Any]:
        by_key: dict[str, dict[str, Any]] = {key: {} for key in declared}
        _, *rest = known
        for (key, name), value in zip(names, rest, strict=True):
            by_key[key][name] = value
        return await _as_shown(by_key, begun)

    pulumi.export("models", then(values, shown))


def _facts(one: Declared) -> dict[str, pulumi.Output[Any]]:
    model, activation = one.model, one.activation
    facts: dict[str, pulumi.Output[Any]] = {
        "id": model.id,
        "name": model.name,
        "state": model.state,
        "live": model.live,
        "managed": pulumi.Output.from_input(model.facts.manages_live),
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


async def _as_shown(
    facts: Mapping[str, dict[str, Any]], begun: Mapping[str, "Future[Scores]"]
) -> dict[str, Any]:
    """Bring the facts of the resources up to what the API shows at the end of the run.

    Args:
        facts: by key, what the resources say.
        begun: by id, scores that were asked for already.
    """
    look = await _look(facts.values())
    scores = await _scores_without_activation(facts, look, begun)
    return {key: _shown(one, look.get(one["id"]), scores) for key, one in facts.items()}


async def _look(facts: Iterable[dict[str, Any]]) -> dict[str, Model]:
    """Return the newest look where it agrees with the resources, else another one."""
    if program_settings().api_key is None:
        return {}
    watcher = program_watcher()
    seen = watcher.look()
    if all(_agrees(one, seen.get(one["id"])) for one in facts):
        return seen
    try:
        return await watcher.look_again()
    except LyticsError as exc:
        pulumi.log.warn(f"the outputs may be old, the API didn't answer: {exc}")
        return {}


def _agrees(one: Mapping[str, Any], model: Model | None) -> bool:
    """Tell whether a look can't be older than what this run did to a model.

    What goes live by itself is live before any state knows of it.
    """
    if model is None or not model.is_complete:
        return False
    return model.is_active == bool(one["live"]) or (model.is_active and not one["managed"])


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


def _begin_scores(ungated: Sequence[MlModel]) -> dict[str, "Future[Scores]"]:
    """Ask for the scores of few models, by what their names show: no id is known yet."""
    if not may_wait() or len(ungated) > MOST_SUMMARIES or program_settings().api_key is None:
        return {}
    project, stack = pulumi.get_project(), pulumi.get_stack()
    lineages = {lineage(project, stack, model.facts.key) for model in ungated}
    newest: dict[str, Model] = {}
    for model in sorted(program_watcher().look().values(), key=lambda one: one.age_key):
        proof = proof_in(model.name)
        if proof is not None and proof[0] in lineages and model.is_complete:
            newest[proof[0]] = model
    if not newest:
        return {}
    pool = ThreadPoolExecutor(len(newest))
    begun = {model.id: pool.submit(_scores, model.id) for model in newest.values()}
    pool.shutdown(wait=False)
    return begun


async def _scores_without_activation(
    facts: Mapping[str, dict[str, Any]],
    look: Mapping[str, Model],
    begun: Mapping[str, "Future[Scores]"],
) -> dict[str, Scores]:
    ids = [
        one["id"]
        for one in facts.values()
        if "passed" not in one and one["id"] in look and look[one["id"]].is_complete
    ]
    if not ids or len(ids) > MOST_SUMMARIES:
        return {}
    asked = (
        asyncio.wrap_future(begun[one]) if one in begun else asyncio.to_thread(_scores, one)
        for one in ids
    )
    return dict(zip(ids, await asyncio.gather(*asked), strict=True))


def _scores(model_id: str) -> Scores:
    try:
        summary = program_client().fetch_summary(model_id)
    except LyticsError:
        return {}  # A number less in the outputs is no reason to fail an up that went well.
    return scores_of(summary)
