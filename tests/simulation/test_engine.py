import difflib
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from sandbox.building.builds import Builds
from tests.simulation.account import SmallBuilds
from tests.simulation.drawing import drawn
from tests.simulation.living import Life, files_of
from tests.simulation.story import Step
from tests.support.engine.project import ACTIVATION, MODEL, STACK, Project

pytestmark = pytest.mark.engine

Json = dict[str, Any]
EDITS = ("change", "change", "again", "rename", "take_out", "remove", "retrain", "protect")
STEPS, CHAOS_HISTORIES = 3, 25
OF_THE_CLOCK = {"created", "updated", "judged_at", "__provider"}
SEEN = ("name", "source", "target", "label", "is_active", "state")


def history(number: int, steps: int = STEPS) -> Json:
    """Draw what happens to one stack, in which nothing goes wrong."""
    dice = random.Random(f"engine {number}")
    found: list[Json] = []
    for step in (step for n in range(20) for step in drawn(number, n)["steps"]):
        if len(found) < steps and (step["do"] in EDITS) and (found or "models" in step):
            kept = {"luck", "do", "which", "other", "models", "refresh"}
            only = {name: value for name, value in step.items() if name in kept}
            found.append(only | {"stack": 0, "continues": dice.random() < 0.3})
    return {"variety": {}, "stacks": [STACK, "elsewhere"], "steps": found}


def kept(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Return part of a state with the names of models in the place of ids, and no times."""
    if isinstance(value, Mapping):
        return {
            names.get(k, k): kept(v, names)
            for k, v in value.items()
            if v is not None and k not in OF_THE_CLOCK
        }
    if isinstance(value, list):
        return [kept(one, names) for one in value]
    if isinstance(value, str):
        for model_id, name in names.items():
            value = value.replace(model_id, name)
    return float(value) if type(value) is int else value


def told(resources: list[tuple[str, str, bool, Json]], names: Mapping[str, str]) -> list[str]:
    """Return a state's resources as lines to compare."""
    return sorted(
        f"{kind} {key}{' leaves' * leaves}: {name} = {json.dumps(value, sort_keys=True)}"
        for kind, key, leaves, outputs in resources
        for name, value in kept(outputs, names).items()
    )


Names = dict[str, str]
"""The names of models by their ids, those that are gone too; no two have the same."""


def learn(names: Names, seen: Iterable[tuple[str, str]]) -> None:
    """Note ids and names; a declared name that a second model has gets a number."""
    for model_id, name in seen:
        if model_id not in names:
            same = sum(one.split(" no. ")[0] == name for one in names.values())
            names[model_id] = f"{name} no. {same + 1}" if same else name


def small(life: Life, names: Names) -> tuple[list[str], list[str]]:
    """Return account and state of the simulation."""
    ours = {i: m for i, m in life.account.models.items() if i not in life.others}
    models = sorted(repr([getattr(m, name) for name in SEEN]) for m in ours.values())
    learn(names, ((i, m.name) for i, m in ours.items()))
    state = [(o.kind, o.key, o.leaves, o.outputs) for o in life.files[0].state.resources]
    return models, told(state, names)


def real(project: Project, names: Names) -> tuple[list[str], list[str]]:
    """Return account and state of the real engine."""
    account = project.account.models()
    models = sorted(repr([m[name] for name in SEEN]) for m in account.values())
    learn(names, ((i, m["name"]) for i, m in account.items()))
    state = [
        (kind, r["urn"].rsplit("::", 1)[1], bool(r.get("delete")), r["outputs"])
        for kind, type_ in (("model", MODEL), ("activation", ACTIVATION))
        for r in project.resources(type_)
    ]
    return models, told(state, names)


def judged(project: Project, history: Json) -> None:
    """Live through a history here and on the real engine, and compare after each step."""
    life, here, there = Life(history), Names(), Names()
    with files_of(life):
        for step in history["steps"]:
            Step(life, step).happen()
            file, ran = life.files[0], life.runs[-1]
            removed = {key: {"on_delete": how} for key, how in file.removed.items()}
            project.declare(file.models, removed=removed)
            refreshes = f"--refresh={str(step.get('refresh', False)).lower()}"
            goes_on = ["--continue-on-error"] if step.get("continues") else []
            ran_there = project.up(refreshes, *goes_on, code=None)
            said = "\n".join([*life.told, str(ran_there)])
            assert (ran_there.code == 0) == (not ran.problems), said
            for ours, theirs in zip(small(life, here), real(project, there), strict=True):
                differing = [line for line in difflib.ndiff(ours, theirs) if line[0] in "+-"]
                assert not differing, "\n".join([*differing, said])


@pytest.fixture(autouse=True)
def _same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models come to the simulation's numbers, which are no rule of the API."""
    monkeypatch.setattr(Builds, "make_up", SmallBuilds.make_up)


def test_the_real_engine_judges_alike(project: Project) -> None:
    """The same history on the real engine ends each step with the same account and state."""
    judged(project, history(1))


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(2, CHAOS_HISTORIES))
def test_the_real_engine_judges_alike_long(project: Project, number: int) -> None:
    """The same, many times."""
    judged(project, history(number, 5))
