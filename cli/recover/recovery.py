"""What a killed run left behind, and how it is put in order. Pure: nothing is asked or written."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.workspace.kinship import is_of_stack, key_in
from cli.workspace.state import Resource, StackState
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.diff import differ
from providers.lytics.domain.fields import EVEN_IF_USED, OnDelete
from providers.lytics.domain.finding.creation import Account, TakeUp, decide
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.identity import NameIndex, forms, lineage, lineages_of, proof_in
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import ConflictError
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import Stack

MODEL_KIND = "lytics:MlModel"


@dataclass(frozen=True)
class Pending:
    """An operation that was under way.

    Attributes:
        kind: `creating`, `updating`, `deleting` and the like.
        key: the resource's key.
        of_model: whether it was one of a model.
        lineage: the model's lineage, "" where the state doesn't say.
    """

    kind: str
    key: str
    of_model: bool
    lineage: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {'model' if self.of_model else 'activation'} '{self.key}'"


@dataclass(frozen=True)
class Leftover:
    """A model of the stack that neither the state nor the next `up` knows.

    Attributes:
        model: the model.
        key: the key that it was made for.
        in_state: the id that the state has under this key, None if it has none.
        is_declared: whether the stack file still declares the key.
        policy: how it would leave.
    """

    model: Model
    key: str
    in_state: str | None
    is_declared: bool
    policy: OnDelete


@dataclass(frozen=True)
class Found:
    """What the account has of a stack's models.

    Attributes:
        taken_up: models that the next `up` takes up, by key.
        leftovers: those that it doesn't know.
    """

    taken_up: Mapping[str, Model]
    leftovers: tuple[Leftover, ...]


def pending_of(state: StackState) -> list[Pending]:
    """Return what was under way when a run ended."""
    return [_pending(operation) for operation in state.pending]


def _pending(operation: Mapping[str, Any]) -> Pending:
    resource = operation.get("resource") or {}
    inputs = resource.get("inputs") or {}
    urn = str(resource.get("urn", ""))
    return Pending(
        kind=str(operation.get("type", "changing")),
        key=urn.rsplit("::", 1)[-1],
        of_model=str(resource.get("type", "")).endswith(MODEL_KIND),
        lineage=str(inputs.get("lineage") or ""),
    )


def without_pending(exported: Mapping[str, Any]) -> dict[str, Any]:
    """Return an exported state without pending operations; all else as it is."""
    deployment = {
        name: value
        for name, value in (exported.get("deployment") or {}).items()
        if name != "pending_operations"
    }
    return {**exported, "deployment": deployment}


def find_models(  # noqa: PLR0913 - each is one thing that is asked beforehand
    project: str,
    stack: Stack,
    state: StackState,
    account: Collection[Model],
    book: SegmentBook,
    *,
    holdings: Callable[[], Iterable[Holding]] = tuple,
) -> Found:
    """Return what the account has of a stack's models beside those of the state.

    Earlier models that their successors have retired are no leftovers, unless they are live: a
    killed run that went back to one may have set it live. Nor are those of a key that nobody knows
    any more, unless they are live or will be.

    Args:
        project: the Pulumi project.
        stack: what is declared.
        state: what the state has.
        account: the account's models.
        book: its segments.
        holdings: asks which models the states of all stacks have.
    """
    keys = _lineages(project, stack, state)
    known = {model.id for model in state.models}
    known |= {model.adopt for model in stack.models.values() if model.adopt is not None}
    known |= _retired(state, account)
    remembered = {one: model.key for model in state.models for one in _trained(model)}
    taken_up = _taken_up(project, stack, state, account, book, holdings=holdings)
    known |= {model.id for model in taken_up.values()}
    leftovers = []
    for model in sorted(account, key=lambda one: one.age_key):
        if model.id in known:
            continue
        lineage_, _ = proof_in(model.name) or ("", "")
        key = remembered.get(model.id) or keys.get(lineage_) or str(key_in(model.name))
        policy = _policy(stack, key)
        if model.id not in remembered:
            if not is_of_stack(model.name, project, state.stack, keys):
                continue
            if lineage_ not in keys and _has_left(model, policy if key in stack.removed else None):
                continue
            if any(one.stack != state.stack and one.id == model.id for one in holdings()):
                continue
        in_state = state.model(key)
        leftovers.append(
            Leftover(
                model=model,
                key=key,
                in_state=in_state.id if in_state else None,
                is_declared=key in stack.models,
                policy=policy,
            )
        )
    return Found(taken_up, tuple(leftovers))


def _taken_up(  # noqa: PLR0913 - as find_models
    project: str,
    stack: Stack,
    state: StackState,
    account: Collection[Model],
    book: SegmentBook,
    *,
    holdings: Callable[[], Iterable[Holding]],
) -> dict[str, Model]:
    """Return which models the next `up` takes up, by key: as its creates decide."""
    models = {model.id: model for model in account}
    names = NameIndex((model.id, model.name) for model in account)
    found: dict[str, Model] = {}
    for key, declared in stack.models.items():
        sides = (book.id_of(stack.segment(side)) for side in (declared.source, declared.target))
        source, target = sides
        if source is None or target is None:
            continue
        first = lineage(project, state.stack, key)
        inputs = declared.inputs(
            key=key, stack=state.stack, lineage=first, source=source, target=target
        )
        wanted = _wanted(inputs, state.model(key) or state.model(declared.was or ""), models)
        decision = decide(wanted, Account(models, names, holdings)) if wanted else None
        if isinstance(decision, TakeUp):
            found[key] = decision.model
    return found


def _wanted(inputs: ModelInputs, kept: Resource | None, models: Collection[str]) -> Wanted | None:
    """Return what a create is after, None where the state's model is the declared one."""
    if kept is None:
        return Wanted(inputs, baseline=models)
    try:
        is_replaced = bool(differ(kept.id, kept.outputs, inputs.model_dump()).replaces)
    except ConflictError:
        return None  # `adopt` names another model: the up refuses that itself.
    if not is_replaced:
        return None
    named = inputs.model_copy(update={"lineage": str(kept.outputs.get("lineage"))})
    return Wanted(named, {kept.id}, _trained(kept), models)


def _lineages(project: str, stack: Stack, state: StackState) -> dict[str, str]:
    """Return the keys of every lineage that is, or just was, the stack's."""
    computed = {
        name: key for key in stack.models for name in lineages_of(project, state.stack, key)
    }
    pending = {one.lineage: one.key for one in pending_of(state) if one.lineage}
    stored = {str(model.outputs.get("lineage")): model.key for model in state.models}
    known = {**pending, **stored}
    return {**computed, **{form: key for one, key in known.items() for form in forms(one)}}


def _has_left(model: Model, removed: OnDelete | None) -> bool:
    """Tell whether a model of a key that nobody declares is as it was meant to be left.

    Args:
        model: the model.
        removed: how `removed` lets it leave, None where it isn't there.
    """
    if removed == "retain":
        return True
    return _is_at_rest(model) and removed not in {"delete", EVEN_IF_USED}


def _is_at_rest(model: Model) -> bool:
    return not model.is_active and (model.was_once_complete or model.is_invalid)


def _retired(state: StackState, account: Iterable[Model]) -> set[str]:
    """Return the earlier models that the state remembers; live ones only if they are retained."""
    live = {model.id for model in account if model.is_active}
    return {
        model_id
        for resource in state.models
        for model_id in _trained(resource)
        if model_id not in live or resource.outputs.get("on_delete") == "retain"
    }


def _trained(model: Resource) -> Mapping[str, str]:
    """Return id -> inputs hash of the models that the state remembers of one declaration."""
    trained = model.outputs.get("trained")
    return trained if isinstance(trained, Mapping) else {}


def _policy(stack: Stack, key: str) -> OnDelete:
    if key in stack.removed:
        return stack.removed[key].on_delete
    declared = stack.models.get(key)
    return (declared.on_delete if declared else None) or "deactivate"
