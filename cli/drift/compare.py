"""How an account differs from what a stack last applied. Pure: it sends nothing.

It compares with the rules of the provider itself, so that it finds what `pulumi refresh` would
find, and changes neither the state nor the account.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.drift.advice import AGAIN, UP, Found, by_today
from cli.screen.markdown import plain
from cli.workspace.kinship import is_of_stack, key_in
from cli.workspace.state import Resource, StackState
from providers.lytics.domain.audiences import Use, Uses, unwritten
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.finding.matching import contradictions
from providers.lytics.domain.identity import same_name
from providers.lytics.domain.live.gate import kept_gate
from providers.lytics.domain.live.liveness import Down, Unheeded
from providers.lytics.domain.record import inputs_from, outputs_of
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import LyticsError
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Drift:
    """One thing that isn't as it was applied.

    Attributes:
        kind: `differs`, `gone`, or `undeclared` (this stack made it and nobody declares it).
        key: the declaration's key; the key in the name of an undeclared model.
        model_id: the model.
        name: its name in Lytics, which audiences use.
        property: what differs.
        declared: the value that was applied, in words.
        actual: the value that the API shows, in words.
        advice: what the next `pulumi up` does, or what a person can do.
    """

    kind: str
    key: str
    model_id: str
    name: str
    property: str
    declared: str
    actual: str
    advice: str

    def as_dict(self) -> dict[str, Any]:
        """Return what --json shows."""
        return dict(vars(self))


@dataclass(frozen=True)
class StackDrift:
    """What is known of a stack's drift.

    Attributes:
        stack: its name.
        models: how many models it manages.
        drifts: what isn't as it was applied.
        notes: what is worth knowing and no drift.
        unwritten: scores that audiences use and no live model of the account writes, by name.
            No drift: what was applied may be as it was.
    """

    stack: str
    models: int
    drifts: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    unwritten: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The line that says it all."""
        noun = "model" if self.models == 1 else "models"
        if not self.drifts:
            return f"Stack {self.stack}: no drift, {self.models} {noun} as last applied"
        counts = [
            (len({d.model_id for d in self.drifts if d.kind == "differs"}), "changed outside"),
            (sum(d.kind == "gone" for d in self.drifts), "gone"),
            (sum(d.kind == "undeclared" for d in self.drifts), "that nobody declares"),
        ]
        told = ", ".join(f"{number} {words}" for number, words in counts if number)
        return f"Stack {self.stack}: drift. {self.models} {noun} managed; {told}"

    def as_dict(self) -> dict[str, Any]:
        """Return what --json shows."""
        return {
            "stack": self.stack,
            "models": self.models,
            "drift": [one.as_dict() for one in self.drifts],
            "notes": list(self.notes),
            "unwritten": [
                {"name": name, "audiences": [use.audience.slug for use in uses]}
                for name, uses in self.unwritten.items()
            ],
        }


@dataclass(frozen=True)
class Observed:
    """What the API shows.

    Attributes:
        models: the account's models by id.
        gone: ids of the state that are gone for certain.
        book: the account's segments; None if no declaration names one by its slug.
        uses: which audiences use which scores; None if the key may not see audiences.
    """

    models: Mapping[str, Model]
    gone: Collection[str] = ()
    book: SegmentBook | None = None
    uses: Uses | None = None


@dataclass
class _Comparison:
    project: str
    state: StackState
    observed: Observed
    retained: Collection[str]
    declared: Mapping[str, ModelDeclaration] | None
    drifts: list[Drift] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare(
    project: str,
    state: StackState,
    observed: Observed,
    retained: Collection[str] = (),
    declared: Mapping[str, ModelDeclaration] | None = None,
) -> StackDrift:
    """Return what differs between a state and what the API shows.

    Args:
        project: the Pulumi project's name.
        state: the stack's state.
        observed: what the API shows.
        retained: keys that the stack file lets go as they are (`removed` with `retain`).
        declared: what the stack file declares today, by key; None where that isn't known.
    """
    work = _Comparison(project, state, observed, retained, declared)
    managed = [one for one in state.models if not one.is_leaving]
    for resource in managed:
        work.drifts += _of_model(work, resource)
    _undeclared(work)
    if state.pending:
        work.notes.append("An interrupted pulumi up left something over; see lytics-ml recover")
    read = {} if observed.uses is None else unwritten(observed.uses, observed.models.values())
    if observed.uses is None:
        work.notes.append("This key may not see audiences: which scores they miss isn't known")
    return StackDrift(state.stack, len(managed), tuple(work.drifts), tuple(work.notes), read)


def _of_model(work: _Comparison, resource: Resource) -> Iterator[Drift]:
    name = str(resource.outputs.get("name") or "")
    model = work.observed.models.get(resource.id)
    leaves = work.declared is not None and resource.key not in work.declared
    activation = work.state.activations.get(resource.key)
    gate = kept_gate(activation.outputs.get("gate")) if activation is not None else None
    if model is None:
        if resource.id in work.observed.gone:
            advice = "pulumi up trains it anew; taking it out of the file forgets it"
            advice = "it isn't declared any more, and pulumi up forgets it" if leaves else advice
            yield Drift("gone", resource.key, resource.id, name, "model", "there", "gone", advice)
        return

    def differs(what: str, declared: object, actual: object, advice: str) -> Drift:
        words = plain(declared), plain(actual)
        if work.declared is not None:
            today = work.declared.get(resource.key)
            advice = by_today((what, declared, actual, advice), gate, today)
        return Drift("differs", resource.key, resource.id, name, what, *words, advice)

    models = work.observed.models
    for found in (
        *_fields(resource, model),
        *_training(resource, model),
        *_unheeded(resource, models),
    ):
        yield differs(*found)
    if activation is not None:
        for found in (*_activation(activation, model, models), *_unheeded(activation, models)):
            yield differs(*found)
    if work.observed.book is not None:
        for found in _segments(resource, work.observed.book):
            yield differs(*found)


def _replaces(resource: Resource) -> str:
    return f"no pulumi up changes it back; lytics-ml retrain {resource.key} trains one as declared"


def _fields(resource: Resource, model: Model) -> Iterator[Found]:
    """Compare what is managed with the provider's own rules."""
    try:
        inputs = inputs_from(resource.outputs)
    except (ValueError, LyticsError):
        yield "state", "readable", "not readable by this version", "run pulumi up"
        return
    shown = outputs_of(inputs, model, resource.outputs.get("trained"))
    for name in resource.outputs.get("managed") or []:
        if _is_taken_out(resource, name):
            continue
        if resource.outputs.get(name) != shown.get(name):
            yield name, resource.outputs.get(name), shown.get(name), UP
    if not same_name(str(resource.outputs.get("name") or ""), model.name):
        yield "name", resource.outputs.get("name"), model.name, _replaces(resource)
    for side in ("source", "target"):
        if getattr(inputs, side) != getattr(model, side).lower():
            yield side, getattr(inputs, side), getattr(model, side), _replaces(resource)
    config = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    for name in contradictions(inputs, model):
        actual = model.config.reported().get(name)
        yield f"config.{name}", config.get(name), actual, _replaces(resource)


def _is_taken_out(resource: Resource, name: str) -> bool:
    """Tell whether a field that was applied isn't declared any more, so that no `up` writes it.

    An `up` changes no output then: the inputs alone lack the field.
    """
    managed = resource.outputs.get("managed") or []
    return name in managed and bool(resource.inputs) and name not in resource.inputs


def _training(resource: Resource, model: Model) -> Iterator[Found]:
    if model.is_invalid:
        why = f"invalid: {model.reason}" if model.reason else "invalid"
        yield "state", "complete", why, "see lytics-ml show; lytics-ml retrain trains it anew"
    elif resource.outputs.get("state") == "complete" and not model.was_once_complete:
        yield "state", "complete", model.state or "no state", "it is being built again"


def _activation(
    activation: Resource, model: Model, account: Mapping[str, Model]
) -> Iterator[Found]:
    """Compare what is live with what an activation left."""
    kept = activation.outputs
    gate = kept_gate(kept.get("gate"))
    was_healthy = gate is not None and gate.healthy and bool(kept.get("passed"))
    if was_healthy and model.was_once_complete and not model.is_invalid and not model.is_healthy:
        stays = "; it stays live until it is replaced" if model.is_active else ""
        advice = f"its gate wants a healthy model{stays}"
        yield "health", "healthy", "unhealthy", advice
    if model.is_active and kept.get("pending") and model.id not in (kept.get("earned") or []):
        yield "is_active", False, True, "its gate isn't judged yet; pulumi up judges it"
    if not kept.get("activate") or kept.get("pending") or Unheeded.kept(kept) is not None:
        return
    if kept.get("live_model_id") == model.id:
        if kept.get("passed") and not model.is_active:
            yield "is_active", True, False, AGAIN
        return
    if model.is_active and not kept.get("passed"):
        yield "is_active", False, True, "somebody set it live although its gate isn't passed"
    down = Down.kept(kept)
    before = account.get(down.model_id if down else str(kept.get("live_model_id")))
    if before is not None and not before.is_active and not model.is_active:
        since = f"False since {down.since}" if down else False
        advice = "nothing is live; pulumi up starts the new model, or this one, as soon as it can"
        if down is None and not kept.get("passed"):
            advice = "activate it in Lytics, or let the new model pass"
        yield f"is_active of {before.id}, live until the new one is", True, since, advice


def _unheeded(resource: Resource, account: Mapping[str, Model]) -> Iterator[Found]:
    """Report a write that Lytics didn't carry out, if that is still so."""
    last = Unheeded.kept(resource.outputs)
    model = account.get(last.model_id) if last is not None else None
    if last is None or model is None or model.is_active is last.is_active:
        return
    if _is_taken_out(resource, "is_active"):
        return
    name = "is_active" if model.id == resource.id else f"is_active of {model.id}"
    yield name, last.is_active, model.is_active, last.problem()


def _segments(resource: Resource, book: SegmentBook) -> Iterator[Found]:
    for side in ("source", "target"):
        slug, kept = resource.outputs.get(f"{side}_name"), resource.outputs.get(side)
        if not isinstance(slug, str):
            continue
        found = book.id_of(slug)
        if found is None:
            yield side, f"{slug} ({kept})", "no such segment", "pulumi up fails until it is there"
        elif found != kept:
            advice = "the slug is another segment's now: the next pulumi up trains a new model"
            yield side, f"{slug} ({kept})", f"{slug} ({found})", advice


def _undeclared(work: _Comparison) -> None:
    """Find what this stack made and doesn't know any more; what it retired is no drift."""
    state = work.state
    known = {resource.id for resource in state.models}
    current = {one.key: one.outputs for one in state.models if not one.is_leaving}
    lineages = {str(one.outputs.get("lineage")) for one in state.models}
    remembered = {i for outputs in current.values() for i in outputs.get("trained") or {}}
    retired = 0
    for model in sorted(work.observed.models.values(), key=lambda one: one.age_key):
        if model.id in known:
            continue
        is_ours = is_of_stack(model.name, work.project, state.stack, lineages)
        if not is_ours and model.id not in remembered:
            continue
        if not is_ours and not model.is_active:
            retired += 1
            continue
        key = key_in(model.name) or ""
        retains = current.get(key, {}).get("on_delete") == "retain" or key in work.retained
        building = not model.was_once_complete and not model.is_invalid
        if (model.is_active and not retains) or (building and model.id not in remembered):
            work.drifts.append(_nobodys(model, key))
        else:
            retired += 1
    if retired:
        noun = "model" if retired == 1 else "models"
        work.notes.append(
            f"{retired} retired {noun} of this stack still in the account, as intended"
        )


def _nobodys(model: Model, key: str) -> Drift:
    actual = "live" if model.is_active else "being built"
    advice = (
        f"declare it with adopt: {model.id}, deactivate it in Lytics, "
        "or see lytics-ml recover if an up was interrupted"
    )
    what = "model", "not declared", actual
    return Drift("undeclared", key, model.id, model.name, *what, advice)
