"""What is written to a model in place: label and is_active."""

from typing import Any

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.record import settled_is_active
from providers.lytics.errors import RejectedError
from providers.lytics.host.declared import Declared
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model


def brought_in_line(run: Run, inputs: ModelInputs, model: Model) -> Model:
    """Write label and is_active where they are declared and differ; one request at most."""
    changes: dict[str, Any] = {}
    if inputs.label is not None and inputs.label != model.label:
        changes["label"] = inputs.label
    active = settled_is_active(inputs.is_active, model)
    if inputs.is_active is not None and inputs.is_active != active:
        changes["is_active"] = inputs.is_active
    if not changes:
        return model
    try:
        model = run.client.update_model(model.id, changes)
    except RejectedError as exc:
        # Whether the API takes is_active while a model is built isn't known.
        if "is_active" not in changes or model.was_once_complete or model.is_invalid:
            raise
        run.say(f"'{inputs.key}': is_active waits until the model is built ({exc})")
        if "label" in changes:
            model = run.client.update_model(model.id, {"label": changes["label"]})
    run.looks.remember(model)
    return model


def live_as_if_new(run: Run, declared: Declared, inputs: ModelInputs, model: Model) -> Model:
    """Put a model that is taken up again live if what it replaces is live.

    Its own replacement has deactivated it; with `is_active` left out and without `build_only`
    a new model goes live by itself, so going back must not end with nothing live.
    """
    replaced = declared.replaced
    if not any(m.is_active for i, m in run.looks.any().models.items() if i in replaced):
        return model
    waits = inputs.config is not None and inputs.config.build_only is True
    managed = inputs.is_active is not None or inputs.activation is not None
    if managed or waits or model.is_active or not model.is_complete or model.config.build_only:
        return model
    try:
        model = run.client.update_model(model.id, {"is_active": True})
    except RejectedError as exc:
        run.say(f"'{inputs.key}': Lytics refuses to put model {model.id} live ({exc})")
    run.looks.remember(model)
    return model


def show(run: Run, model_id: str, *, hidden: bool) -> None:
    """Hide a model from people in Lytics, or let them see it again; only v2 can."""
    run.looks.remember(run.client.update_model(model_id, {"hidden": hidden}))
