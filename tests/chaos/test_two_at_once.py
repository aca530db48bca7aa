import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.bed.figures import Figures
from tests.support.engine.account import Account
from tests.support.engine.project import RUN_TIMEOUT_S, SETTINGS, Project, Ran, copy_of, run_pulumi
from tests.support.engine.shapes import Json, gated, model

if TYPE_CHECKING:
    import subprocess

NEVER_S = 3600.0
DECLARED: dict[str, Json] = {
    "plain": model(is_active=True),
    "gated": gated(source="dormant", gate={"auc": 0.0, "healthy": False}),
    "named": model(source="email_openers", name="named_by_hand", is_active=False),
}
CHANGED = {key: {**fields, "target": "likely_to_churn"} for key, fields in DECLARED.items()}


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
