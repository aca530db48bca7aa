"""What `lytics-ml recover` says before it changes anything."""

from collections.abc import Iterator

from cli.recover.recovery import Pending
from cli.recover.run import Damage
from cli.screen.terminal import count, safe
from providers.lytics.shapes import Model


def report(damage: Damage) -> Iterator[str]:
    """Yield what was found, line by line."""
    for lock in damage.locks:
        ended = "; that run has ended" if lock.has_ended else ""
        yield f"Stack {damage.stack} is locked by {lock}{ended}"
    if damage.processes:
        yield f"Left running by a run that was killed: {', '.join(map(str, damage.processes))}"
    if damage.pending:
        yield f"{count(len(damage.pending), 'operation')} under way when the run ended:"
    taken_up = damage.found.taken_up if damage.found else {}
    for one in damage.pending:
        yield f"  - {one}{_became(damage, one) if one.of_model else ''}"
    others = {key: m for key, m in taken_up.items() if key not in {p.key for p in damage.pending}}
    for key, model in others.items():
        yield f"The next pulumi up takes up model {_named(model)} for '{key}'"
    if damage.leftovers:
        yield "Models of this stack in the account that neither its state nor its file knows:"
    for left in damage.leftovers:
        live = "live" if left.model.is_active else "not live"
        yield f"  - {_named(left.model)}, made for '{left.key}', {left.model.state}, {live}"
    if damage.leftovers:
        yield "  --adopt declares them, --retire lets them leave (deactivate, unless declared)"
    if not damage.is_any and not damage.leftovers and not damage.problem:
        yield f"Stack {damage.stack}: nothing to recover."


def _became(damage: Damage, one: Pending) -> str:
    """Say what comes of an operation that was under way on a model."""
    if one.kind != "creating":
        return ": pulumi up finishes it"
    if damage.found is None:
        return ""
    if one.key in damage.found.taken_up:
        return f": pulumi up takes up {_named(damage.found.taken_up[one.key])}"
    if any(left.key == one.key for left in damage.found.leftovers):
        return ": it is in the account, and no longer declared as it was, see below"
    return ": the account has nothing of it" if one.lineage else ""


def _named(model: Model) -> str:
    return f'{safe(model.id)} "{safe(model.name, 80)}" ({safe(model.state)})'
