"""What `pulumi stack output` shows of each model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

import pulumi

from providers.lytics.errors import LyticsError
from providers.lytics.program.builds.waiting import wait_until_built
from providers.lytics.program.later import made_of, then
from providers.lytics.program.program import Program, this_program
from providers.lytics.program.resources.activation import MlModelActivation
from providers.lytics.program.resources.model import MlModel
from providers.lytics.shapes import Model

SHOWN_SCORES = ("auc", "accuracy", "reach")


class ModelOutputs(TypedDict, total=False):
    """What is shown of one model, as the account had it at the end of the last `up`.

    A model that has no gate has neither `gate` nor scores.

    Attributes:
        id: the id that Lytics gave, 32 hex digits.
        name: the key under which profiles hold the score.
        state: `building`, `complete` or `invalid`.
        live: whether it is live.
        gate: `passed`, `not passed`, or `waits for the build`.
        auc: area under the ROC curve, 0 to 1, as its gate measured it.
        accuracy: Lytics' accuracy, 0 to 10, as its gate measured it.
        reach: Lytics' reach, 0 to 10, as its gate measured it.
    """

    id: str
    name: str
    state: str
    live: bool
    gate: str
    auc: float
    accuracy: float
    reach: float


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
    """Export per model its id, name, state, whether it is live, its gate and the scores it judged.

    Models without an activation are waited for here, so that what is shown is what they came to.
    A model that this run leaves out for lack of an id is left out of the outputs too.
    """
    program = this_program()
    built = wait_until_built([one.model for one in declared.values() if one.activation is None])
    facts = {key: _facts(one) for key, one in declared.items()}
    names = [(key, name) for key, some in facts.items() for name in some]
    values = made_of([built, *(facts[key][name] for key, name in names)])

    async def shown(known: list[Any]) -> dict[str, ModelOutputs]:
        by_key: dict[str, dict[str, Any]] = {key: {} for key in declared}
        for (key, name), value in zip(names, known[1:], strict=True):
            by_key[key][name] = value
        made = {key: one for key, one in by_key.items() if one["id"] is not None}
        look = await _look(program, made.values())
        return {key: _shown(one, look.get(one["id"])) for key, one in made.items()}

    pulumi.export("models", then(values, shown))


def _facts(one: Declared) -> dict[str, pulumi.Output[Any]]:
    model, activation = one.model, one.activation
    facts: dict[str, pulumi.Output[Any]] = {
        "id": model.id,
        "name": model.name,
        "state": model.state,
        "live": model.live,
        "managed": pulumi.Output.from_input(model.traits.manages_live),
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


async def _look(program: Program, facts: Iterable[dict[str, Any]]) -> dict[str, Model]:
    """Return the newest look where it agrees with the resources, else another one."""
    if not program.has_key:
        return {}
    try:
        if pulumi.runtime.is_dry_run():
            return await program.account()
        seen = program.watcher.look()
        if all(_agrees(one, seen.get(one["id"])) for one in facts):
            return seen
        return await program.watcher.look_again()
    except LyticsError as exc:
        pulumi.log.warn(f"the outputs may be old, the API didn't answer: {exc}")
        return {}


def _agrees(one: Mapping[str, Any], model: Model | None) -> bool:
    """Tell whether a look is at least as new as what this run did to a model.

    A model that goes live by itself is live before any state says so.
    """
    if model is None or not model.is_complete:
        return False
    return model.is_active == bool(one["live"]) or (model.is_active and not one["managed"])


def _shown(one: dict[str, Any], model: Model | None) -> ModelOutputs:
    """Return what is shown of one model.

    Scores come from the state or from nowhere, so that the outputs keep their shape however many
    models there are; `lytics-ml list` asks for all of them.
    """
    shown: ModelOutputs = {
        "id": one["id"],
        "name": one["name"],
        "state": one["state"],
        "live": bool(one["live"]),
    }
    if model is not None:
        shown["state"] = "complete" if model.is_complete else model.state
        shown["live"] = model.is_active
    numbers = one.get("scores") or {}
    if one.get("gate"):
        shown["gate"] = "passed" if one["passed"] else "not passed"
    if one.get("pending"):
        shown["gate"] = "waits for the build"
    scores = {name: round(numbers[name], 4) for name in SHOWN_SCORES if name in numbers}
    return cast("ModelOutputs", {**shown, **scores})
