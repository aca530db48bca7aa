from typing import Any

import pytest
import yaml

from tests.cli.conftest import Run
from tests.support.engine.project import STACK, Project, run_pulumi

pytestmark = [pytest.mark.engine, pytest.mark.slow]

HERE = """\
segments: {everyone: all_users, best: high_value}
defaults: {on_delete: delete, config: {use_content: true}}
models:
  # who may leave
  churn: # the key
    source: everyone # of all
    target: best
    label: Churn
    is_active: true
    config: {use_scores: true}

  stays:
    source: everyone
    target: dormant
    protect: true
"""
THERE = """\
segments: {vip: high_value, everyone: dormant}
defaults: {config: {re_run: true}}
models: {}
# the end
"""


@pytest.fixture
def other(project: Project) -> str:
    """Another stack `other` of the same project and account."""
    ran = run_pulumi(project.folder, ("stack", "init", "other", "--non-interactive"), project.env)
    assert ran.code == 0, str(ran)
    write_other(project, THERE)
    return "other"


def write_other(project: Project, text: str) -> None:
    """Write the other stack's file."""
    (project.folder / "stacks" / "other.yaml").write_text(text)


def test_a_moved_model_is_the_same_model(project: Project, run: Run, other: str) -> None:
    """After a move and an up of both stacks the model is the other stack's, and was not written."""
    project.declare(HERE)
    project.up()
    model_id, before = project.id("churn"), project.account.models()
    mark = project.account.mark()
    assert run("move", "churn", STACK, other, "--dry-run").code == 0
    assert project.stack_file.read_text() == HERE
    answer = run("move", "churn", STACK, other)
    assert (answer.code, answer.err) == (0, "")
    here: Any = yaml.safe_load(project.stack_file.read_text())
    assert list(here["models"]) == ["stays"]
    assert here["removed"] == {"churn": {"on_delete": "retain"}}
    text = (project.folder / "stacks" / "other.yaml").read_text()
    assert "  # who may leave\n  churn: # the key\n" in text
    moved = yaml.safe_load(text)["models"]["churn"]
    assert moved == {
        "source": "all_users",
        "target": "vip",
        "label": "Churn",
        "is_active": True,
        "config": {"use_scores": True, "use_content": True, "re_run": None},
        "adopt": model_id,
        "take_over": True,
        "on_delete": "delete",
    }
    project.up()
    up = ("up", "--yes", "--skip-preview", "--stack", other, "--non-interactive")
    ran = run_pulumi(project.folder, up, project.env)
    assert ran.code == 0, str(ran)
    assert project.account.writes(mark) == []
    assert project.account.models() == before
    project.expect_no_changes()
    ran = run_pulumi(project.folder, (*up, "--expect-no-changes"), project.env)
    assert ran.code == 0, str(ran)


def test_what_can_not_move_stays(project: Project, run: Run, other: str) -> None:
    """Protected, unknown, not yet created and doubled models leave both files as they are."""
    project.declare(HERE)
    other_file = project.folder / "stacks" / "other.yaml"
    before = other_file.read_text()
    answer = run("move", "churn", STACK, other)
    assert (answer.code, "has no model 'churn' yet" in answer.err) == (1, True)
    project.up()
    answer = run("move", "stays", STACK, other)
    assert (answer.code, "is protected" in answer.err) == (1, True), answer.err
    answer = run("move", "chrun", STACK, other)
    assert (answer.code, "Did you mean churn?" in answer.err) == (2, True), answer.err
    assert run("move", "churn", STACK, STACK).code == 1
    assert other_file.read_text() == before
    write_other(project, HERE)
    answer = run("move", "churn", STACK, other)
    assert (answer.code, "already" in answer.err) == (1, True)
    assert project.stack_file.read_text() == HERE
