import pytest

from tests.support.engine.project import Project
from tests.support.engine.shapes import model

pytestmark = pytest.mark.engine

MISTAKES = """\
segments: {everyone: all_users}
modles: {}
models:
  first:
    source: everyone
    target: all_users
    config: {collect: 99, use_scores: perhaps, additonal: [city]}
    gate: {auc: 75}
  second:
    source: dormant
    is_active: 3
    on_delete: explode
    name: a.b
  second:
    source: dormant
"""


def test_stack_file_tells_all_mistakes_with_their_places(project: Project) -> None:
    """Every mistake of a stack file is told at once, with file, line, column and what is right."""
    project.declare(MISTAKES)
    for ran in (project.preview(code=None), project.up(code=None)):
        assert ran.code != 0, str(ran)
        for place, what in (
            ("line 2, column 1", "did you mean models"),
            ("line 7, column 14", "must be at least 100, got 99"),
            ("line 7, column 27", 'expected true or false, got "perhaps"'),
            ("line 7, column 48", "did you mean additional"),
            ("line 8, column 12", "must be at most 1, got 75"),
            ("line 14, column 3", '"second" is given twice, first in line 9'),
        ):
            told = [line for line in ran.output.splitlines() if place in line]
            assert any(f"stacks/test.yaml, {place}" in line for line in told), f"{place}: {ran}"
            assert any(what in line for line in told), f"{what}: {ran}"
    assert project.account.writes(0) == []


def test_second_model_of_a_file_is_looked_at_as_well(project: Project) -> None:
    """A mistake in one model hides none in another."""
    project.declare(
        {
            "first": model(target="all_users"),
            "second": model(on_delete="explode", name="a.b", is_active=3),
            "third": {"source": "dormant", "target": "high_value"},
            "fourth": model(gate={"healthy": True}, config={"build_only": False}),
        }
    )
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    for what in (
        "first.target: source and target are the same segment",
        "second.on_delete: expected deactivate, hide, delete, retain or {delete: even_if_used}",
        "second.name: a name can't hold .",
        "second.is_active: expected true or false, got 3",
        "third.config: no features",
        "fourth.config.build_only: build_only: false lets the model go live before its gate",
    ):
        assert what in ran.words, f"{what}: {ran}"
    assert project.account.writes(0) == []


def test_unknown_segments_are_told_at_once(project: Project) -> None:
    """Segments that no model can have are named with place and nearest, before any write."""
    project.declare({"first": model(source="all_user"), "second": model(target="articles")})
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    for what in (
        'first.source: unknown segment "all_user", did you mean all_users?',
        "second.target: segment articles is of table content; a model needs one of users",
    ):
        assert what in ran.words, str(ran)
    assert project.account.writes(0) == []


def test_missing_stack_file_is_named(project: Project) -> None:
    """A stack without declarations says which file is missing."""
    ran = project.preview(code=None)
    assert ran.code != 0, str(ran)
    assert "stacks/test.yaml" in ran.words, str(ran)
    assert "no such file" in ran.words, str(ran)


def test_empty_stack_comes_up(project: Project) -> None:
    """A stack file without models is a stack without models."""
    project.declare("# nothing yet\n")
    project.up()
    assert project.resources() == []
    assert project.outputs() == {}
