"""What the state keeps of a model: its declaration, and what the API showed last."""

from collections.abc import Mapping
from typing import Any

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.identity import inputs_hash
from providers.lytics.shapes import Model
from providers.lytics.text import harmless

# Ids that the state keeps of a declaration: of models trained before, of models live before.
MOST_REMEMBERED = 20
# Fields that are declared or observed: which of the two, `managed` tells.
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

    A key that is declared anew while another declaration has its lineage is given the next one:
    then names hold that, and the inputs the first.
    """
    if declared in {None, outputs["lineage"]}:
        return outputs
    return {**outputs, "declared_lineage": declared}


def _shown_config(model: Model) -> dict[str, Any]:
    """Return the config that the API reports, its field names as a terminal can show them.

    They are compared where they come from, never in the state: `additional` has a default.
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


def settled_is_active(declared: bool | None, model: Model) -> bool:  # noqa: FBT001 - a value, no switch
    """Return is_active as it will be once the first build is over.

    A model that is being built with `build_only: false` is not active yet and goes live by
    itself; that is no difference from a declared `is_active: true`.
    """
    will_go_live = not model.was_once_complete and not model.is_invalid
    if declared and will_go_live and not model.config.build_only:
        return True
    return model.is_active


def _remembered(trained: Mapping[str, str], model_id: str, hash_: str) -> dict[str, str]:
    others = [(i, h) for i, h in trained.items() if i != model_id]
    return dict([*others[-(MOST_REMEMBERED - 1) :], (model_id, hash_)])
