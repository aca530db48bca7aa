"""A saved plan holds on the state that it was made on."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import CliError
from cli.review.bound import bind, mark_of, refusal
from cli.workspace.state import parse_state
from providers.lytics.domain.finding.ownership import MODEL_TYPE
from tests.support.engine.project import STACK, Project
from tests.support.engine.shapes import model

Json = dict[str, Any]


def state(**changes: Any) -> Json:  # noqa: ANN401 - JSON
    """Return a state of one model as Pulumi exports it."""
    one = {
        "urn": f"urn:pulumi:dev::lytics-ml::{MODEL_TYPE}::churn",
        "type": MODEL_TYPE,
        "id": "a",
        "inputs": {"label": "x", "__provider": "1"},
        "outputs": {"updated": "2031"},
        **changes,
    }
    return {"deployment": {"resources": [one, {"type": "pulumi:pulumi:Stack", "urn": "s"}]}}


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"outputs": {"updated": "2032", "is_healthy": False}}, True),
        ({"inputs": {"label": "x", "__provider": "2"}}, True),
        ({"inputs": {"label": "y"}}, False),
        ({"id": "b"}, False),
        ({"delete": True}, False),
        ({"type": "other:index:Thing"}, False),
    ],
    ids=["by itself", "provider", "label", "id", "leaves", "gone"],
)
def test_state_has_moved_on_where_a_model_has(changes: Json, *, is_same: bool) -> None:
    """What Lytics changes by itself leaves a plan as good as it was."""
    marks = {mark_of(parse_state("dev", one)) for one in (state(), state(**changes))}
    assert (len(marks) == 1) is is_same


def test_plan_of_pulumis_own_is_bound_to_nothing(tmp_path: Path) -> None:
    """A plan that `pulumi preview --save-plan` kept by itself isn't refused."""
    plan = tmp_path / "plan.json"
    plan.write_text('{"resourcePlans": {}}')
    assert refusal(plan) == ""


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_plan_that_cant_be_read_is_told(tmp_path: Path, text: str | None) -> None:
    """A file that is no plan is an error with its name."""
    plan = tmp_path / "plan.json"
    if text is not None:
        plan.write_text(text)
    with pytest.raises(CliError, match=r"plan\.json"):
        refusal(plan)


def test_binding_keeps_what_pulumi_wrote(tmp_path: Path) -> None:
    """Pulumi's own content stays."""
    plan = tmp_path / "plan.json"
    plan.write_text('{"resourcePlans": {"a": 1}}')
    bind(plan, parse_state("dev", state()))
    assert json.loads(plan.read_text())["resourcePlans"] == {"a": 1}


@pytest.mark.engine
def test_older_plan_undoes_no_newer_one(project: Project) -> None:
    """A plan that was approved after a newer one was applied is refused, and nothing is sent."""
    account = project.account
    project.declare({"grow": model(label="First")})
    project.up()
    project.declare({"grow": model(label="C")})
    project.lytics_ml("review", "--save-plan", "c.json")
    project.declare({"grow": model(label="D")})
    project.lytics_ml("review", "--save-plan", "d.json")
    project.up("--plan", "d.json")
    assert account.model(project.id("grow"))["label"] == "D"

    project.declare({"grow": model(label="C")})
    mark = account.mark()
    for words in (("--plan", "c.json"), ("--plan=c.json",)):
        refused = project.up(*words, code=1)
        assert f"before the last change of stack {STACK}, and would undo it" in refused.words
    assert account.requests(mark) == []
    assert account.model(project.id("grow"))["label"] == "D"
