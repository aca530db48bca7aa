import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.chaos import faults
from tests.chaos.figures import Figures
from tests.chaos.world import FAULTY, World
from tests.engine.account import Account

Json = dict[str, Any]
EXAMPLES = 120
CHAOS_EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "2000"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
KEYS = ("a", "b", "c")
PASSED: Json = {"auc": 0.0, "healthy": False}
FAILED: Json = {"auc": 1.0, "healthy": False}


@dataclass(frozen=True)
class Step:
    """One run: what is declared, what goes wrong, when the engine dies, if it does."""

    declared: Json
    rules: list[Json]
    refused: float
    dies_at: int | None
    refreshes: bool
    seed: int


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account whose models are built at once, emptied before each example."""
    with serve_in_thread(Settings(train=False)) as handle:
        account = Account(handle)
        yield account
        account.close()


def without_nothing(**fields: object) -> Json:
    """Return a declaration without the fields that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def declaration(gates: list[Json | None]) -> st.SearchStrategy[Json]:
    """Draw one model as a stack file declares it."""
    return st.builds(
        without_nothing,
        source=st.sampled_from(["all_users", "dormant"]),
        target=st.sampled_from(["high_value", "likely_to_churn"]),
        config=st.sampled_from([{"use_scores": True}, {"use_scores": True, "collect": 900}]),
        label=st.sampled_from([None, "one", "two"]),
        is_active=st.sampled_from([None, True, True, False]),
        gate=st.sampled_from(gates),
        on_delete=st.sampled_from([None, "delete", "retain"]),
    )


def stack(gates: list[Json | None]) -> st.SearchStrategy[Json]:
    """Draw what a stack file declares: up to three models, the last under a name of its own."""
    models = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, declaration(gates)))
    return models.map(
        lambda drawn: {
            key: {**fields, "name": f"declared-{key}"} if key == KEYS[-1] else fields
            for key, fields in drawn.items()
        }
    )


def step() -> st.SearchStrategy[Step]:
    """Draw one run and what goes wrong in it."""
    return st.builds(
        Step,
        declared=stack([None, None, PASSED, FAILED]),
        rules=faults.rules(),
        refused=st.sampled_from([0.0, 0.0, 0.0, 0.2]),
        dies_at=st.sampled_from([None, None, None, 1, 2, 3, 4, 6]),
        refreshes=st.booleans(),
        seed=st.integers(0, 1000),
    )


def brought_up(world: World, last: Json) -> list[str]:
    """Make the last declaration true in a run in which nothing fails; return what went wrong.

    Where it leaves open whether a live model's successor is to be live, that run keeps the live
    one and says so. A person then decides, and the next run goes on.
    """
    with world.run() as run:
        problems = world.engine.up(run, last)
    kept = [problem for problem in problems if "so the first one is kept" in problem]
    undecided = [key for key in last if any(one.startswith(f"{key}: ") for one in kept)]
    if not kept or len(kept) < len(problems) or any("is_active" in last[key] for key in undecided):
        return problems
    for key in undecided:
        successor = world.engine.find("model", key)
        assert successor is not None
        world.account.change(successor.id, is_active=True)
    with world.run() as run:
        return world.engine.up(run, last)


def lived_through(account: Account, steps: list[Step], last: Json, figures: Figures) -> None:
    """Go through the runs, then through one in which nothing fails; hold what must be true."""
    world = World(account)
    for one in [*steps, *(s for s in steps[-1:] if s.declared == last)]:
        world.break_requests(one.rules)
        with world.run(refused=one.refused, seed=one.seed, settings=FAULTY) as run:
            if not (one.refreshes and world.engine.refresh(run)):
                world.engine.up(run, one.declared, dies_at=one.dies_at)
        world.mend()
        figures.add(runs=1, faults=sum(1 for e in account.requests() if e["fault"]))
        account.handle.world.log.clear()
    broken = brought_up(world, last) or world.broken_promises(last)
    figures.add(examples=1, broken=int(bool(broken)))
    assert broken == [], "\n".join([*broken, "said:", *world.said])


EVERY = (st.lists(step(), min_size=1, max_size=4), stack([None, None, PASSED]))


@given(*EVERY)
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_after_any_faults_one_clean_run_makes_the_declaration_true(
    account: Account, figures: Figures, steps: list[Step], last: Json
) -> None:
    """Whatever failed or died: each model is there once, as declared, and no other is touched."""
    lived_through(account, steps, last, figures)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@seed(SEED)
@given(*EVERY)
@settings(
    max_examples=CHAOS_EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_after_any_faults_one_clean_run_makes_the_declaration_true_long(
    account: Account, figures: Figures, steps: list[Step], last: Json
) -> None:
    """The same, many times, from the seed."""
    lived_through(account, steps, last, figures)
