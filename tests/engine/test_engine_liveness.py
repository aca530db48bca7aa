import json

import pytest

from sandbox.api import rules
from sandbox.models import Model
from sandbox.turning import outside
from sandbox.turning.behaviour import Behaviour
from tests.support.engine.account import Account
from tests.support.engine.project import Project, Ran
from tests.support.engine.shapes import gated

pytestmark = pytest.mark.engine

LIVE_LIMIT = 20


def scores(account: Account, source: str, **summary: object) -> None:
    """Say what models of a source will score."""
    good: dict[str, object] = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
    account.outcome({"source": f"^{source}$"}, summary={**good, **summary})


def failed(project: Project, *words: str) -> Ran:
    """Run an `up` that fails, and says so in these words."""
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    for word in words:
        assert word in ran.words, f"{word}\nis not in\n{ran}"
    return ran


def stays_as_it_is(project: Project, *words: str) -> None:
    """Hold that the next `up` writes nothing, and still says what is wrong and what helps."""
    mark = project.account.mark()
    ran = failed(project, *words)
    assert project.account.writes(mark) == [], str(ran)


def drifting(project: Project) -> list[str]:
    """Return what drift tells, a line each."""
    ran = project.lytics_ml("drift", "--json", code=None)
    return [" ".join(str(v) for v in one.values()) for one in json.loads(ran.output)["drift"]]


@pytest.mark.parametrize(("way", "live"), [("on_ignored", 0)])
def test_swap_that_is_answered_and_not_done_is_told_once_asked(
    project: Project, way: str, live: int
) -> None:
    """A swap of which one half is answered 200 and not done isn't tried again and again."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    old = project.id("grow")
    account.behave(switching=way)
    project.declare({"grow": gated(source="dormant")})
    told = ("grow", "answered 200", "in Lytics")
    failed(project, *told)
    assert account.live_ids() == {old, *([project.id("grow")] * live)}
    stays_as_it_is(project, *told)
    account.change(project.id("grow"), is_active=True)
    account.change(old, is_active=False)
    project.up()
    assert account.live_ids() == {project.id("grow")}
    project.expect_no_changes()


# --- the limit of live models -------------------------------------------------------------------


def full(project: Project) -> str:
    """Fill the account with live models, one of them `grow`, and declare its replacement."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    old = project.id("grow")
    for number in range(LIVE_LIMIT - 1):
        account.create(name=f"theirs_{number}")
    account.wait(lambda: len(account.live_ids()) == LIVE_LIMIT)
    project.declare({"grow": gated(source="dormant", swap="break_first")})
    return old


@pytest.mark.parametrize("status", [401, 500])
def test_break_first_that_fails_leaves_nothing_unsaid(project: Project, status: int) -> None:
    """Where neither the new model nor the old one can be set live, `up` and drift say it."""
    account = project.account
    old = full(project)
    account.fault(method="POST", path="^/api/ml/", contains="true", status=status, times=None)
    failed(project, old, "nothing of 'grow' is live", "since")
    assert old not in account.live_ids()
    told = [line for line in drifting(project) if old in line]
    assert told
    assert "since" in told[0]
    account.mend()
    project.up()
    assert project.live("grow") == {"grow": True}
    assert drifting(project) == []
    project.expect_no_changes()


def test_break_first_whose_place_is_taken_is_said_until_there_is_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who takes the free place leaves nothing live: which, and since when, is said."""
    account = project.account
    old = full(project)
    theirs = account.create(name="idle", config={"use_scores": True, "build_only": True})
    account.wait(lambda: not account.building())
    take_the_place(account, old, theirs, monkeypatch)
    failed(project, old, "nothing of 'grow' is live", "since", "limit of 20")
    stays_as_it_is(project, old, "nothing of 'grow' is live", "since", "20 of 20")
    assert any(old in line and "since" in line for line in drifting(project))
    account.change(theirs, is_active=False)
    project.up()
    assert project.live("grow") == {"grow": True}
    project.expect_no_changes()


def take_the_place(
    account: Account, old: str, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let somebody set a model live as soon as another one is stopped."""
    # The sandbox runs in this process.
    really = rules.is_switched
    world = account.handle.world

    def is_switched(one: Model, live: int, ways: Behaviour, *, active: bool) -> bool:
        if one.id == old and not active:
            outside.change(world, world.store.models[theirs], {"is_active": True})
        return really(one, live, ways, active=active)

    monkeypatch.setattr("sandbox.api.rules.is_switched", is_switched)
