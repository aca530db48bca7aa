"""What a preview can't show by itself: the engine asks no provider what a create will come to."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.creation import (
    Account,
    Adopt,
    Decision,
    Refuse,
    TakeUp,
    Train,
    decide,
)
from providers.lytics.domain.finding.matching import Wanted, are_kin
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.finding.unique_name import warning
from providers.lytics.domain.identity import NameIndex
from providers.lytics.domain.live.liveness import joins, over_limit, way_of
from providers.lytics.errors import ConflictError, LyticsError
from providers.lytics.program.program import Program
from providers.lytics.program.resources.model import MlModel
from providers.lytics.shapes import Model
from providers.lytics.states import ask_holdings


@dataclass(frozen=True)
class Planned:
    """A declared model in a preview.

    Attributes:
        resource: the resource; its id isn't known if it is to be created or replaced.
        inputs: its inputs, None where a segment could not be looked up.
        was: the key that it had before.
    """

    resource: MlModel
    inputs: ModelInputs | None
    was: str | None = None


async def note(program: Program, planned: Sequence[Planned]) -> None:
    """Say which creates adopt a model or take one up again, and whether the live limit holds."""
    profile = program.settings.profile
    if profile is not None and profile.delete is False:
        _warn_of_deletes(planned)
    known = await asyncio.gather(*(one.resource.id.is_known() for one in planned))
    new = [one for one, is_known in zip(planned, known, strict=True) if not is_known]
    if not new:
        return
    try:
        account = await program.account()
    except LyticsError as exc:
        pulumi.log.warn(f"This preview can't say which models exist already: {exc}")
        return
    names = NameIndex((model.id, model.name) for model in account.values())
    may_exist = any(one.inputs is not None and _may_exist(one.inputs, names) for one in new)
    # Pulumi takes a few tenths of a second to say what the states have.
    held = await asyncio.to_thread(_holdings) if may_exist else ()
    for one in new:
        if one.inputs is not None:
            wanted = _wanted(one, held, account)
            decision = decide(wanted, Account(account, names, lambda: held))
            _note_one(decision, one.resource)
            if not isinstance(decision, Train):
                continue
            if told := warning(wanted, account.values()):
                pulumi.log.info(told, one.resource)
            listed = profile.listed_as(wanted.name) if profile is not None else None
            if listed not in {None, wanted.name}:
                pulumi.log.info(f'Lytics will list it as "{listed}"', one.resource)
    _note_limit(planned, {one.resource.traits.key for one in new}, account)


def _warn_of_deletes(planned: Iterable[Planned]) -> None:
    keys = sorted(o.inputs.key for o in planned if o.inputs and o.inputs.policy == "delete")
    if keys:
        pulumi.log.warn(
            f"on_delete: delete of {', '.join(keys)} won't work: this account can't delete models, "
            "as its profile (lytics:account) says. Say on_delete: deactivate"
        )


def _may_exist(inputs: ModelInputs, names: NameIndex) -> bool:
    """Tell whether the account may have a model that a create comes to."""
    by_name = inputs.name is not None and bool(names.named(inputs.name))
    return inputs.adopt is not None or by_name or bool(names.made_for(inputs.lineage))


def _holdings() -> tuple[Holding, ...]:
    try:
        return tuple(ask_holdings())
    except ConflictError as exc:
        pulumi.log.warn(f"This preview may be wrong about models that exist already: {exc}")
        return ()


def _wanted(one: Planned, held: Iterable[Holding], account: Mapping[str, Model]) -> Wanted:
    """Return what a create would look for; a replacement has the lineage of the state."""
    inputs = one.inputs
    assert inputs is not None  # noqa: S101 - the caller has looked
    keys = {inputs.key, one.was}
    own = [h for h in held if h.stack == inputs.stack and h.key in keys and not h.is_leaving]
    state = next((h for h in own if h.key == inputs.key), own[0] if own else None)
    if state is None:
        return Wanted(inputs, baseline=account)
    kept = inputs.model_copy(update={"lineage": state.lineage})
    return Wanted(kept, {state.id}, state.trained, account)


def _note_one(decision: Decision, resource: MlModel) -> None:
    """Say what one create will come to, or why it will be refused."""
    match decision:
        case Refuse():
            pulumi.log.warn(str(decision), resource)
        case Adopt(model=model):
            pulumi.log.info(f'adopts model {model.id}, "{model.name}"', resource)
        case TakeUp(model=model):
            again = f"takes up model {model.id}, trained before, instead of training one"
            pulumi.log.info(again, resource)
        case Train(note=note) if note:
            pulumi.log.info(f"{note}; a model of its own is trained", resource)


def _note_limit(
    planned: Iterable[Planned], new: Collection[str], account: Mapping[str, Model]
) -> None:
    live = [model for model in account.values() if model.is_active]
    joining = sum(
        joins(
            way_of(one.inputs.model_dump()),
            is_new=one.resource.traits.key in new,
            has_live=_has_live_kin(one.inputs, live),
        )
        for one in planned
        if one.inputs is not None
    )
    if told := over_limit(len(live), joining):
        pulumi.log.warn(told)


def _has_live_kin(inputs: ModelInputs, live: Iterable[Model]) -> bool:
    """Tell whether a model of this declaration is live already: then the number stays."""
    ours = Model(id="", name=Wanted(inputs).name)
    return any(inputs.adopt == model.id or are_kin(model, ours) for model in live)
