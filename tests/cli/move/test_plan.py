"""What `lytics-ml move` refuses before it writes anything."""

from dataclasses import replace

import pytest

import cli.move.plan
from cli.errors import CliError
from cli.move.plan import plan_move
from cli.workspace.project import find_project
from cli.workspace.state import StackState
from tests.cli.conftest import Folder
from tests.support.review.shapes import SOURCE, TARGET, inputs_of, model_of, resource_of, state_of

MODEL_ID, OLD_ID = "1" * 32, "2" * 32


def declared(collect: int) -> dict[str, object]:
    """Return a stack file of one model."""
    config = {"use_scores": True, "collect": collect}
    return {"models": {"grow": {"source": SOURCE, "target": TARGET, "config": config}}}


@pytest.mark.parametrize(
    ("collect", "is_left", "refused"),
    [(700, False, False), (701, False, True), (700, True, True)],
)
def test_only_what_is_up_as_declared_moves(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, collect: int, *, is_left: bool, refused: bool
) -> None:
    """The other stack could not adopt it otherwise, and nobody would have what is live."""
    inputs = inputs_of("grow", config={"use_scores": True, "collect": 700})
    kept = resource_of(inputs, model_of(inputs, MODEL_ID))
    left = replace(resource_of(inputs, model_of(inputs, OLD_ID)), is_leaving=True)
    state = state_of(kept, *([left] if is_left else []))
    monkeypatch.setattr(cli.move.plan, "read_state", lambda *_: state)
    monkeypatch.setattr(cli.move.plan, "read_state_if_made", lambda *_: StackState("prod"))
    folder.write("test", declared(collect))
    folder.write("prod", "models: {}\n")
    if refused:
        with pytest.raises(CliError, match="isn't up as test declares it"):
            plan_move(find_project(), "grow", "test", "prod")
    else:
        move = plan_move(find_project(), "grow", "test", "prod")
        assert MODEL_ID in move.there.yaml.text
