import json

import pytest

from sandbox.api import rules
from sandbox.models import Model
from sandbox.turning import outside
from sandbox.turning.behaviour import Behaviour
from tests.support.engine.account import Account
from tests.support.engine.project import Project, Ran
from tests.support.engine.shapes import gated, model

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


# --- declared live, or not to be --------------------------------------------------------------


@pytest.mark.parametrize("after_s", [None, 20.0])
def test_model_that_lytics_doesnt_set_live_is_set_live(
    project: Project, after_s: float | None
) -> None:
    """`is_active: true` is true at the end of the `up`, whoever has to see to it."""
    project.account.behave(live_after_s=after_s)
    project.declare({"grow": model(is_active=True)})
    ran = project.up()
    assert project.live("grow") == {"grow": True}, str(ran)
    assert "set live" in ran.words, str(ran)
    project.expect_no_changes()


def test_build_only_that_is_ignored_is_made_true(project: Project) -> None:
    """A model that goes live although it isn't to be is stopped in the same `up`, which says so."""
    project.account.behave(build_only="ignored")
    project.declare({"grow": model(is_active=False)})
    ran = project.up()
    assert project.live("grow") == {"grow": False}, str(ran)
    assert "went live by itself" in ran.words, str(ran)
    project.expect_no_changes()
    assert drifting(project) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_is_active_that_is_answered_and_not_done_is_told(project: Project, *, wanted: bool) -> None:
    """A 200 that does nothing fails the `up` with what helps, and isn't asked for again."""
    account = project.account
    project.declare({"grow": model(is_active=not wanted)})
    project.up()
    account.behave(switching="ignored")
    project.declare({"grow": model(is_active=wanted)})
    told = ("answered 200", "in Lytics")
    failed(project, *told)
    assert len(account.switches(0)) == 1
    stays_as_it_is(project, *told)
    account.behave(switching="done")
    account.change(project.id("grow"), is_active=wanted)
    project.up()
    project.expect_no_changes()


@pytest.mark.parametrize("both", [True, False])
def test_new_model_that_cant_be_as_declared_is_told(project: Project, *, both: bool) -> None:
    """Where Lytics neither keeps a model from going live nor stops it, every `up` says so."""
    project.account.behave(build_only="ignored", switching="off_ignored" if both else "done")
    if not both:
        project.account.behave(in_use=".")
    project.declare({"grow": model(is_active=False)})
    failed(project, "grow", "is live")
    failed(project, "grow", "is live")


def test_live_model_of_an_audience_says_why_it_stays(project: Project) -> None:
    """A model that Lytics keeps live for an audience: what to do is said, at `destroy` too."""
    account = project.account
    project.declare({"grow": model(is_active=True)})
    project.up()
    account.behave(in_use=".")
    project.declare({"grow": model(is_active=False)})
    failed(project, "in use by an audience", "is_active: true")
    failed(project, "in use by an audience", "is_active: true")
    ran = project.destroy(code=None)
    assert ran.code != 0, str(ran)
    assert "in use by an audience" in ran.words, str(ran)
    assert "on_delete: retain" in ran.words, str(ran)

    project.declare({"grow": model(is_active=True, on_delete="retain")})
    project.up()
    project.destroy()
    assert len(account.live_ids()) == 1


def test_swap_whose_old_model_cant_be_stopped_says_so(project: Project) -> None:
    """Where an audience keeps the old model live, both are, and every `up` says so."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    old = project.id("grow")
    account.behave(in_use=old)
    project.declare({"grow": gated(source="dormant")})
    failed(project, old, "in use by an audience", "is still live")
    new = project.id("grow")
    assert account.live_ids() == {old, new}
    failed(project, old, "in use by an audience", "is still live")
    account.behave(in_use="")
    project.up()
    assert account.live_ids() == {new}
    project.expect_no_changes()


@pytest.mark.parametrize(("way", "live"), [("on_ignored", 0), ("off_ignored", 1)])
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


# --- one name, one model ------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["refused", "same_id"])
def test_name_that_lytics_takes_once_is_told(project: Project, way: str) -> None:
    """A replacement under a name that must be unique: preview and `up` say what helps."""
    account = project.account
    project.declare({"grow": model(is_active=True, name="Growth")})
    project.up()
    old = project.id("grow")
    account.behave(same_name=way)
    project.declare(
        {"grow": model(is_active=True, name="Growth", config={"use_scores": True, "collect": 900})}
    )
    shown = project.preview()
    assert f'model {old} also has the name "Growth"' in shown.words, str(shown)
    for _ in range(2):
        failed(project, old, "another name")
        assert project.id("grow") == old
        assert account.live_ids() == {old}
    project.declare(
        {"grow": model(is_active=True, name="Grow", config={"use_scores": True, "collect": 900})}
    )
    project.up()
    assert project.id("grow") != old
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
