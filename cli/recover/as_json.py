"""What `lytics-ml recover --json` prints."""

from collections.abc import Sequence

from typing_extensions import TypedDict

from cli.recover.run import Damage


class LockJson(TypedDict):
    """Who holds the stack; `alive`: its process runs on this machine."""

    holder: str
    since: str | None
    alive: bool


class PendingJson(TypedDict):
    """An operation that was under way."""

    kind: str
    key: str


class LeftoverJson(TypedDict):
    """A model of the stack that neither its state nor its file knows."""

    id: str
    name: str
    key: str
    state: str
    live: bool
    declared: bool
    policy: str


class RecoverJson(TypedDict):
    """What a killed run left, and what was done about it."""

    stack: str
    locks: list[LockJson]
    processes: list[int]
    pending: list[PendingJson]
    taken_up: dict[str, str]
    leftovers: list[LeftoverJson]
    problem: str | None
    done: list[str]


def as_json(damage: Damage, done: Sequence[str]) -> RecoverJson:
    """Return what is printed.

    Args:
        damage: what was found.
        done: what was done, a sentence each.
    """
    taken_up = damage.found.taken_up if damage.found else {}
    return {
        "stack": damage.stack,
        "locks": [
            {"holder": one.holder, "since": one.since or None, "alive": one.is_alive}
            for one in damage.locks
        ],
        "processes": [one.pid for one in damage.processes],
        "pending": [{"kind": one.kind, "key": one.key} for one in damage.pending],
        "taken_up": {key: model.id for key, model in taken_up.items()},
        "leftovers": [
            {
                "id": one.model.id,
                "name": one.model.name,
                "key": one.key,
                "state": one.model.state,
                "live": one.model.is_active,
                "declared": one.is_declared,
                "policy": str(one.policy),
            }
            for one in damage.leftovers
        ],
        "problem": damage.problem or None,
        "done": list(done),
    }
