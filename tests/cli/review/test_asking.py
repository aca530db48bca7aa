"""A preview that leaves a model out is no word that it stays as it is."""

from collections.abc import Callable
from itertools import chain, repeat

import pytest

from cli.errors import CliError
from cli.review import asking
from cli.workspace.project import find_project
from tests.cli.conftest import Folder
from tests.support.engine.shapes import model
from tests.support.review.previews import preview_of, step
from tests.support.review.shapes import inputs_of, model_of, resource_of, state_of

Says = Callable[..., None]
INPUTS = inputs_of("grow")
STORED = resource_of(INPUTS, model_of(INPUTS, "c" * 32))


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Let Pulumi answer so, the last answer again and again."""

    def answers(*texts: str) -> None:
        told = chain(texts, repeat(texts[-1]))
        monkeypatch.setattr(asking, "run_pulumi", lambda *_: next(told))

    return answers


def test_a_declared_model_that_a_preview_leaves_out_is_asked_for_again(
    folder: Folder, says: Says
) -> None:
    """Pulumi shows every model when it is asked to; one that it left out isn't unchanged."""
    folder.write("test", {"models": {"grow": model()}})
    state = state_of(STORED)
    whole = preview_of(step("replace", "grow", STORED, INPUTS))

    says(preview_of(), whole)
    plan = asking.plan_of(find_project(), state, "test")
    assert plan.models["grow"].op == "replace"

    says(preview_of())
    with pytest.raises(CliError, match="says nothing of grow"):
        asking.plan_of(find_project(), state, "test")


def test_a_model_that_is_declared_no_more_need_not_be_told(folder: Folder, says: Says) -> None:
    """One that a refresh found gone has no step of its own."""
    folder.write("test", {"models": {}})
    says(preview_of())
    assert asking.plan_of(find_project(), state_of(STORED), "test")
