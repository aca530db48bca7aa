"""From a drawn history to what becomes of it: edits, runs, people's deeds, and the mending."""

import random
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sandbox.settings import LIVE_MODELS_MAX
from tests.simulation.account import Account
from tests.simulation.drawing import PASSED
from tests.simulation.invariants import after_a_run, at_the_end
from tests.simulation.living import File, Life, Ran, copy_of, files_of
from tests.simulation.running import TROUBLES, OneRun, at_once, up
from tests.simulation.state import State

Json = dict[str, Any]
GONE = "is gone"
OF_THIS_NAME = "has the models of this name"
TRIES = 6
MOST_STACKS = 3
OWN_FIELDS = frozenset({"name", "adopt", "was", "take_over"})
"""What no two declarations have in common."""
_SUCCESSOR = re.compile(r"its successor (\w+) isn't, so the first one is kept")


def lived(history: Mapping[str, Any], account: Callable[..., Account] = Account) -> Life:
    """Live through a history; `broken` of what comes back says what doesn't hold.

    Args:
        history: what `drawing` returns.
        account: makes the account.
    """
    life = Life(history, account)
    with files_of(life):
        for step in history["steps"]:
            first = len(life.runs)
            Step(life, step).happen()
            life.steps.append((step, life.runs[first:]))
        used = [file for file in life.files if file.models or file.state.resources]
        for file in used:
            _make_true(life, file)
        for file in used:
            life.broken += at_the_end(life, file)
    return life


class Step:
    """One thing that somebody does, and the runs that follow."""

    def __init__(self, life: Life, step: Mapping[str, Any]) -> None:
        self.life, self.step = life, step
        self.file = life.files[step["stack"] % len(life.files)]
        self.other = next(file for file in life.files if file is not self.file)
        self.first = 0

    def happen(self) -> None:
        """Edit, then run."""
        life, step = self.life, self.step
        life.tell(f"-- {self.file.state.stack}: {step['do']}")
        getattr(self, step["do"])()
        life.tell(f"declared: {self.file.models}, removed: {self.file.removed}")
        if troubles := {name: step[name] for name in TROUBLES if step.get(name) is not None}:
            life.tell(f"to come: {troubles}")
        if step.get("week"):
            life.tell("a week passes")
            life.account.pass_a_week()
            life.settle()
        self.first = len(life.runs)
        for deed in step.get("people", ()):
            at_s = life.scheduler.now_s + deed["at_s"]
            life.scheduler.at(at_s, lambda deed=deed: self._act(deed))  # type: ignore[misc]
        if marks := step.get("pages"):
            # It comes while replies are read, as all that others do.
            at_s = life.scheduler.now_s + step.get("pages_at_s", 0.0)
            paged = partial(life.account.behave, page_size=2, page_marks=marks)
            life.scheduler.at(at_s, paged)
        self._run()
        if step.get("pages"):
            life.account.behave(page_size=0)

    def _run(self) -> None:
        life, step, file = self.life, self.step, self.file
        first = self.first
        beside = step.get("beside")
        twin: File | None = None
        if beside == "twin" and not any(step.get(name) for name in ("rules", "dies_at", "pages")):
            # Without a lock two runs settle their twins by looking, so nothing else may fail.
            twin = copy_of(file)
            again = {**step, "luck": step["luck"] + 1}
            at_once(life, OneRun(life, file, step), OneRun(life, twin, again))
        elif beside == "other":
            at_once(
                life,
                OneRun(life, file, step),
                OneRun(life, self.other, {"luck": step["luck"] + 1, "beside": "other"}),
            )
        else:
            up(life, file, step)
        for ran in life.runs[first:]:
            life.broken += after_a_run(life, ran)
        if twin is not None:
            self._compare(life.runs[first], life.runs[first + 1], file, twin)

    def _compare(self, one: Ran, two: Ran, file: File, twin: File) -> None:
        """Hold that two runs of one stack at once end with the same models."""
        if one.problems or two.problems or self.step.get("people"):
            # The one that knows more goes on.
            return
        if any(OF_THIS_NAME in said for ran in (one, two) for said in ran.said):
            # Another stack has the lineage, so whose the first one's new model is can't be told.
            return
        ids = [
            {o.key: o.id for o in f.state.resources if o.kind == "model" and not o.leaves}
            for f in (file, twin)
        ]
        if ids[0] != ids[1]:
            self.life.broken.append(f"two runs at once came to {ids[0]} and {ids[1]}")

    def _act(self, deed: Json) -> None:
        """Let somebody do something to one of the stacks' models."""
        account = self.life.account
        held = {i for file in self.life.files for i in file.state.model_ids}
        there = sorted(held & set(account.models), key=list(account.models).index)
        if not there:
            return
        one = there[int(deed["which"] * len(there))]
        model = account.models[one]
        self.life.tell(f"somebody: {deed['what']} {one}")
        for ran in self.life.runs[self.first :]:
            ran.deeds.append(one)
        match deed["what"]:
            case "stop":
                account.change(one, is_active=False)
            case "start" if model.state == "complete" and len(account.live()) < LIVE_MODELS_MAX:
                account.change(one, is_active=True)
            case "label":
                account.change(one, label="by hand")
            case "delete":
                account.remove(one)

    # --- edits ------------------------------------------------------------------------------

    def _pick(self, items: list[str]) -> str:
        return items[int(self.step["which"] * len(items))]

    def _declare(self, declared: Json) -> None:
        file = self.file
        fields = dict(declared)
        key = fields.pop("key")
        if fields.pop("named", False):
            fields["name"] = f"named-{key} of {file.state.stack}"
        was = file.models.get(key, {}).get("was")
        file.removed.pop(key, None)
        file.models[key] = fields | ({"was": was} if was else {})

    def change(self) -> None:
        """Declare keys, or declare them otherwise."""
        for fields in self.file.models.values():
            fields.pop("was", None)
        for declared in self.step["models"]:
            self._declare(declared)

    def again(self) -> None:
        """Go back to what another key, or this one, was declared as before."""
        file = self.file
        for declared in self.step["models"]:
            self._declare(declared)
            if len(file.models) > 1:
                keys = list(file.models)
                source = file.models[self._pick(keys)]
                file.models[declared["key"]] = {
                    k: v for k, v in source.items() if k not in OWN_FIELDS
                }

    def rename(self) -> None:
        """Give a model another key."""
        file = self.file
        free = [key for key in ("a", "b", "c") if key not in file.models]
        if not file.models or not free:
            return
        old = self._pick(sorted(file.models))
        fields = file.models.pop(old)
        new = free[int(self.step["other"] * len(free))]
        fields.pop("was", None)
        if old not in {one.get("was") for one in file.models.values()}:
            fields["was"] = old
        file.removed.pop(new, None)
        file.models[new] = fields

    def move(self) -> None:
        """Let a model go to the other stack, as `lytics-ml move` writes it."""
        mine, theirs = self.file, self.other
        free = [
            one
            for one in mine.state.resources
            if one.kind == "model"
            and not one.leaves
            and one.key in mine.models
            and one.key not in theirs.models
        ]
        if not free:
            return
        one = free[int(self.step["which"] * len(free))]
        fields = {k: v for k, v in mine.models.pop(one.key).items() if k != "was"}
        theirs.models[one.key] = fields | {"adopt": one.id.upper(), "take_over": True}
        mine.removed[one.key] = "retain"
        theirs.removed.pop(one.key, None)
        for file in (mine, theirs):
            ran = up(self.life, file, {"luck": self.step["luck"]})
            self.life.broken += after_a_run(self.life, ran)

    def take_out(self) -> None:
        """Take a model out."""
        if self.file.models:
            del self.file.models[self._pick(sorted(self.file.models))]

    def remove(self) -> None:
        """Take a model out, and say how it leaves."""
        if self.file.models:
            key = self._pick(sorted(self.file.models))
            del self.file.models[key]
            policies = ["deactivate", "delete", "retain"]
            self.file.removed[key] = policies[int(self.step["other"] * 3)]

    def retrain(self) -> None:
        """Raise a generation."""
        if self.file.models:
            fields = self.file.models[self._pick(sorted(self.file.models))]
            fields["generation"] = fields.get("generation", 1) + 1

    def adopt(self) -> None:
        """Adopt a model of somebody else."""
        account, others = self.life.account, self.life.others
        free = [key for key in ("a", "b", "c") if key not in self.file.models]
        if not free or others[0] not in account.models:
            return
        adopted = account.models[others[0]]
        is_elsewhere = any(f.adopts(adopted.id) for f in self.life.files if f is not self.file)
        if is_elsewhere and self.step.get("beside") == "other":
            return  # Two stacks that adopt one model at the same moment can't know of each other.
        key = free[int(self.step["other"] * len(free))]
        self.file.removed.pop(key, None)
        self.file.models[key] = {
            "source": adopted.source.upper(),
            "target": adopted.target,
            "config": {"use_scores": True},
            "is_active": True,
            "adopt": adopted.id.upper(),
        }

    def protect(self) -> None:
        """Protect a model, or protect it no more."""
        if self.file.models:
            fields = self.file.models[self._pick(sorted(self.file.models))]
            fields["protect"] = not fields.get("protect", False)

    def state_delete(self) -> None:
        """`pulumi state delete` of a model, and of its activation."""
        state = self.file.state
        keys = sorted({o.key for o in state.resources if not o.leaves and not o.protect})
        if keys:
            key = self._pick(keys)
            gone = [o for o in state.resources if o.key == key and not o.leaves]
            self.life.forgotten |= {o.id for o in gone if o.outputs.get("declared_name")}
            state.resources = [o for o in state.resources if o.key != key or o.leaves]

    def rename_stack(self) -> None:
        """`pulumi stack rename`: the file goes along."""
        names = {file.state.stack for file in self.life.files}
        new = next(name for name in ("staging", "test", "dev", "prod") if name not in names)
        self.file.state.stack = new

    def new_stack(self) -> None:
        """Rename the stack, and declare the same in a new one under its old name."""
        files = self.life.files
        old, declared = self.file.state.stack, self.file.models
        if len(files) >= MOST_STACKS:
            return
        self.rename_stack()
        kept = {
            key: {k: v for k, v in fields.items() if k not in OWN_FIELDS}
            for key, fields in declared.items()
        }
        self.file = File(State(old), kept)
        files.append(self.file)

    def destroy(self) -> None:
        """`pulumi destroy`, which the run that follows is."""
        for one in self.file.state.resources:
            one.protect = False  # pulumi state unprotect

    def spoil(self) -> None:
        """Let the next training fail, and ask for one."""
        self.life.account.spoil_the_next_build()
        self.retrain()


# --- the end --------------------------------------------------------------------------------


def _make_true(life: Life, file: File) -> None:
    """Make a file true as a person does who reads what is said."""
    life.account.spoil_nothing_more()
    life.tell(f"-- {file.state.stack}: mended")
    for one in file.state.resources:
        one.protect = False  # pulumi state unprotect
    for fields in file.models.values():
        fields.pop("protect", None)
        if "gate" in fields:
            fields["gate"] = PASSED
    dice = random.Random(sum(step["luck"] for step in life.history["steps"]))
    problems: list[str] = []
    refreshes = False
    # What people did is seen by a refresh alone, and so is what a destroy did that ended badly.
    is_seen = not any(
        step.get("people") or step["do"] == "destroy" for step in life.history["steps"]
    )
    for number in range(TRIES):
        ran = up(life, file, {"luck": number, "refresh": refreshes})
        life.broken += after_a_run(life, ran)
        problems = ran.problems
        if not problems and (is_seen or refreshes):
            return
        refreshes = not problems or any(GONE in one or "--refresh" in one for one in problems)
        for problem in problems:
            _heed(life, file, problem, dice)
    life.broken.append(f"{file.state.stack} doesn't come up: {problems}")


def _heed(life: Life, file: File, problem: str, dice: random.Random) -> None:
    """Do what a message says."""
    key = problem.removeprefix("preview: ").split(":", 1)[0]
    fields = file.models.get(key, {})
    if "declared as well" in problem or "both come to" in problem:
        fields.pop("was", None)
    if "can't adopt" in problem or "manages model" in problem:
        fields.pop("adopt", None)
    if "Give one of them another name" in problem or "is invalid" in problem:
        fields["generation"] = dice.randint(2, 100_000)
        fields.pop("name", None)
    if "live models. Deactivate one" in problem or "limit of" in problem:
        live = [one for one in life.fills if one in life.account.live()]
        for one in live[:2]:
            life.account.change(one, is_active=False)
    if (kept := _SUCCESSOR.search(problem)) and kept[1] in life.account.models:
        life.account.change(kept[1], is_active=True)
