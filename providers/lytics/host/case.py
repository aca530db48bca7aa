"""One trained model that is to be judged, and what is live beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.lytics.account.model_list import Look
from providers.lytics.domain.activation import ActivationInputs, Outcome
from providers.lytics.domain.finding.matching import share_lineage
from providers.lytics.domain.finding.ownership import Others
from providers.lytics.domain.live.gate import kept_gate
from providers.lytics.domain.live.liveness import Down, Unheeded
from providers.lytics.errors import ConflictError
from providers.lytics.host.declared import Declared
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Case:
    """One trained model, and what there is beside it.

    Attributes:
        inputs: what is declared.
        state: the old outputs.
        model: the model that is judged.
        before: another model of this declaration that is live: the one to beat and to stop.
        is_unjudged: whether the model is live, and nothing shows that its gate let it: Lytics set
            it live by itself, or somebody did, or a run that was killed.
        last: the last write, where Lytics didn't do as it was asked.
        down: what an earlier swap stopped, where nothing was live since.
    """

    inputs: ActivationInputs
    state: Mapping[str, Any]
    model: Model
    before: Model | None
    is_unjudged: bool
    last: Unheeded | None
    down: Down | None

    @property
    def key(self) -> str:
        """The declaration's key."""
        return self.inputs.key

    @property
    def was_deactivated_outside(self) -> bool:
        """Whether the model earned its place and has been stopped by somebody else."""
        state, inputs = self.state, self.inputs
        is_same = state.get("model_id") == inputs.model_id
        is_same = is_same and kept_gate(state.get("gate")) == inputs.gate
        earned = bool(state.get("passed")) and state.get("live_model_id") == inputs.model_id
        return inputs.activate and is_same and earned and not self.model.is_active

    def failed(self, *reasons: str, **changes: Any) -> Outcome:  # noqa: ANN401 - Outcome's fields
        """Return the outcome of a model that may not be live, with what is live all the same."""
        current = self.before or (self.model if self.model.is_active else None)
        outcome = Outcome(
            passed=False,
            live=self.model.is_active,
            live_model_id=current.id if current else None,
            reasons=reasons,
        )
        return replace(outcome, **changes)


def case_of(
    run: Run, inputs: ActivationInputs, state: Mapping[str, Any], model: Model, look: Look
) -> Case:
    """Return a model with what is live beside it."""
    is_new = state.get("model_id") != model.id or bool(state.get("pending"))
    is_earned = model.id in (state.get("earned") or [])
    is_unjudged = (
        (is_new and model.is_active and run.is_held(model.id) and not is_earned)
        # Nobody but a swap stops the model before: a run judged this one, and was killed.
        and not _has_taken_the_place(model, state, look)
    )
    before = live_before(run, inputs, state, model, look, is_past_gate=is_unjudged)
    return Case(
        inputs=inputs,
        state=state,
        model=model,
        before=before if before is not None and before.id != model.id else None,
        is_unjudged=is_unjudged,
        last=Unheeded.kept(state),
        down=Down.kept(state),
    )


def _has_taken_the_place(model: Model, state: Mapping[str, Any], look: Look) -> bool:
    """Tell whether a live model stands where another one was: that one is stopped."""
    before = look.models.get(str(state.get("live_model_id")))
    return before is not None and before.id != model.id and not before.is_active


def live_before(  # noqa: PLR0913 - each is one fact
    run: Run,
    inputs: ActivationInputs,
    state: Mapping[str, Any],
    model: Model | None,
    look: Look,
    *,
    is_past_gate: bool = False,
) -> Model | None:
    """Return the live model of this declaration: the one to beat and to stop.

    It is one that this declaration had, or whose name proves that it is of this lineage, and
    never one that is another resource's, of this stack or another one.

    Args:
        run: what is known of the declarations.
        inputs: what is declared.
        state: the old outputs.
        model: the model that is judged, None where it is gone.
        look: what ML List shows.
        is_past_gate: whether that model is live without having earned it.
    """
    live = {
        m.id: m
        for m in look.models.values()
        if m.is_active and (m.id == inputs.model_id or run.owner(m.id) is None)
    }
    if is_past_gate:
        live.pop(inputs.model_id, None)
    known = run.lineage_of(inputs.model_id)
    certain = {inputs.model_id, *(known.replaced if known is not None else ())}
    for one in _candidates(run, inputs, state, model, live):
        if one.id in certain or not _is_anothers(run, inputs.key, known, one.id):
            return one
    return None


def _candidates(
    run: Run,
    inputs: ActivationInputs,
    state: Mapping[str, Any],
    model: Model | None,
    live: Mapping[str, Model],
) -> Iterator[Model]:
    """Return the live models that may be this declaration's, the likeliest first."""
    last = Unheeded.kept(state)
    named = [last.model_id] if last is not None and not last.is_active else []
    named += [str(state.get("live_model_id")), inputs.model_id]
    yield from (live[one] for one in named if one in live)
    known = run.lineage_of(inputs.model_id)
    ids = {*(state.get("earned") or [])}
    if known is not None:
        ids |= {*known.replaced, *known.trained}
    found = [m for m in live.values() if m.id in ids]
    found += _of_lineage(run, model, [m for m in live.values() if m.id not in ids])
    yield from sorted(found, key=lambda m: m.age_key)


def _is_anothers(run: Run, key: str, known: Declared | None, model_id: str) -> bool:
    """Tell whether another declaration has a model by now that this one remembers."""
    lineage = known.lineage if known is not None else None
    others = Others(run.holdings_told(), run.declared.stack, key, lineage)
    return others.having(model_id) is not None


def _of_lineage(run: Run, model: Model | None, others: list[Model]) -> list[Model]:
    """Return the models that no state has, and whose names show the lineage of a model.

    A killed run made them. If Pulumi can't say which stack has a model, it isn't stopped.
    """
    found = [one for one in others if share_lineage(one, model)]
    if not found:
        return []
    try:
        held = {i for one in run.holdings() for i in (one.id, *one.trained)}
    except ConflictError:
        return []
    return [one for one in found if one.id not in held]
