"""What the state keeps of a model: its declaration, and what the API showed last."""

from collections.abc import Mapping
from typing import Any

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.identity import inputs_hash
from providers.lytics.domain.live.liveness import settled_is_active
from providers.lytics.shapes import Model
from providers.lytics.text import harmless

# How many ids the state keeps per declaration: of earlier trained models, of earlier live ones.
MOST_REMEMBERED = 20
# The state's `managed` lists those of them that are declared; the others are only observed.
IN_PLACE = ("label", "is_active")
# What the resource shows besides its declaration.
SHOWN = (
    "name",
    "label",
    "is_active",
    "live",
    "is_healthy",
    "state",
    "type",
    "created",
    "updated",
    "aid",
    "config",
)


def outputs_of(
    inputs: ModelInputs, model: Model, trained: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what the state keeps after a write or a read.

    Args:
        inputs: the declaration.
        model: what the API showed.
        trained: id -> inputs hash of earlier models of this lineage.
    """
    declared = inputs.model_dump(exclude_none=True)
    shown = model.label if model.label == inputs.label else harmless(model.label)
    label = {} if inputs.label is None and not model.label else {"label": shown}
    return {
        **declared,
        **label,
        "name": harmless(model.name),
        "declared_name": inputs.name,
        "managed": [name for name in IN_PLACE if name in declared],
        "is_active": settled_is_active(inputs.is_active, model),
        "live": model.is_active,
        "aid": model.aid,
        "state": "complete" if model.is_complete else harmless(model.state),
        "type": harmless(model.type),
        "is_healthy": model.is_healthy,
        "created": harmless(model.created),
        "updated": harmless(model.updated),
        "reported_config": _shown_config(model),
        "trained": _remembered(trained or {}, model.id, hash_of(inputs)),
    }


def with_declared_lineage(outputs: dict[str, Any], declared: str | None) -> dict[str, Any]:
    """Return what the state keeps, with the lineage of the inputs where another one was given.

    Where another declaration has the lineage of a new key already, the model gets another one for
    its name; the inputs keep the first.
    """
    if declared in {None, outputs["lineage"]}:
        return outputs
    return {**outputs, "declared_lineage": declared}


def _shown_config(model: Model) -> dict[str, Any]:
    """Return the config that the API reports, its field names as a terminal can show them.

    The state only shows them. What is compared is the API's own reply.
    """
    reported = model.config.reported()
    names = [harmless(name) for name in reported.get("additional", [])]
    return {**reported, **({"additional": names} if names else {})}


def inputs_from(outputs: Mapping[str, Any]) -> ModelInputs:
    """Return the declaration that a state was written from, with in-place fields as observed."""
    managed = outputs.get("managed") or []
    left_out = {name for name in IN_PLACE if name not in managed} | {"name"}
    known = {
        name: value
        for name, value in outputs.items()
        if name in ModelInputs.model_fields and name not in left_out and value is not None
    }
    if outputs.get("declared_name"):
        known["name"] = outputs["declared_name"]
    # Somebody else's label may be longer than one that can be declared.
    label = known.pop("label", None)
    return ModelInputs.model_validate(known).model_copy(update={"label": label})


def hash_of(inputs: ModelInputs) -> str:
    """Return the inputs hash of a declaration."""
    config = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    return inputs_hash(inputs.source, inputs.target, config, inputs.generation or 1)


def _remembered(trained: Mapping[str, str], model_id: str, hash_: str) -> dict[str, str]:
    others = [(i, h) for i, h in trained.items() if i != model_id]
    return dict([*others[-(MOST_REMEMBERED - 1) :], (model_id, hash_)])
