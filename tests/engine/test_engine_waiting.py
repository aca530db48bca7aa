import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import RUN_TIMEOUT_S, Project, Ran, copy_of, kill_tree
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

NEVER_S = 3600.0
GOOD = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
FEW_POLLS = 2


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """An account whose models are built only when a test says so."""
    return account_with(build_s=NEVER_S)


@pytest.fixture
def project(template: Path, tmp_path: Path, account: Account) -> Project:
    """A stack of its own in that account."""
    return copy_of(template, tmp_path / "program", account)


def is_polled(account: Account, mark: int, creates: int) -> bool:
    """Tell whether so many models were created since a mark, and ML List then asked for a while."""
    made = account.creates(mark)
    if len(made) < creates:
        return False
    last = made[-1]["seq"] if made else mark
    return len(polls(account, last)) > FEW_POLLS


def polls(account: Account, mark: int) -> list[int]:
    """Return when ML List was asked for after a mark."""
    asked = account.requests(mark)
    return [e["seq"] for e in asked if (e["method"], e["path"]) == ("GET", "/api/ml")]


def finish_all(account: Account, **summary: object) -> None:
    """Let every model that is being built be complete."""
    for model_id, record in account.models().items():
        if record["state"] == "building":
            live = not record["config"]["build_only"]
            account.change(model_id, state="complete", is_active=live, summary={**GOOD, **summary})


@contextmanager
def started(project: Project) -> Iterator[Popen[str]]:
    """Start an `up`; it is ended with the block, whatever happens."""
    process = project.start_up()
    try:
        yield process
    finally:
        if process.poll() is None:
            kill_tree(process)


def ended(process: Popen[str]) -> Ran:
    """Wait for the end of an `up`."""
    output = process.communicate(timeout=RUN_TIMEOUT_S)[0]
    return Ran("pulumi up", process.returncode, output)


def test_forty_builds_overlap_with_one_list_per_poll(project: Project) -> None:
    """Forty models build at the same time, gates or not, and one ML List asks for all of them."""
    account = project.account
    kept_back = {f"kept-{i:02}": model(is_active=False) for i in range(30)}
    live = {f"live-{i:02}": gated(source="dormant") for i in range(10)}
    declared = {**kept_back, **live}
    project.declare(declared)
    with started(project) as process:
        account.wait(lambda: is_polled(account, 0, creates=40))
        last_create = account.creates(0)[-1]["seq"]
        states = {record["state"] for record in account.models().values()}
        assert states == {"building"}, "all forty are being built at once"
        waiting = account.requests(last_create)
        assert {(e["method"], e["path"]) for e in waiting} == {("GET", "/api/ml")}
        assert len(waiting) < len(declared), "one list serves all who wait"
        finish_all(account)
        ran = ended(process)
    assert ran.code == 0, str(ran)
    assert len(account.creates(0)) == 40
    assert account.live_ids() == {project.id(key) for key in live}


def test_killed_wait_is_gone_on_with(project: Project) -> None:
    """After kill -9 in the middle of a wait, and `pulumi cancel`, `up` waits for the same model."""
    account = project.account
    project.declare({"grow": gated()})
    with started(project) as process:
        account.wait(lambda: is_polled(account, 0, creates=1))
        output = kill_tree(process)
    (only,) = account.models()
    locked = project.up(code=None)
    assert locked.code != 0, output
    assert "locked" in locked.words, str(locked)
    project.pulumi("cancel", "--yes")

    with started(project) as process:
        mark = account.mark()
        account.wait(lambda: is_polled(account, mark, creates=0))
        finish_all(account)
        ran = ended(process)
    assert ran.code == 0, str(ran)
    assert len(account.creates(0)) == 1
    assert project.id("grow") == only
    assert account.live_ids() == {only}
    project.expect_no_changes()


def test_interrupted_wait_is_gone_on_with(project: Project) -> None:
    """After a Ctrl-C in the middle of a wait the next `up` waits for the same model."""
    account = project.account
    project.declare({"grow": gated()})
    with started(project) as process:
        account.wait(lambda: is_polled(account, 0, creates=1))
        process.send_signal(signal.SIGINT)
        ran = ended(process)
    assert ran.code != 0, str(ran)
    assert "Traceback" not in ran.output, str(ran)
    finish_all(account)
    project.up()
    assert len(account.creates(0)) == 1
    assert account.live_ids() == {project.id("grow")}


def test_build_timeout_ends_the_wait_and_not_the_build(project: Project) -> None:
    """A model that takes longer than its `build_timeout` fails `up`, which can go on later."""
    account = project.account
    project.declare({"slow": gated(build_timeout="1s"), "plain": model(build_timeout="1s")})
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    for key in ("slow", "plain"):
        assert f"{key}: model {project.id(key)} is in state 'building'" in ran.words, str(ran)
    finish_all(account)
    project.up()
    assert len(account.creates(0)) == 2
    assert account.live_ids() == {project.id("slow"), project.id("plain")}


def test_wait_false_holds_for_first_creates_only(project: Project) -> None:
    """With `lytics:wait: false` a first create isn't waited for, a live model's successor is."""
    account = project.account
    project.configure({"lytics:wait": "false"})
    project.declare({"grow": gated(), "plain": model(is_active=True, source="dormant")})
    project.up()
    old = project.id("grow"), project.id("plain")
    assert project.activation("grow")["pending"] is True
    assert project.outputs()["grow"]["gate"] == "waits for the build"
    assert account.live_ids() == set()

    finish_all(account)
    project.up()
    assert account.live_ids() == set(old)
    project.expect_no_changes()

    project.declare(
        {
            "grow": gated(target="likely_to_churn"),
            "plain": model(is_active=True, source="dormant", target="likely_to_churn"),
        }
    )
    with started(project) as process:
        mark = account.mark()
        account.wait(lambda: is_polled(account, mark, creates=2))
        assert process.poll() is None
        assert account.live_ids() == set(old)
        finish_all(account)
        ran = ended(process)
    assert ran.code == 0, str(ran)
    assert account.live_ids() == {project.id("grow"), project.id("plain")}
    assert account.live_ids() & set(old) == set()


def test_model_that_somebody_deleted_is_not_waited_for(project: Project) -> None:
    """An `up` with --refresh=false says which model is gone, and a plain one makes it anew."""
    account = project.account
    account.outcome({}, build_s=0, summary=GOOD)
    project.declare({"plain": model(), "other": model(source="dormant")})
    project.up()
    plain, other = project.id("plain"), project.id("other")
    account.remove(plain)
    ran = project.up("--refresh=false", code=None)
    assert ran.code != 0, str(ran)
    assert f"plain: model {plain} is gone from the account" in ran.words, str(ran)
    assert list(account.models()) == [other]
    project.up()
    assert account.live_ids() == {project.id("plain"), other}
    project.expect_no_changes()


def test_nothing_waits_in_a_preview_a_refresh_or_a_destroy(project: Project) -> None:
    """Previews, refreshes and destroys end while models are building."""
    account = project.account
    project.configure({"lytics:wait": "false"})
    declared = {"grow": gated(), "plain": model(source="dormant")}
    project.declare(declared)
    project.up()
    project.configure({})
    assert {record["state"] for record in account.models().values()} == {"building"}
    project.preview()
    project.preview("--refresh")
    project.refresh()
    ran = project.destroy("--run-program")
    assert project.resources() == [], str(ran)


def test_invalid_build_leaves_the_others_alone(project: Project) -> None:
    """An invalid build ends `up` with its reason and what retrains it; the good ones are live."""
    account = project.account
    account.handle.world.dialect = "recorded"  # the wording that shows the reason in ML List
    account.outcome({}, build_s=0, summary=GOOD)
    why = "not enough variance in the target"
    account.outcome({"name": "^bad"}, state="invalid", reason=why, build_s=0)
    keys = ("bad-gated", "bad-plain", "good-gated", "good-plain")
    sources = ("all_users", "dormant", "email_openers", "mobile_users")
    declared = {
        key: (gated if key.endswith("gated") else model)(source=source)
        for key, source in zip(keys, sources, strict=True)
    }
    project.declare(declared)
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    for key in ("bad-gated", "bad-plain"):
        assert f"{key}: model {project.id(key)} is invalid: {why}" in ran.words, str(ran)
        assert f"bin/lytics-ml retrain {key}" in ran.words, str(ran)
    assert account.live_ids() == {project.id("good-gated"), project.id("good-plain")}

    account.outcome({"name": "^bad"}, build_s=0, summary=GOOD)
    retrained = {
        key: {**declaration, "generation": 2} if key.startswith("bad") else declaration
        for key, declaration in declared.items()
    }
    project.declare(retrained)
    mark = account.mark()
    project.up()
    assert len(account.creates(mark)) == 2
    assert account.live_ids() == {project.id(key) for key in keys}
