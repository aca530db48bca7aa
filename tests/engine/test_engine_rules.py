"""What may not happen: rules and used models, by the real engine."""

import pytest

from tests.support.engine.project import Project
from tests.support.engine.shapes import model

pytestmark = pytest.mark.engine


def test_a_broken_rule_registers_no_resource_and_sends_nothing(project: Project) -> None:
    """In a preview and in an up; a warning lets both go on, an exception as well."""
    rules = project.folder / "stacks" / "rules.yaml"
    rules.write_text("live-needs-gate: error\nlabel-required: warn\n")
    project.declare({"grow": model(is_active=True)})
    for ran in (project.preview(code=None), project.up(code=None)):
        assert ran.code == 1, str(ran)
        assert "[live-needs-gate] stacks/test.yaml:2: grow goes live whatever" in ran.words
        assert "[label-required] stacks/test.yaml:2: grow has no label" in ran.words
        assert "Traceback" not in ran.output
    assert project.account.requests(0) == []
    assert project.resources() == []

    rules.write_text("live-needs-gate: warn\nlabel-required: error\n")
    project.declare({"grow": {**model(is_active=True), "except": {"label-required": "a test"}}})
    ran = project.up()
    assert "[live-needs-gate] stacks/test.yaml:2: grow goes live whatever" in ran.words
    assert project.live("grow") == {"grow": True}


def test_a_rule_of_the_account_is_checked_before_anything_is_declared(project: Project) -> None:
    """The account is only read, and nothing is registered."""
    rules = project.folder / "stacks" / "rules.yaml"
    rules.write_text("live-slots-left: {level: error, count: 20}\n")
    project.declare({"grow": model(is_active=True)})
    ran = project.up(code=None)

    assert ran.code != 0, str(ran)
    assert "[live-slots-left] stacks/rules.yaml:1: 0 models of the account are live" in ran.words
    assert project.account.writes(0) == []
    assert project.resources() == []


def test_a_used_model_is_not_deleted_and_a_preview_warns(project: Project) -> None:
    """A removal and a replacement, until the declaration says that it may be deleted."""
    project.declare({"grow": model(is_active=True, on_delete="delete", name="Grow")})
    project.up()
    first = project.id("grow")
    project.account.audience("likely", "segment_prediction.Grow > 0.7")
    refused = f"model {first} isn't deleted, as its score is used by audience likely"

    project.declare({"grow": model(is_active=True, on_delete="delete", name="Other")})
    assert refused in project.preview().words
    project.declare({})
    assert refused in project.preview().words
    project.declare({}, removed={"grow": {"on_delete": "delete"}})
    assert f"warning: 'grow': {refused}" in project.preview().words
    mark = project.account.mark()
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    assert refused in ran.words
    assert project.account.writes(mark) == []

    project.declare({}, removed={"grow": {"on_delete": {"delete": "even_if_used"}}})
    project.up()
    assert first not in project.account.models()
