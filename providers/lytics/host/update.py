"""What is written to a model in place: label and is_active, until it is as declared."""

from collections.abc import Collection, Mapping
from typing import Any

from providers.lytics.account.switching import switch
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.live.liveness import (
    Unheeded,
    Way,
    goes_live_by_itself,
    is_as_declared,
    is_first_build,
    to_write,
    way_of,
)
from providers.lytics.domain.record import outputs_of
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model
from providers.lytics.text import harmless


def settled(  # noqa: PLR0913 - each is one fact of the model
    run: Run,
    inputs: ModelInputs,
    model: Model,
    state: Mapping[str, Any],
    *,
    is_new: bool = False,
    in_place_of: Collection[str] = (),
) -> dict[str, Any]:
    """Write label and is_active where they differ, one request at most; return the new state.

    A model that is being built without `build_only`, and is by now declared not to go live by
    itself, is set not live. Whether Lytics keeps to that isn't known: the activation looks again
    after the build.

    Args:
        run: the account and what this run knows of it.
        inputs: the declaration.
        model: as Lytics shows it.
        state: what the state kept of this model so far, {} for a new one; `trained` of any.
        is_new: whether this run has just trained it, as it is declared.
        in_place_of: ids of the models that it replaces, where it was trained before and is taken
            up again.
    """
    last = Unheeded.kept(state)
    waits_for_gate = inputs.activation is not None
    wanted = inputs.is_active
    if waits_for_gate and not is_new and goes_live_by_itself(model):
        wanted = False
    if wanted is None and _is_live_as_if_new(run, inputs, model, in_place_of):
        wanted = True
    active = to_write(model, last, wanted=wanted)
    if is_new and is_first_build(model):
        # The create was sent with the right build_only.
        active = None
    model, unheeded = _written(run, inputs, model, active)
    if active is None and not is_as_declared(wanted, model):
        unheeded = last
    if unheeded is not None and inputs.is_active is None:
        run.say(f"'{inputs.key}': {unheeded.problem()}")
        unheeded = None
    held = waits_for_gate and (is_first_build(model) or bool(state.get("held")))
    if held:
        run.note_held(model.id)
    return with_liveness(
        outputs_of(inputs, model, state.get("trained")), model, unheeded, held=held
    )


def with_liveness(
    outputs: dict[str, Any], model: Model, unheeded: Unheeded | None, *, held: bool
) -> dict[str, Any]:
    """Return a model's state with what a later run has to know of its being live, or not.

    Args:
        outputs: the state.
        model: as Lytics shows it.
        unheeded: the last write, where Lytics didn't do as it was asked; dropped once it is so.
        held: whether it was still being built when it was declared not to go live by itself.
    """
    is_open = unheeded is not None and unheeded.is_active is not model.is_active
    return {
        **outputs,
        **({"unheeded": unheeded.as_dict()} if unheeded is not None and is_open else {}),
        **({"held": True} if held else {}),
    }


def _written(
    run: Run,
    inputs: ModelInputs,
    model: Model,
    active: bool | None,  # noqa: FBT001 - a value
) -> tuple[Model, Unheeded | None]:
    label = inputs.label if inputs.label not in {None, model.label} else None
    unheeded = None
    if active is None and label is None:
        return model, None
    if active is None:
        shown = run.client.update_model(model.id, {"label": label})
    else:
        shown, unheeded = switch(run.client, model, active=active, label=label)
    run.looks.remember(shown)
    if label is not None and shown.label != label:
        run.say(
            f"'{inputs.key}': Lytics made \"{harmless(shown.label)}\" of its label; declare that, "
            "or every pulumi up writes it again"
        )
    if unheeded is not None and is_first_build(model):
        # Whether the API takes is_active while a model is built isn't known; pulumi up sees to it
        # once it is built.
        until = f"is_active waits until the model is built ({unheeded.words or 'not done'})"
        run.say(f"'{inputs.key}': {until}")
        return shown, None
    return shown, unheeded


def _is_live_as_if_new(
    run: Run, inputs: ModelInputs, model: Model, replaced: Collection[str]
) -> bool:
    """Tell whether a model that is taken up again must be set live, as the replaced one was.

    Its own replacement has deactivated it; with `is_active` left out and without `build_only`
    a new model goes live by itself, so going back must not end with nothing live.
    """
    if not any(m.is_active for i, m in run.looks.any().models.items() if i in replaced):
        return False
    by_itself = way_of(inputs.model_dump()) is Way.BY_ITSELF
    return by_itself and model.is_complete and not model.config.build_only


def show(run: Run, model_id: str, *, hidden: bool) -> None:
    """Hide a model from people in Lytics, or let them see it again; only v2 can."""
    run.looks.remember(run.client.update_model(model_id, {"hidden": hidden}))
