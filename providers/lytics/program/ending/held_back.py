"""What a failed `up` holds back: the engine deletes nothing unless the program ended well.

Neither program nor provider is told what the engine would have deleted, so the state is asked.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from providers.lytics.domain.finding.ownership import MODEL_TYPE
from providers.lytics.errors import ConflictError, LyticsError
from providers.lytics.program.later import settled
from providers.lytics.shapes import Model
from providers.lytics.states import run_pulumi

if TYPE_CHECKING:
    from providers.lytics.program.program import Program

_MODEL = f"::{MODEL_TYPE}::"
_COMPONENT_MODEL = f"${MODEL_TYPE}::"


async def account_now(program: "Program") -> Mapping[str, Model]:
    """Return the account's models by id, {} where the API doesn't answer."""
    try:
        return await program.watcher.look_again()
    except LyticsError:
        return {}


async def held_back(program: "Program", account: Mapping[str, Model]) -> list[str]:
    """Return a line for each model that leaves only with an `up` that ends well."""
    current: dict[str, str | None] = {}
    for model in program.models:
        known = await settled([model.urn, model.id])
        if known is None:
            # It was left out or could not be made, so nobody knows which model it would replace.
            urn = await model.urn.future()
            if urn:
                current[urn] = None
        else:
            current[known[0]] = known[1]
    resources = await asyncio.to_thread(exported)
    return lines_of(resources, current, account)


def lines_of(
    resources: Iterable[Mapping[str, Any]],
    current: Mapping[str, str | None],
    account: Mapping[str, Model],
) -> list[str]:
    """Return a line for each model that is held back; pure.

    Args:
        resources: those of the state.
        current: by URN, the id that each declared model has come to; None where it isn't known.
        account: the account's models by id.
    """
    kept = set(current.values())
    lines: dict[str, str] = {}
    for one in resources:
        urn, model_id = str(one.get("urn", "")), str(one.get("id", ""))
        if not (_MODEL in urn or _COMPONENT_MODEL in urn) or model_id in kept:
            continue
        is_declared = urn in current
        if is_declared and current[urn] is None and not one.get("delete"):
            continue
        key = urn.rsplit("::", 1)[-1]
        shown = account.get(model_id)
        live = ", live" if shown is not None and shown.is_active else ""
        what = "the model that was replaced" if is_declared else "the removal of"
        told = f"{what}, {model_id}" if is_declared else f"{what} model {model_id}"
        lines[model_id] = f"  - {key}: {told}{live}"
    return sorted(lines.values())


def exported() -> list[Mapping[str, Any]]:
    """Return the resources of the stack's state, [] where they can't be read."""
    organization = pulumi.get_organization()
    prefix = "" if organization in {"", "organization"} else f"{organization}/"
    stack = f"{prefix}{pulumi.get_stack()}"
    try:
        exported = json.loads(run_pulumi("stack", "export", "--stack", stack))
        resources = exported["deployment"].get("resources") or []
    except (ConflictError, ValueError, KeyError, TypeError):
        return []
    return [one for one in resources if isinstance(one, Mapping)]
