"""Makes is_active true once a model is built, where Lytics doesn't by itself."""

import asyncio

import pulumi

from providers.lytics.domain.live.liveness import Unheeded, to_write
from providers.lytics.errors import LyticsError
from providers.lytics.program.builds.watcher import Built
from providers.lytics.program.ending.outcomes import Failure
from providers.lytics.program.program import Program
from providers.lytics.program.resources.model import MlModel
from providers.lytics.shapes import Model


async def made_true(
    program: Program, model: MlModel, built: Built, kept: Unheeded | None, *, was_built: bool
) -> Failure | None:
    """Set a model live, or stop it, where it was just built and isn't as is_active says.

    Such a model has no activation, so the engine calls no resource after its build. The state
    learns of the write with the model's next read.

    Args:
        program: what this run shares.
        model: what is declared.
        built: how the wait for its build ended.
        kept: what Lytics didn't do when the model was written to, as the state tells.
        was_built: whether it was known to be trained when the state was written.

    Returns:
        Why it isn't as declared.
    """
    key, wanted = model.traits.key, model.traits.is_active
    if kept is not None:
        return Failure(key, _problem(kept))
    shown = None if was_built or built.problem else built.model
    active = to_write(shown, wanted=wanted) if shown is not None and shown.is_complete else None
    if shown is None or active is None:
        return None
    if not built.was_awaited:
        be, does = ("isn't live", "sets it live") if active else ("is live", "stops it")
        what = f"model {shown.id} {be}, and is declared with is_active: {str(active).lower()}"
        return Failure(key, f"{what}. pulumi up --refresh {does}")
    try:
        unheeded = await asyncio.to_thread(_switched, program, shown, active=active)
    except LyticsError as exc:
        what = f"is_active of model {shown.id} can't be set: {exc}"
        return Failure(key, f"{what}. Run pulumi up --refresh")
    if unheeded is None:
        pulumi.log.warn(_told(shown, active=active), model)
        return None
    return Failure(key, _problem(unheeded))


def _problem(unheeded: Unheeded) -> str:
    return unheeded.problem("" if unheeded.is_active else "declare is_active: true")


def _switched(program: Program, shown: Model, *, active: bool) -> Unheeded | None:
    from providers.lytics.account.switching import switch  # noqa: PLC0415 - seldom needed

    now, unheeded = switch(program.client, shown, active=active)
    program.watcher.remember(now)
    return unheeded


def _told(shown: Model, *, active: bool) -> str:
    if active:
        return f"Lytics didn't set model {shown.id} live when it was trained; it is set live now"
    return f"model {shown.id} went live by itself although it isn't to be live, and is stopped"
