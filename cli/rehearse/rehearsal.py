"""The shapes of a rehearsal: what is told of it, on every way of showing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.rehearse.scores import Gates
from providers.lytics.domain.audiences import Use


@dataclass(frozen=True)
class Write:
    """One request that writes.

    Attributes:
        at: its place among them, from 1.
        method: of HTTP.
        path: of the request.
        key: the declaration's key, "" for a model of somebody else.
        what: what it does, in words.
        refused: the status that it was refused with, 0 if it wasn't.
        model_id: the model, "" where none was made.
    """

    at: int
    method: str
    path: str
    key: str
    what: str
    refused: int = 0
    model_id: str = ""


@dataclass(frozen=True)
class Moment:
    """What is live after a write.

    Attributes:
        after: the write, 0 before the first.
        keys: ids of live models by key; a key without any is not there.
        others: how many models of others are live.
    """

    after: int
    keys: Mapping[str, tuple[str, ...]]
    others: int = 0

    @property
    def live(self) -> int:
        """How many models of the account are live."""
        return self.others + sum(len(ids) for ids in self.keys.values())


@dataclass(frozen=True)
class Gap:
    """Moments with nothing live where something was and is to be.

    Attributes:
        key: whose.
        after: the write that stopped the last one.
        until: the write after which one is live again, None if none is at the end.
    """

    key: str
    after: int
    until: int | None


@dataclass(frozen=True)
class Peak:
    """One model more than the account may have live.

    Attributes:
        key: of the model that was one too many.
        after: the write that made, or would have made it live.
        live: how many would be live with it.
    """

    key: str
    after: int
    live: int


@dataclass(frozen=True)
class Left:
    """A model of the stack that stays in the account, and that the stack no longer holds."""

    key: str
    id: str
    name: str
    live: bool


@dataclass(frozen=True)
class Rehearsal:
    """What one rehearsal came to.

    Attributes:
        gates: what new models scored.
        exit: the exit code of the `up`.
        as_declared: whether it ended well, or with gates that were meant not to pass and nothing
            else.
        writes: what was sent, in order.
        live: what was live before the first write, and after each.
        gaps: where nothing was live.
        over_limit: where more than allowed would be.
        left_behind: what stays and belongs to nothing.
        losing: audiences whose score nothing writes any more, by the score's name; None if the
            account's audiences can't be seen.
        second_up_writes: how many writes a second `up` sent.
        errors: what the user sees of what went wrong, "" if nothing did.
    """

    gates: Gates
    exit: int
    as_declared: bool
    writes: tuple[Write, ...] = ()
    live: tuple[Moment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    over_limit: tuple[Peak, ...] = ()
    left_behind: tuple[Left, ...] = ()
    losing: Mapping[str, tuple[Use, ...]] | None = None
    second_up_writes: int = 0
    errors: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "gates": self.gates,
            "exit": self.exit,
            "writes": [
                {"at": w.at, "method": w.method, "path": w.path, "key": w.key, "what": w.what}
                for w in self.writes
            ],
            "live": [
                {"after": m.after, "keys": {key: list(ids) for key, ids in m.keys.items()}}
                for m in self.live
            ],
            "gaps": [{"key": g.key, "after": g.after, "until": g.until} for g in self.gaps],
            "over_limit": [
                {"key": p.key, "after": p.after, "live": p.live} for p in self.over_limit
            ],
            "left_behind": [
                {"key": one.key, "id": one.id, "name": one.name, "live": one.live}
                for one in self.left_behind
            ],
            "second_up_writes": self.second_up_writes,
        }
