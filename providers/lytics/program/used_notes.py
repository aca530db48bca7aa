"""What a preview says of models that are to be deleted although audiences use them.

The engine asks no provider before a delete, so the program warns of models under `removed`. Of
replacements the provider warns, which compares them. A review reads the state and names all.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from providers.lytics.domain.declaration import Removal
from providers.lytics.errors import LyticsError
from providers.lytics.program.ending.held_back import exported
from providers.lytics.program.program import Program

_MODEL = "lytics:MlModel::"


async def warn_of_deletions(program: Program, removed: Mapping[str, Removal]) -> None:
    """Warn of each model under `removed` that an `up` will refuse to delete.

    The state is read for that, where something is to be deleted.
    """
    keys = {key for key, removal in removed.items() if removal.on_delete == "delete"}
    if not keys:
        return
    from providers.lytics.domain.audiences import (  # noqa: PLC0415 - few previews need it
        deletion_refused,
        users_left,
        uses_in,
    )

    try:
        resources = asyncio.to_thread(exported)
        segments = asyncio.to_thread(program.ahead.segments)
        account = await program.account()
        uses = uses_in(await segments)
    except LyticsError as exc:
        pulumi.log.warn(f"This preview can't say whether audiences use what is deleted: {exc}")
        return
    for key, model_id in _models_of(keys, await resources):
        model = account.get(model_id)
        if model is None:
            continue
        if users := users_left(model.name, model.id, uses, account.values()):
            pulumi.log.warn(deletion_refused(key, model.id, users))


def _models_of(
    keys: Iterable[str], resources: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Return key and id of the models that a state holds under some keys."""
    found = [(str(one.get("urn", "")), str(one.get("id", ""))) for one in resources]
    wanted = set(keys)
    return [
        (urn.rsplit("::", 1)[-1], model_id)
        for urn, model_id in found
        if _MODEL in urn and urn.rsplit("::", 1)[-1] in wanted
    ]
