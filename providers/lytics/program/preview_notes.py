"""What a preview can't show by itself: the engine asks no provider what a create will come to."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.identity import NameIndex
from providers.lytics.domain.liveness import LIVE_LIMIT
from providers.lytics.domain.matching import Wanted, are_kin, likely, matches
from providers.lytics.errors import ConflictError, LyticsError
from providers.lytics.host.lifecycle import adoption_problems
from providers.lytics.program.model_resource import MlModel
from providers.lytics.program.program import Program
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Planned:
    """A declared model in a preview.

    Attributes:
        resource: the resource; its id isn't known if it is to be created or replaced.
        inputs: its inputs, None where a segment could not be looked up.
        meant_live: whether it is to be live in the end.
    """

    resource: MlModel
    inputs: ModelInputs | None
    meant_live: bool


async def note(program: Program, planned: Sequence[Planned]) -> None:
    """Say which creates take a model over or up again, and whether the live limit holds.

    A replacement looks like a create here, and ignores its `adopt`: so what stands in the way of
    an adoption is a warning, and the create refuses.
    """
    known = await asyncio.gather(*(one.resource.id.is_known() for one in planned))
    new = [one for one, is_known in zip(planned, known, strict=True) if not is_known]
    if not new:
        return
    try:
        account = await program.watcher.look_again()
    except LyticsError as exc:
        pulumi.log.warn(f"This preview can't say which models exist already: {exc}")
        return
    names = NameIndex((model.id, model.name) for model in account.values())
    for one in new:
        if one.inputs is not None:
            _note_one(one.inputs, one.resource, account, names)
    _note_limit(planned, account)


def _note_one(
    inputs: ModelInputs, resource: MlModel, account: Mapping[str, Model], names: NameIndex
) -> None:
    """Say what one create will come to, or why it will be refused."""
    if inputs.adopt is not None:
        model = account.get(inputs.adopt)
        problems = adoption_problems(inputs, model)
        if problems or model is None:
            what = f"adopt: {inputs.adopt} doesn't fit: {'; '.join(problems)}"
            then = "An up refuses it for a model that is new here, and ignores it in a replacement"
            pulumi.log.warn(f"{what}. {then}", resource)
        else:
            adopts = f'adopts model {model.id}, "{model.name}"; a replacement trains one instead'
            pulumi.log.info(adopts, resource)
        return
    try:
        wanted = Wanted(inputs, baseline=account)
        found = matches(wanted, likely(wanted, account, names))
    except ConflictError as exc:
        then = "In a replacement, models that this stack made itself don't count"
        pulumi.log.warn(f"{exc}. {then}", resource)
        return
    usable = [model for model in found if not model.is_invalid]
    if usable:
        again = f"takes up model {usable[0].id}, trained before, instead of training one"
        pulumi.log.info(again, resource)


def _note_limit(planned: Iterable[Planned], account: Mapping[str, Model]) -> None:
    live = [model for model in account.values() if model.is_active]
    joining = sum(
        one.meant_live and one.inputs is not None and not _has_live_kin(one.inputs, live)
        for one in planned
    )
    if len(live) + joining > LIVE_LIMIT:
        pulumi.log.warn(
            f"{len(live)} models of the account are live and {joining} more are to be; "
            f"Lytics allows {LIVE_LIMIT}"
        )


def _has_live_kin(inputs: ModelInputs, live: Iterable[Model]) -> bool:
    """Tell whether a model of this declaration is live already: then the number stays."""
    ours = Model(id="", name=Wanted(inputs).name)
    return any(inputs.adopt == model.id or are_kin(model, ours) for model in live)
