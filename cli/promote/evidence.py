"""What proves a model where it comes from. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cli.drift.compare import Drift, Observed
from cli.workspace.state import Resource, StackState
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.diff import differ
from providers.lytics.domain.live.gate import kept_gate
from providers.lytics.domain.live.judging import Part, evaluate, scores_of
from providers.lytics.domain.segments import is_id
from providers.lytics.shapes import Model, Summary
from providers.lytics.stack_file.reader import Stack


@dataclass(frozen=True)
class Evidence:
    """What is known of a model that is to be promoted.

    Attributes:
        key: the declaration's key.
        model_id: the model, "" if there is none.
        live: whether it is live.
        scores: what it scores.
        parts: how it does by its gate, now.
        reasons: why it isn't proved; none if it is.
    """

    key: str
    model_id: str = ""
    live: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def is_proved(self) -> bool:
        """Whether it may be promoted."""
        return not self.reasons


@dataclass(frozen=True)
class Proving:
    """The environment that a model comes from.

    Attributes:
        stack: what its file declares.
        state: what its state holds.
        observed: what its account shows.
        drifts: what was changed outside.
        summaries: numbers of models, by id.
    """

    stack: Stack
    state: StackState
    observed: Observed
    drifts: tuple[Drift, ...] = ()
    summaries: Mapping[str, Summary] = field(default_factory=dict)


def ids_worth_asking(proving: Proving, key: str) -> list[str]:
    """Return the ids of the models whose numbers tell whether a key's model is proved."""
    resource, activation = proving.state.model(key), proving.state.activations.get(key)
    ids = [resource.id if resource else "", *_live_before(activation)]
    models = proving.observed.models
    return [i for i in ids if i in models and models[i].was_once_complete]


def _live_before(activation: Resource | None) -> list[str]:
    return [str(activation.outputs.get("live_model_id") or "")] if activation else []


def evidence_of(proving: Proving, key: str) -> Evidence:
    """Return what proves a model: it is trained, declared as it is, and live or good enough."""
    name = proving.state.stack
    declared = proving.stack.models.get(key)
    resource = proving.state.model(key)
    if declared is None:
        return Evidence(key, reasons=(f"{name} doesn't declare it",))
    if resource is None:
        return Evidence(key, reasons=(f"{name} hasn't made it yet: run pulumi up there first",))
    model = proving.observed.models.get(resource.id)
    if model is None:
        return Evidence(key, resource.id, reasons=(f"its model is gone from {name}'s account",))
    reasons = [*_unapplied(proving, key, declared, resource), *_outside(proving, key)]
    parts = _judged(proving, key, declared, model)
    reasons += _not_good_enough(declared, model, parts)
    summary = proving.summaries.get(model.id, Summary())
    return Evidence(key, model.id, model.is_active, scores_of(summary), parts, tuple(reasons))


def is_applied(proving: Proving, key: str) -> bool:
    """Tell whether a model is up as its file declares it."""
    declared, resource = proving.stack.models[key], proving.state.model(key)
    return resource is not None and not list(_unapplied(proving, key, declared, resource))


def _unapplied(
    proving: Proving, key: str, declared: ModelDeclaration, resource: Resource
) -> Iterator[str]:
    """Yield how the file differs from the state."""
    kept = resource.outputs
    for side in ("source", "target"):
        reference = proving.stack.segment(getattr(declared, side))
        if reference != kept.get(side if is_id(reference) else f"{side}_name"):
            yield f"{side} is declared as {reference}, and not applied yet"
    applied = {name: str(kept.get(name)) for name in ("lineage", "source", "target")}
    inputs = declared.inputs(key=key, **applied).model_dump(exclude_none=True, exclude={"adopt"})
    names = {name: kept.get(name) for name in ("source_name", "target_name")}
    inputs |= {name: value for name, value in names.items() if value is not None}
    found = differ(resource.id, kept, inputs)
    for name in (*found.replaces, *found.writes):
        yield f"{name} is declared, and not applied yet: run pulumi up there first"
    activation = proving.state.activations.get(key)
    gate = kept_gate(activation.outputs.get("gate")) if activation else None
    if gate != declared.gate and declared.activation is not None:
        yield "its gate is declared, and not applied yet: run pulumi up there first"


def _outside(proving: Proving, key: str) -> Iterator[str]:
    for drift in proving.drifts:
        if drift.key == key and drift.kind == "differs":
            yield f"{drift.property} was changed outside: {drift.declared} → {drift.actual}"


def _judged(
    proving: Proving, key: str, declared: ModelDeclaration, model: Model
) -> tuple[Part, ...]:
    if declared.gate is None:
        return ()
    others = [i for i in _live_before(proving.state.activations.get(key)) if i != model.id]
    current = proving.summaries.get(others[0]) if others else None
    summary = proving.summaries.get(model.id, Summary())
    return evaluate(declared.gate, summary, current).parts


def _not_good_enough(
    declared: ModelDeclaration, model: Model, parts: tuple[Part, ...]
) -> Iterator[str]:
    if model.is_invalid:
        yield f"its training failed: {model.reason or 'invalid'}"
    elif not model.was_once_complete:
        yield f"it is still being trained ({model.state or 'no state'})"
    elif not model.is_active and declared.gate is None:
        yield "it isn't live and has no gate, so nothing proves it"
    elif not model.is_active:
        yield from (f"its gate isn't passed: {part}" for part in parts if not part.passed)
