"""What a preview says of models that are to be deleted although audiences use them.

The engine asks no provider before a delete. A replacement is told by the provider, which compares
it; here, what `removed` says. A review, which reads the state, tells all of them.
"""

import asyncio
from collections.abc import Mapping

import pulumi

from providers.lytics.domain.declaration import Removal
from providers.lytics.domain.identity import lineages_of, proof_in
from providers.lytics.errors import LyticsError
from providers.lytics.program.program import Program


async def warn_of_deletions(program: Program, removed: Mapping[str, Removal]) -> None:
    """Warn of each model under `removed` that an `up` will refuse to delete.

    Found by their default names: the program doesn't know the state.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    keys = {
        name: key
        for key, removal in removed.items()
        if removal.on_delete == "delete"
        for name in lineages_of(project, stack, key)
    }
    if not keys:
        return
    from providers.lytics.domain.audiences import (  # noqa: PLC0415 - few previews need it
        deletion_refused,
        users_left,
        uses_in,
    )

    try:
        segments = asyncio.to_thread(program.client.list_segments)
        account = await program.watcher.look_again()
        uses = uses_in(await segments)
    except LyticsError as exc:
        pulumi.log.warn(f"This preview can't say whether audiences use what is deleted: {exc}")
        return
    for model in account.values():
        proof = proof_in(model.name)
        if proof is None or proof[0] not in keys:
            continue
        if users := users_left(model.name, model.id, uses, account.values()):
            pulumi.log.warn(deletion_refused(keys[proof[0]], model.id, users))
