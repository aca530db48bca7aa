import os
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from providers.lytics.host.run import Run
from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.support.bed.figures import Figures
from tests.support.bed.small_engine import SmallEngine
from tests.support.bed.world import World
from tests.support.engine.account import Account
from tests.support.engine.project import RUN_TIMEOUT_S, SETTINGS, Project, Ran, copy_of, run_pulumi
from tests.support.engine.shapes import Json, gated, model

if TYPE_CHECKING:
    import subprocess

NEVER_S = 3600.0
SEED = int(os.environ.get("CHAOS_SEED", "1"))
DECLARED: dict[str, Json] = {
    "plain": model(is_active=True),
    "gated": gated(source="dormant", gate={"auc": 0.0, "healthy": False}),
    "named": model(source="email_openers", name="named_by_hand", is_active=False),
}
CHANGED = {key: {**fields, "target": "likely_to_churn"} for key, fields in DECLARED.items()}


def both(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Do two things at the same time; an error of either is raised."""
    errors: list[BaseException] = []

    def guarded(what: Callable[[], object]) -> None:
        try:
            what()
        except BaseException as exc:  # noqa: BLE001 - raised below, in the test's own thread
            errors.append(exc)

    threads = [threading.Thread(target=guarded, args=(what,)) for what in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def race(seed: int, figures: Figures) -> int:
    """Let two engines that know nothing of each other make the same stack true, twice.

    Returns:
        How often both made the same model, and one of them was taken out again.
    """
    dice = random.Random(seed)
    with serve_in_thread(Settings(train=False)) as handle:
        account = Account(handle)
        world = World(account)
        engines = SmallEngine(world.wait), SmallEngine(world.wait)
        for declared in (DECLARED, CHANGED):
            slow = {"what": "slow", "when": dice.choice(["before", "after"])}
            world.break_requests(
                [
                    {**slow, "seconds": dice.uniform(0, 0.1), "method": "POST", "times": None}
                    | {"skip": dice.randint(0, 2)},
                    {**slow, "seconds": dice.uniform(0, 0.05), "method": "GET", "times": None}
                    | {"skip": dice.randint(0, 2)},
                ]
            )
            with world.run() as one, world.run() as other:
                told: list[str] = []
                both(*_ups(engines, (one, other), declared, told))
            world.mend()
            figures.add(races=1, person=int(bool(told)))
            assert told == [], [seed, *world.said]
            ids = [sorted(s.id for s in engine.state if s.kind == "model") for engine in engines]
            assert ids[0] == ids[1], [seed, *world.said]
            for engine in engines:
                world.engine = engine
                broken = world.broken_promises(declared)
                figures.add(
                    lost=sum("is lost" in promise for promise in broken),
                    twice=sum("twice" in promise for promise in broken),
                )
                assert broken == [], "\n".join([f"seed {seed}", *world.said])
        account.close()
    return sum("one too many" in said for said in world.said)


def _ups(
    engines: tuple[SmallEngine, SmallEngine],
    runs: tuple[Run, Run],
    declared: dict[str, Json],
    told: list[str],
) -> list[Callable[[], object]]:
    return [
        lambda engine=engine, run=run: told.extend(engine.up(run, declared))  # type: ignore[misc]
        for engine, run in zip(engines, runs, strict=True)
    ]


def test_two_runs_without_a_lock_end_with_one_model_each(figures: Figures) -> None:
    """Two runs at once, each with its own state, come to the same models and leave no other."""
    collided = sum(race(seed, figures) for seed in range(SEED, SEED + 8))
    figures.add(made_twice_and_settled=collided)
    assert collided > 0, "no two runs made the same model"


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_two_runs_without_a_lock_end_with_one_model_each_long(figures: Figures) -> None:
    """The same, many times; of each pair of runs both make at least one model on average."""
    seeds = range(SEED + 8, SEED + 100)
    collided = sum(race(seed, figures) for seed in seeds)
    figures.add(made_twice_and_settled=collided)
    assert collided >= len(seeds), "the runs hardly met"


# --- on the real engine --------------------------------------------------------------------------


def ended(process: "subprocess.Popen[str]") -> Ran:
    """Wait for the end of an `up`."""
    output = process.communicate(timeout=RUN_TIMEOUT_S)[0]
    return Ran("pulumi up", process.returncode, output)


def built(account: Account, model_id: str) -> Json:
    """Return somebody else's model once it is built and live."""
    account.wait(lambda: account.model(model_id)["is_active"])
    return account.model(model_id)


@pytest.mark.engine
def test_one_stack_from_two_backends_ends_with_one_model_each(
    template: Path, tmp_path: Path, account_with: Callable[..., Account], figures: Figures
) -> None:
    """Two engines at once on one stack, in backends that share no lock, make each model once."""
    account = account_with()
    other = built(account, account.create(name="named_by_hand", label="of somebody else"))
    projects = [copy_of(template, tmp_path / name, account) for name in ("one", "two")]
    for declared in (DECLARED, CHANGED):
        # Neither sees what the other makes before it has sent its own.
        account.fault(what="slow", seconds=3, method="POST", path="^/api/ml$", times=6)
        for project in projects:
            project.declare(declared)
        processes = [project.start_up() for project in projects]
        rans = [ended(process) for process in processes]
        account.mend()
        told = "\n".join(map(str, rans))
        assert [ran.code for ran in rans] == [0, 0], told
        ids = [{key: project.id(key) for key in declared} for project in projects]
        assert ids[0] == ids[1], told
        live = {ids[0]["plain"], ids[0]["gated"]}
        assert account.live_ids() - {other["id"]} == live, told
    made = len(account.models())
    assert made == 1 + len(DECLARED) + len(CHANGED), told
    assert len(account.creates(0)) > made, "they never met"
    assert account.model(other["id"]) == other
    for project in projects:
        project.expect_no_changes()
    figures.add(engine_races=1)


@pytest.mark.engine
def test_second_up_under_one_lock_is_refused(project: Project, account: Account) -> None:
    """While an `up` goes on, another says who holds the lock, and sends nothing that writes."""
    project.declare({"plain": model()})
    account.outcome({}, build_s=NEVER_S)
    process = project.start_up()
    account.wait(lambda: account.creates(0))
    mark = account.mark()
    second = project.up(code=None)
    assert second.code != 0, str(second)
    assert "the stack is currently locked" in second.words, str(second)
    assert account.writes(mark) == [], str(second)
    assert process.poll() is None
    (only,) = account.models()
    account.change(only, state="complete")
    first = ended(process)
    assert first.code == 0, str(first)
    assert len(account.models()) == 1
    project.expect_no_changes()


@pytest.mark.engine
def test_two_stacks_in_one_account_leave_each_other_alone(
    project: Project, account: Account
) -> None:
    """Two stacks with the same declarations are two sets of models; one leaves, the other stays."""
    declared = {key: DECLARED[key] for key in ("plain", "gated")}
    project.declare(declared)
    shutil.copy(project.stack_file, project.stack_file.with_name("other.yaml"))
    every = ("--non-interactive", "--color", "never")
    made = run_pulumi(project.folder, ("stack", "init", "other", *every), project.env)
    assert made.code == 0, str(made)
    own = project.folder / "stacks" / "Pulumi.other.yaml"
    own.write_text(yaml.safe_dump({**yaml.safe_load(own.read_text()), "config": SETTINGS}))
    process = project.start_up()
    up = ("up", "--yes", "--skip-preview", "--stack", "other", *every)
    ran = run_pulumi(project.folder, up, project.env)
    assert (ran.code, ended(process).code) == (0, 0), str(ran)
    ours = {project.id(key) for key in declared}
    assert len(account.models()) == 2 * len(declared)
    assert len(account.live_ids()) == 2 * len(declared)
    before = {i: account.model(i) for i in ours}
    gone = ("destroy", "--yes", "--skip-preview", "--stack", "other", *every)
    ran = run_pulumi(project.folder, gone, project.env)
    assert ran.code == 0, str(ran)
    assert {i: account.model(i) for i in ours} == before
    assert account.live_ids() == ours
    project.expect_no_changes()


@pytest.mark.engine
def test_person_who_changes_things_during_an_up_is_noticed(
    project: Project, account: Account
) -> None:
    """Models that a person deletes or stops while `up` runs are made true by the next one."""
    project.declare(DECLARED)
    project.up()
    plain, swapped = project.id("plain"), project.id("gated")
    bystander = built(account, account.create(name="bystander"))
    account.fault(what="slow", seconds=3, method="POST", path="^/api/ml$", times=1)
    project.declare({**DECLARED, "gated": CHANGED["gated"]})
    mark = account.mark()
    process = project.start_up()
    account.wait(lambda: account.creates(mark))
    account.remove(plain)
    account.change(swapped, is_active=False)
    ended(process)
    ran = project.up("--refresh", code=None)
    assert ran.code == 0, str(ran)
    assert account.live_ids() - {bystander["id"]} == {project.id("plain"), project.id("gated")}
    assert plain not in account.models()
    assert account.model(bystander["id"]) == bystander
    project.expect_no_changes()
