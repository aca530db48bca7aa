"""Two stacks of one project in one account, and what happens to them, drawn from a seed."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from providers.lytics import model as provider_module
from tests.support.bed.small_engine import GONE, SmallEngine
from tests.support.bed.world import World
from tests.support.engine.account import Account
from tests.support.engine.shapes import model

Json = dict[str, Any]
KEYS = ("a", "b", "c")
PASSED: Json = {"auc": 0.0, "healthy": False}
FAILED: Json = {"auc": 1.0, "healthy": False}


@dataclass
class OneStack:
    """A stack: its file, its state, and how models leave that the file names under `removed`."""

    engine: SmallEngine
    models: dict[str, Json] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return self.engine.stack


class Stacks:
    """What is drawn, and what must be true of it.

    Args:
        account: a sandbox's account; it is emptied first.
        seed: from which all is drawn.
        counts: how often what happened.
    """

    def __init__(self, account: Account, seed: int, counts: "Counter[str]") -> None:
        self.dice = random.Random(seed)
        self.world = World(account)
        self.counts = counts
        self.told: list[str] = []
        self.broken: list[str] = []
        self.stacks = [self._new("dev"), self._new("prod")]
        self._renamed = 0

    def _new(self, name: str) -> OneStack:
        engine = SmallEngine(self.world.wait, stack=name)
        self.world.stacks.append(engine)
        return OneStack(engine)

    # --- what happens -----------------------------------------------------------------------

    def live(self, steps: int) -> None:
        """Let so many things happen, then make both files true."""
        happens = (
            *(self.change,) * 5,
            *(self.rename, self.move, self.person, self.take_out, self.rename_stack),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(provider_module, "declared_policy", self._policy)
            for _ in range(steps):
                stack = self.dice.choice(self.stacks)
                what = self.dice.choice(happens)
                what(stack)
                self.counts[what.__name__] += 1
                dies_at = self.dice.choice([None, None, None, 1, 2, 3, 4])
                self.up(stack, refreshes=self.dice.random() < 0.5, dies_at=dies_at)
            for stack in self.stacks:
                self._settle(stack)
            for stack in self.stacks:
                self._look(stack)

    def change(self, stack: OneStack) -> None:
        """Declare a key, or declare it otherwise; what is renamed is renamed once."""
        for fields in stack.models.values():
            if self.dice.random() < 0.5:
                fields.pop("was", None)
        key = self.dice.choice(KEYS)
        was = stack.models.get(key, {}).get("was")
        made = model(
            source=self.dice.choice(["all_users", "dormant"]),
            on_delete=self.dice.choice(["deactivate", "delete", "retain"]),
            is_active=self.dice.choice([True, True, False]),
        )
        if made["is_active"]:
            made["gate"] = self.dice.choice([None, PASSED, PASSED, FAILED])
        stack.removed.pop(key, None)
        stack.models[key] = made | ({"was": was} if was else {})

    def rename(self, stack: OneStack) -> None:
        """Give a model another key."""
        free = [key for key in KEYS if key not in stack.models]
        if not stack.models or not free:
            return
        old, new = self.dice.choice(sorted(stack.models)), self.dice.choice(free)
        fields = stack.models.pop(old)
        taken = {one.get("was") for one in stack.models.values()}
        fields["was"] = old
        if old in taken:
            fields.pop("was")
        stack.removed.pop(new, None)
        stack.models[new] = fields

    def move(self, stack: OneStack) -> None:
        """Let a model go to the other stack, as `lytics-ml move` writes it."""
        other = next(one for one in self.stacks if one is not stack)
        held = [
            one
            for one in stack.engine.state
            if one.kind == "model" and not one.leaves and one.key in stack.models
        ]
        free = [one for one in held if one.key not in other.models]
        if not free:
            return
        one = self.dice.choice(free)
        fields = {k: v for k, v in stack.models.pop(one.key).items() if k != "was"}
        other.models[one.key] = fields | {"adopt": one.id, "take_over": True}
        stack.removed[one.key] = "retain"
        other.removed.pop(one.key, None)
        self.up(stack)
        self.up(other)

    def take_out(self, stack: OneStack) -> None:
        """Take a model out, now and then with `removed`."""
        if stack.models:
            key = self.dice.choice(sorted(stack.models))
            del stack.models[key]
            if self.dice.random() < 0.3:
                stack.removed[key] = self.dice.choice(["deactivate", "delete"])

    def person(self, _: OneStack) -> None:
        """Let somebody stop, start, relabel or delete one of the stacks' models."""
        held = sorted({one.id for s in self.stacks for one in s.engine.state} - set(KEYS))
        there = [one for one in held if one in self.world.account.models()]
        if not there:
            return
        model_id = self.dice.choice(there)
        match self.dice.choice(["stop", "start", "label", "delete"]):
            case "stop":
                self.world.account.change(model_id, is_active=False)
            case "label":
                self.world.account.change(model_id, label="by hand")
            case "delete" if self.dice.random() < 0.3:
                self.world.account.remove(model_id)

    def rename_stack(self, stack: OneStack) -> None:
        """Rename a stack, and begin a new one of its name with the same file."""
        if self._renamed or stack.name != "dev":
            return
        self._renamed += 1
        self.world.stacks.remove(self.stacks[1].engine)
        if self.stacks[1].engine.state:
            self.world.stacks.append(self.stacks[1].engine)
            return
        stack.engine.stack = "prod"
        new = self._new("dev")
        new.models = {
            key: {k: v for k, v in fields.items() if k not in {"was", "adopt", "take_over"}}
            for key, fields in stack.models.items()
        }
        self.stacks = [new, stack]
        self.counts["stacks renamed"] += 1

    # --- runs -------------------------------------------------------------------------------

    def up(
        self, stack: OneStack, *, refreshes: bool = False, dies_at: int | None = None
    ) -> list[str]:
        """Run an `up` of a stack; what the other one has may not be touched."""
        self.world.engine = stack.engine
        theirs = {
            one.id
            for other in self.stacks
            if other is not stack
            for one in other.engine.state
            if one.kind == "model"
        } - {one.id for one in stack.engine.state}
        before = self.world.account.models()
        with self.world.run() as run:
            problems = stack.engine.refresh(run) if refreshes else []
            problems = problems or stack.engine.up(run, stack.models, dies_at=dies_at)
        self.world.settle()
        after = self.world.account.models()
        self.told.append(f"{stack.name} {sorted(stack.models)}: {problems}")
        self.broken += [
            f"{stack.name} touched model {one} of the other stack"
            for one in sorted(theirs)
            if one in before and before[one] != after.get(one)
        ]
        self.counts["runs"] += 1
        return problems

    def _settle(self, stack: OneStack) -> None:
        """Make a file true as a person does who reads what is said."""
        for fields in stack.models.values():
            if fields.get("gate") == FAILED:
                fields["gate"] = PASSED
        problems: list[str] = []
        for _ in range(4):
            problems = self.up(stack, refreshes=True)
            if not problems:
                return
            for problem in problems:
                key = problem.split(":", 1)[0]
                if "declared as well" in problem or "both come to" in problem:
                    stack.models.get(key, {}).pop("was", None)
                if "can't adopt" in problem or "manages model" in problem:
                    stack.models[key].pop("adopt", None)
                if "has it. Give one of them another name" in problem:
                    stack.models[key]["generation"] = self.dice.randint(2, 1000)
                if GONE in problem:
                    continue
        self.broken.append(f"{stack.name} doesn't come up: {problems}")

    def _policy(self, stack: str, key: str) -> str | None:
        return next((s.removed.get(key) for s in self.stacks if s.name == stack), None)

    # --- what must be true ------------------------------------------------------------------

    def _look(self, stack: OneStack) -> None:
        models = self.world.account.models()
        ids = Counter(one.id for s in self.stacks for one in s.engine.state if one.kind == "model")
        self.broken += [f"model {one} is held twice" for one, n in ids.items() if n > 1]
        names = Counter(str(models[one]["name"]) for one in ids if one in models)
        self.broken += [f"two models are called {name}" for name, n in names.items() if n > 1]
        for key, fields in stack.models.items():
            self._look_at(stack, key, fields, models)
        mark = self.world.account.mark()
        if problems := self.up(stack):
            self.broken.append(f"{stack.name} has more to do: {problems}")
        writes = self.world.account.writes(mark)
        self.broken += [f"{stack.name} writes again: {entry}" for entry in writes]

    def _look_at(self, stack: OneStack, key: str, fields: Json, models: Mapping[str, Json]) -> None:
        stored = stack.engine.find("model", key)
        if stored is None or stored.id not in models:
            self.broken.append(f"{key} of {stack.name} is lost")
        elif models[stored.id]["is_active"] != fields["is_active"]:
            live = models[stored.id]["is_active"]
            self.broken.append(f"{key} of {stack.name} is live: {live}, declared otherwise")
