"""Whatever command names a stack or a key that isn't there, the nearest one is told."""

import json

import pytest

import cli.workspace.pulumi
import cli.workspace.state
from cli.workspace.pulumi import PulumiError
from tests.cli.conftest import Folder, Run

FILE = """\
models:
  churn:
    source: all_users
    target: high_value
    config: {use_scores: true}
"""
STACKS = [
    "validate prodd",
    "list -s prodd",
    "list --retired -s prodd",
    "show churn -s prodd",
    "audiences -s prodd",
    "import -s prodd",
    "retrain churn -s prodd",
    "keep-name churn -s prodd",
    "init new --from prodd",
    "move churn prodd dev",
    "move churn prod devv",
    "recover -s prodd",
    "prune -s prodd",
    "rules -s prodd",
    "review -s prodd",
    "rehearse -s prodd",
    "promote prodd dev",
    "promote prod devv",
    "drift -s prodd",
    "doctor -s prodd",
    "watch -s prodd",
    "history -s prodd",
    "compare churn other -s prodd",
    "card churn -s prodd",
]
KEYS = [
    "retrain chrun -s prod",
    "move chrun prod dev",
    "promote prod dev chrun",
    "drift -s prod --accept chrun",
    "rehearse -s prod --scores chrun=auc:0.5",
    "keep-name chrun -s prod",
]


@pytest.fixture(autouse=True)
def _files(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project with two stack files; Pulumi has the stacks of both."""
    for stack in ("prod", "dev"):
        folder.write(stack, FILE)
        folder.configure(stack)
    monkeypatch.setenv("LIOKEY", "sandbox")
    monkeypatch.setenv("LYTICS_API_URL", "http://127.0.0.1:1/api")

    def answer(_: object, *arguments: str, **__: object) -> str:
        stack = next((w for w in arguments if w.rstrip("dv") in {"pro", "de"}), "prod")
        if stack not in {"prod", "dev"}:
            raise PulumiError(arguments, f"error: no stack named '{stack}' found")
        return json.dumps({"deployment": {}})

    for module in (cli.workspace.state, cli.workspace.pulumi):
        monkeypatch.setattr(module, "run_pulumi", answer)


@pytest.mark.parametrize("arguments", STACKS)
def test_the_nearest_stack_is_told(run: Run, arguments: str) -> None:
    """A mistyped stack ends with the one that was meant."""
    answer = run(*arguments.split())
    meant = "dev" if "devv" in arguments else "prod"
    assert f"Did you mean {meant}?" in answer.out + answer.err


@pytest.mark.parametrize("arguments", KEYS)
def test_the_nearest_key_is_told(run: Run, arguments: str) -> None:
    """A mistyped key of a stack file ends with the one that was meant."""
    answer = run(*arguments.split())
    assert "Did you mean churn?" in answer.out + answer.err
