"""The scores in users' profiles: the map ``segment_prediction``, whose keys are model names.

A live model writes them when it goes live and whenever it is trained anew. One that is stopped or
deleted writes no more, and users keep what they have (Lytics docs: Evaluating Lookalike Models).
Only users of the model's source are scored, and of two models of one name the last to write wins
(assumptions). This file needs no NumPy; ``membership`` reads what it keeps.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sandbox.models import Model
from sandbox.store import Store

TABLE = "profile_scores"


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote into the profiles of its source's users.

    Attributes:
        source: slug of the segment whose users have it.
        target: slug of the segment that they were compared with.
        seed: what made-up scores grow from.
        auc: how well made-up scores tell target users, 0 to 1.
        packed: trained scores of all users, as ``membership.pack`` writes them; empty where they
            are made up.
    """

    source: str
    target: str
    seed: int
    auc: float
    packed: str = ""


class Scores:
    """What all profiles hold, by account and model name.

    Attributes:
        version: another one after each change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_name: dict[tuple[int, str], list[Written]] = {}
        self.version = 0
        for key, kept in store.kept_all(TABLE).items():
            aid, _, name = key.partition("/")
            self._by_name[int(aid), name] = [Written(**one) for one in kept["written"]]

    def write(self, model: Model, written: Written) -> None:
        """Put a model's scores into the profiles of its source's users, under its name."""
        before = self._by_name.get((model.aid, model.name), [])
        # What another source's users have stays theirs.
        now = [one for one in before if one.source != written.source] + [written]
        self._by_name[model.aid, model.name] = now
        record = {"written": [asdict(one) for one in now]}
        self._store.keep(TABLE, f"{model.aid}/{model.name}", record)
        self.version += 1

    def of_account(self, aid: int) -> dict[str, Sequence[Written]]:
        """Return by model name what was written, the last on top."""
        return {name: kept for (owner, name), kept in self._by_name.items() if owner == aid}

    def clear(self) -> None:
        """Forget the scores of all accounts."""
        for aid, name in self._by_name:
            self._store.drop(TABLE, f"{aid}/{name}")
        self._by_name.clear()
        self.version += 1
