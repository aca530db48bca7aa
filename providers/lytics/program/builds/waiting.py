"""Waits for the builds of declared models, as their declarations and the settings say."""

import asyncio
from collections.abc import Sequence

import pulumi

from providers.lytics.domain.declaration import DEFAULT_BUILD_TIMEOUT
from providers.lytics.domain.fields import duration_s
from providers.lytics.domain.finding.matching import are_kin
from providers.lytics.domain.live.liveness import (
    Unheeded,
    goes_live_by_itself,
    live_though_unhealthy,
)
from providers.lytics.program.builds.settling import made_true
from providers.lytics.program.builds.watcher import Built
from providers.lytics.program.ending.outcomes import Failure
from providers.lytics.program.later import made_of, settled, then
from providers.lytics.program.program import Program, this_program
from providers.lytics.program.resources.model import MlModel
from providers.lytics.shapes import Model


async def wait_for(
    program: Program, model: MlModel, model_id: str, timeout_s: float | None = None
) -> Built:
    """Wait for one model as its declaration and the stack's settings say."""
    limit_s = timeout_s if timeout_s is not None else _limit_s(model)
    watcher = program.watcher
    if program.settings.wait:
        return await watcher.built(model.traits.key, model_id, limit_s)
    # lytics:wait is for first creates: a live model's successor is always waited for, and what
    # goes live by itself and isn't to.
    seen = await watcher.built(model.traits.key, model_id, 0)
    look = watcher.look()
    must_wait = _has_live_predecessor(look, model_id) or _has_to_be_held(model, look.get(model_id))
    if seen.is_late and must_wait:
        return await watcher.built(model.traits.key, model_id, limit_s)
    return seen


def failure_of(program: Program, model: MlModel, built: Built) -> Failure | None:
    """Return what went wrong with a build; a build that wasn't to be waited for is no failure."""
    waived = built.is_late and not program.settings.wait
    return Failure(model.traits.key, built.problem) if built.problem and not waived else None


def wait_until_built(
    models: Sequence[MlModel], timeout_s: float | None = None
) -> pulumi.Output[dict[str, str]]:
    """Wait until models are trained; the program ends with an error if one isn't.

    Nothing waits in a preview or a destroy. The models that are fine go on: the program ends after
    all have had their turn.

    Args:
        models: the models.
        timeout_s: seconds to wait for each (default: each model's build_timeout).

    Returns:
        Each model's id by its key, once all are done; without those that an `up` leaves out.
    """
    program = this_program()
    waits = [asyncio.ensure_future(_built(program, model, timeout_s)) for model in models]
    if program.waits:
        program.outcomes.expect(_failures(waits))

    async def ids(_known: object) -> dict[str, str]:
        ended = await asyncio.gather(*waits)
        return {
            model.traits.key: model_id
            for model, (model_id, _) in zip(models, ended, strict=True)
            if model_id is not None
        }

    return then(made_of([model.id for model in models]), ids)


_Wait = tuple[str | None, Failure | None]


async def _built(program: Program, model: MlModel, timeout_s: float | None) -> _Wait:
    """Return a model's id, None where it stays unknown, and what went wrong with its build."""
    is_managed = model.traits.is_active is not None
    known = await settled([model.id, *([model.state, model.unheeded] if is_managed else [])])
    if known is None or not program.waits:
        return (known[0] if known else None), None
    model_id, state, unheeded = known if is_managed else (known[0], "", None)
    built = await wait_for(program, model, model_id, timeout_s)
    failure = failure_of(program, model, built)
    if failure is None and is_managed:
        kept = Unheeded.kept({"unheeded": unheeded})
        was_built = state == "complete"
        failure = await made_true(program, model, built, kept, was_built=was_built)
    if model.traits.activation is None:
        shown = program.watcher.look().get(model_id)
        warn_if_unhealthy(model, shown, is_live=shown is not None and shown.is_active)
    return model_id, failure


def warn_if_unhealthy(model: MlModel, shown: Model | None, *, is_live: bool) -> None:
    """Tell of a model that is live, unhealthy, and that no gate has judged."""
    if told := live_though_unhealthy(shown, is_live=is_live):
        pulumi.log.warn(told, model)


async def _failures(waits: Sequence["asyncio.Future[_Wait]"]) -> list[Failure]:
    return [failure for _, failure in await asyncio.gather(*waits) if failure is not None]


def _limit_s(model: MlModel) -> float:
    declared = model.traits.build_timeout
    return duration_s(declared if isinstance(declared, str) else DEFAULT_BUILD_TIMEOUT)


def _has_to_be_held(model: MlModel, shown: Model | None) -> bool:
    """Tell whether a model will go live by itself, as Lytics says outright, and isn't to."""
    if shown is None or not (model.traits.activation or model.traits.is_active is False):
        return False
    return goes_live_by_itself(shown) and shown.config.reported().get("build_only") is False


def _has_live_predecessor(models: dict[str, Model], model_id: str) -> bool:
    model = models.get(model_id)
    if model is None:
        return False
    return any(other.is_active and are_kin(other, model) for other in models.values())
