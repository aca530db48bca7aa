"""What an `up` leaves in the stack's history."""

import json
from typing import Any

import pytest

from tests.support.engine.project import STACK, Project
from tests.support.engine.shapes import gated

pytestmark = pytest.mark.engine
Json = dict[str, Any]


def lines(project: Project) -> list[Json]:
    """Return the stack's history."""
    file = project.folder / "history" / f"{STACK}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_going_live_swapping_and_going_back_are_events(project: Project) -> None:
    """Each is one line a model, with its numbers; a failed gate is one, an idle `up` is none."""
    account = project.account
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    first = {"grow": gated(auc=0.7)}
    project.declare(first)
    project.up()
    old = project.id("grow")
    (live,) = lines(project)
    assert (live["key"], live["id"], live["event"]) == ("grow", old, "live")
    assert live["scores"]["auc"] == 0.9
    assert live["verdict"] == {"passed": True, "fell_short": []}
    assert live["bounds"] == {"auc": 0.7}
    project.expect_no_changes()
    assert len(lines(project)) == 1

    project.declare({"grow": gated(auc=0.95, source="dormant")})
    failed = project.up(code=None)
    assert "gate is not passed" in failed.words
    project.up(code=None)
    (_, judged) = lines(project)
    assert judged["event"] == "judged"
    assert [one["what"] for one in judged["verdict"]["fell_short"]] == ["auc"]

    project.declare({"grow": gated(auc=0.7, source="dormant")})
    project.up()
    new = project.id("grow")
    assert {(one["id"], one["event"]) for one in lines(project)[2:]} == {
        (new, "live"),
        (old, "not live"),
    }
    project.declare(first)
    project.up()
    assert project.id("grow") == old
    assert {(one["id"], one["event"]) for one in lines(project)[4:]} == {
        (old, "live"),
        (new, "not live"),
    }


def test_a_history_that_cannot_be_written_is_no_failure(project: Project) -> None:
    """The `up` goes on, and says that it could not keep what went live."""
    project.account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    (project.folder / "history").write_text("a file in the place of the folder")
    project.declare({"grow": gated(auc=0.7)})
    ran = project.up()
    assert project.live("grow") == {"grow": True}
    assert "can't be written" in ran.words or "can't be read" in ran.words
