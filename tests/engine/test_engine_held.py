from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import RUN_TIMEOUT_S, Project, Ran, copy_of, kill_tree
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

NEVER_S = 3600.0
GOOD = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
POOR = {**GOOD, "auc": 0.5}


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """An account whose models are built only when a test says so."""
    return account_with(build_s=NEVER_S)


@pytest.fixture
def project(template: Path, tmp_path: Path, account: Account) -> Project:
    """A stack of its own in that account."""
    return copy_of(template, tmp_path / "program", account)


def finish(account: Account, summary: object = GOOD) -> None:
    """Let every model that is being built be complete, and live unless it waits or was stopped."""
    for model_id, record in account.models().items():
        if record["state"] == "building":
            kept = account.handle.world.store.models[model_id]
            live = not (record["config"]["build_only"] or kept.stopped)
            account.change(
                model_id, state="complete", is_active=live, is_healthy=True, summary=summary
            )


@contextmanager
def running(project: Project) -> Iterator[None]:
    """Start an `up`, and go on once it waits for a build; it is killed at the end."""
    account = project.account
    mark = account.mark()
    process = project.start_up()
    try:
        account.wait(lambda: is_waiting(account, mark) or process.poll() is not None)
        assert process.poll() is None, process.communicate()[0]
        yield
    finally:
        kill_tree(process)


def is_waiting(account: Account, mark: int) -> bool:
    """Tell whether ML List was asked for often enough that an `up` must be waiting."""
    asked = account.requests(mark)
    lists = [e["seq"] for e in asked if (e["method"], e["path"]) == ("GET", "/api/ml")]
    writes = [e["seq"] for e in account.writes(mark)]
    return len([seq for seq in lists if seq > max(writes, default=0)]) > 2


def finished_while_waiting(project: Project, summary: object) -> Ran:
    """Run an `up` whose models are trained while it waits for them."""
    account = project.account
    mark = account.mark()
    process = project.start_up()
    account.wait(lambda: is_waiting(account, mark) or process.poll() is not None)
    finish(account, summary)
    output = process.communicate(timeout=RUN_TIMEOUT_S)[0]
    return Ran("up", process.returncode, output)


@pytest.mark.parametrize("early_stop", ["ignore", "refuse", "accept"])
def test_gate_added_while_building_is_not_passed_by(project: Project, early_stop: str) -> None:
    """A model that would go live by itself doesn't pass a gate that came while it was built."""
    account = project.account
    account.behave(early_stop=early_stop)
    project.configure({"lytics:wait": False})
    project.declare({"grow": model(is_active=True)})
    project.up()
    current = project.id("grow")

    project.declare({"grow": gated()})
    ran = finished_while_waiting(project, POOR)
    assert ran.code != 0, str(ran)
    assert "at least 0.7" in ran.words, str(ran)
    assert account.live_ids() == set(), str(ran)
    if early_stop != "accept":
        assert "went live before its gate was judged" in ran.words, str(ran)
    assert project.lytics_ml("drift", code=None).code == 0

    project.declare({"grow": gated(auc=0.4)})
    project.up()
    assert account.live_ids() == {current}
    project.expect_no_changes()


def test_gate_added_while_building_that_passes_is_live(project: Project) -> None:
    """A gate that came while the model was built, and is passed, costs no stop and no training."""
    account = project.account
    project.configure({"lytics:wait": False})
    project.declare({"grow": model(is_active=True)})
    project.up()
    project.declare({"grow": gated()})
    mark = account.mark()
    ran = finished_while_waiting(project, GOOD)
    assert ran.code == 0, str(ran)
    assert account.live_ids() == {project.id("grow")}
    assert account.creates(mark) == []
    project.expect_no_changes()


def test_gate_added_to_a_building_successor_keeps_the_one_before(project: Project) -> None:
    """After a killed replacement without a gate, the gate that is added leaves the old one live."""
    account = project.account
    project.configure({"lytics:wait": False})
    project.declare({"grow": model(is_active=True)})
    project.up()
    finish(account)
    project.up()
    old = project.id("grow")
    assert account.live_ids() == {old}

    project.declare({"grow": model(is_active=True, source="dormant")})
    with running(project):
        pass
    project.lytics_ml("recover", "--yes")
    new = project.id("grow")
    assert new != old

    project.declare({"grow": gated(source="dormant")})
    ran = finished_while_waiting(project, POOR)
    assert ran.code != 0, str(ran)
    assert account.live_ids() == {old}, str(ran)
    assert "went live before its gate was judged" in ran.words, str(ran)
    project.declare({"grow": gated(source="dormant", auc=0.4)})
    project.up()
    assert account.live_ids() == {new}
    project.expect_no_changes()


def test_build_only_that_is_ignored_passes_no_gate_by(project: Project) -> None:
    """Where Lytics ignores build_only, a model that fails its gate is stopped at once, and said."""
    account = project.account
    account.behave(build_only="ignored")
    project.declare({"grow": gated()})
    mark = account.mark()
    process = project.start_up()
    account.wait(lambda: is_waiting(account, mark) or process.poll() is not None)
    for model_id in account.building():
        account.change(model_id, state="complete", is_active=True, summary=POOR)
    output = process.communicate(timeout=RUN_TIMEOUT_S)[0]
    words = " ".join(output.split())
    assert process.returncode != 0, output
    assert "went live before its gate was judged" in words, output
    assert account.live_ids() == set(), output
