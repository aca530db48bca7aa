"""The lifecycle in v2 of the API, and the way from one generation to the other and back.

All other engine tests speak v1.
"""

from typing import Any

import httpx
import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import Project
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

HARD_LABEL = "a&b=c #1, 50 % + more\nline two 🎯 née"


def speak(project: Project, api: str) -> None:
    """Let every command of a project speak one generation."""
    project.env = {**project.env, "LYTICS_API": api}


def paths(account: Account, since: int = 0) -> set[str]:
    """Return the first part of the path of every request after a mark."""
    return {entry["path"].split("/")[1] for entry in account.requests(since)}


def changes(account: Account, since: int) -> list[dict[str, Any]]:
    """Return what each update after a mark wrote, from body or query, flags as such."""
    words = {"true": True, "false": False}
    found = []
    for entry in account.writes(since):
        sent = entry["body"] or dict(httpx.QueryParams(entry["query"]))
        found.append({name: words.get(value, value) for name, value in sent.items()})
    return found


@pytest.fixture
def in_v2(project: Project) -> Project:
    """A project whose every command speaks v2."""
    speak(project, "v2")
    return project


def test_life_of_a_model_in_v2(in_v2: Project) -> None:
    """A model is made once, changed in place, replaced, repaired and retired, over one path."""
    project, account = in_v2, in_v2.account
    project.declare({"grow": model(label="First", is_active=True)})
    project.up()
    first = project.id("grow")
    assert [entry["method"] for entry in account.writes(0)] == ["POST"]
    project.expect_no_changes()

    for label in (HARD_LABEL, "x" * 1000, ""):
        mark = account.mark()
        project.declare({"grow": model(label=label, is_active=True)})
        project.up()
        assert changes(account, mark) == [{"label": label}]
        assert account.model(first)["label"] == label
        project.expect_no_changes()

    mark = account.mark()
    project.declare({"grow": model(label="x", is_active=False)})
    project.up()
    assert changes(account, mark) == [{"label": "x", "is_active": False}]
    assert account.live_ids() == set()

    project.declare({"grow": model(source="dormant", is_active=True, on_delete="delete")})
    project.up()
    second = project.id("grow")
    assert second != first
    assert account.live_ids() == {second}

    account.change(second, is_active=False)
    project.refresh()
    project.up()
    assert account.live_ids() == {second}
    for command in ("list", "drift"):
        project.lytics_ml(command)
    project.destroy()
    assert list(account.models()) == [first]
    assert paths(account) == {"v2"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_create_happens_once_in_v2(in_v2: Project, when: str) -> None:
    """A lost reply, a fault and a kill at the create leave one model."""
    project, account = in_v2, in_v2.account
    path = "^/v2/ml$"
    account.fault(method="POST", path=path, what="drop", when=when, times=1)
    project.declare({"grow": model()})
    project.up()
    assert len(account.models()) == 1
    project.declare({"grow": model(), "other": model(source="dormant")})
    project.killed_up(when, method="POST", path=path)
    project.lytics_ml("recover", "--yes")
    project.up()
    assert len(account.models()) == 2
    project.expect_no_changes()


def test_gates_and_swaps_in_v2(in_v2: Project) -> None:
    """A gate that passes swaps, one that fails leaves what is live."""
    project, account = in_v2, in_v2.account
    account.outcome({"source": "all_users"}, summary={"auc": 0.9})
    account.outcome({"source": "dormant"}, summary={"auc": 0.8})
    account.outcome({"source": "mobile_users"}, summary={"auc": 0.6})
    project.declare({"grow": gated(0.7)})
    project.up()
    project.declare({"grow": gated(0.7, source="dormant")})
    project.up()
    second = project.id("grow")
    assert account.live_ids() == {second}
    project.declare({"grow": gated(0.7, source="mobile_users")})
    failed = project.up(code=1)
    assert "0.6" in failed.output, str(failed)
    assert account.live_ids() == {second}
    assert paths(account) == {"v2"}


def test_from_one_generation_to_the_other_and_back(project: Project) -> None:
    """A deployed stack that changes its generation changes nothing: no name, hash or resource."""
    account = project.account
    project.declare(
        {
            "plain": model(label="Here", config={"use_scores": True, "tune_model": True}),
            "gated": gated(0.1, source="dormant"),
        }
    )
    project.up()
    before = {key: project.resource(key)["outputs"] for key in ("plain", "gated")}
    for api in ("v2", "v1"):
        speak(project, api)
        project.preview("--expect-no-changes", "--refresh")
        project.expect_no_changes()
    project.up("--refresh")
    after = {key: project.resource(key)["outputs"] for key in ("plain", "gated")}
    assert [after[key]["name"] for key in after] == [before[key]["name"] for key in before]
    assert len(account.models()) == 2


def test_what_only_one_generation_can_is_refused_in_the_other(project: Project) -> None:
    """Blocked fields and hiding need v2, tune_model needs v1: each says which setting to change."""
    account = project.account
    blocked = {"use_scores": True, "auto_tune": True, "blocked": ["email", "city"]}
    project.declare({"grow": model(config=blocked, on_delete="hide")})
    refused = project.up(code=1)
    for what in ("v1 of the API knows no blocked fields", "v1 of the API can't hide models"):
        assert f"{what}: set lytics:api to v2 (LYTICS_API)" in refused.words, str(refused)
    assert account.writes(0) == []

    speak(project, "v2")
    project.up()
    grow = project.id("grow")
    assert account.model(grow)["config"]["blocked"] == ["city", "email"]
    project.expect_no_changes()
    project.destroy()
    assert account.model(grow)["hidden"]
    assert not account.model(grow)["is_active"]
    project.up()
    assert project.id("grow") == grow, "taken up again"
    assert not account.model(grow)["hidden"]

    project.declare({"grow": model(config={"use_scores": True, "tune_model": True})})
    refused = project.up(code=1)
    assert "v2 of the API doesn't know it" in refused.words, str(refused)
