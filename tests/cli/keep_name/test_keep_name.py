"""`lytics-ml keep-name`: the next model has the name by which audiences find the score."""

from collections.abc import Callable
from typing import Any

import pytest

import cli.models.look
from cli.workspace.state import parse_state
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE
from tests.cli.conftest import Folder, Run
from tests.support.engine.account import Account
from tests.support.engine.project import Project
from tests.support.engine.shapes import model
from tests.support.review.shapes import inputs_of, name_of

STACK = """\
models:
  # who may grow
  grow: {source: all_users, target: high_value, config: {use_scores: true}} # a comment
  new: {source: all_users, target: dormant, config: {use_scores: true}}
  named: {name: b, source: all_users, target: dormant, config: {use_scores: true}}
"""


@pytest.fixture
def state_with(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a stack `test` hold models under some keys, without an engine."""

    def have(activation: dict[str, Any] | None = None, **ids: str | dict[str, Any]) -> None:
        folder.write("test", STACK)
        resources: list[dict[str, Any]] = [
            {"type": MODEL_TYPE, "urn": f"x::{key}", "outputs": {"name": "a"}, **kept}
            for key, kept in ((k, v if isinstance(v, dict) else {"id": v}) for k, v in ids.items())
        ]
        if activation is not None:
            resources.append(
                {"type": ACTIVATION_TYPE, "urn": "x::grow", "id": "grow", "outputs": activation}
            )
        state = parse_state("test", {"deployment": {"resources": resources}})
        monkeypatch.setattr(cli.models.look, "read_state", lambda *_: state)

    return have


def test_the_name_is_written_beside_what_stands_there(
    state_with: Callable[..., None], folder: Folder, account: Account, run: Run
) -> None:
    """Comments stay; a second time there is nothing to write, with --dry-run nothing is."""
    made = account.create(name="grow-1f2e3d-00000000")
    state_with(grow=made)
    before = folder.read("test")
    tried = run("keep-name", "grow", "--dry-run")
    assert tried.code == 0, tried.err
    assert "name: grow-1f2e3d-00000000" in tried.out
    assert folder.read("test") == before

    assert run("keep-name", "grow").code == 0
    assert "name: grow-1f2e3d-00000000" in folder.read("test")
    assert "# a comment" in folder.read("test")
    again = run("keep-name", "grow")
    assert again.code == 0
    assert "nothing to write" in again.out


def test_the_name_of_a_model_that_is_to_be_adopted_is_known_before_the_up(
    state_with: Callable[..., None], folder: Folder, account: Account, run: Run
) -> None:
    """`used-name-declared` lets no `up` adopt it before its name stands there."""
    made = account.create(name="Premier Likelihood")
    state_with()
    folder.write("test", STACK.replace("new: {", f"new: {{adopt: {made}, "))
    answer = run("keep-name", "new")
    assert answer.code == 0, answer.err
    assert "name: Premier Likelihood" in folder.read("test")
    assert "nothing to write" in run("keep-name", "new").out


def test_the_name_is_written_as_it_was_sent(
    state_with: Callable[..., None], folder: Folder, account: Account, run: Run
) -> None:
    """An account that puts "ML: " before each name does so to a declared one too."""
    sent = inputs_of("grow")
    account.behave(rename="prefix")
    made = account.create(name=name_of(sent))
    assert account.model(made)["name"] == f"ML: {name_of(sent)}"
    kept = {**sent.model_dump(exclude_none=True), "name": f"ML: {name_of(sent)}"}
    state_with(grow={"id": made, "outputs": kept})
    assert run("keep-name", "grow").code == 0
    assert f"name: {name_of(sent)}" in folder.read("test")
    assert "nothing to write" in run("keep-name", "grow").out


def test_what_cannot_be_kept_is_told(
    state_with: Callable[..., None], folder: Folder, account: Account, run: Run
) -> None:
    """A misspelt key, a model that isn't there yet, another name that is declared."""
    made = account.create(name="c")
    state_with(named=made)
    before = folder.read("test")
    for key, code, words in (
        ("gorw", 2, "Did you mean grow?"),
        ("new", 2, "has no model yet"),
        ("named", 1, "declares the name b, and its model is named c"),
    ):
        answer = run("keep-name", key)
        assert (answer.code, words in answer.err) == (code, True), answer
    assert folder.read("test") == before


def test_after_a_failed_gate_the_live_model_is_another(
    state_with: Callable[..., None], account: Account, run: Run
) -> None:
    """Its name in the declaration would replace the new model: that is refused."""
    made = account.create(name="c", config={"use_scores": True, "build_only": True})
    state_with(grow=made, activation={"live_model_id": "f" * 32, "gate": {"auc": 0.9}})
    answer = run("keep-name", "grow")
    assert answer.code == 1
    assert "let its gate pass" in answer.err


@pytest.mark.engine
def test_a_kept_name_replaces_nothing_now_and_stays_with_the_next_model(
    project: Project, run: Run
) -> None:
    """The audiences follow: the review of the replacement names none."""
    project.declare({"grow": model(is_active=True)})
    project.up()
    first, name = project.id("grow"), project.resource("grow")["outputs"]["name"]
    project.account.audience("likely", f"segment_prediction.`{name}` > 0.7")

    assert run("keep-name", "grow", "--stack", "test").code == 0
    project.expect_no_changes()
    text = project.stack_file.read_text().replace("high_value", "dormant")
    project.stack_file.write_text(text)
    reviewed = run("review", "--stack", "test")
    assert reviewed.code == 0, reviewed.out
    project.up()
    second = project.id("grow")
    assert second != first
    assert project.account.model(second)["name"] == name
    assert project.account.live_ids() == {second}
