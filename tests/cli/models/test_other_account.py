"""With a key of another account, nothing is said of the models that it doesn't show."""

import pytest

from tests.cli.conftest import Run
from tests.support.engine.project import Project
from tests.support.engine.shapes import model


@pytest.mark.engine
def test_all_that_tells_ends_as_up_does(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """List, validate --online, review, drift and preview refuse the key, as `up` does."""
    project.declare({"grow": model(), "more": model(target="dormant")})
    project.up()
    monkeypatch.setenv("LIOKEY", "sandbox-other")
    for command in (("list",), ("review",), ("drift",)):
        answer = run(*command, "--stack", "test")
        assert answer.code == 2, command
        assert answer.err.count("belongs to account") == 1, answer.err
    online = run("validate", "test", "--online")
    assert online.code == 2
    assert "belongs to account" in online.err
    for ran in (
        project.preview(env={"LIOKEY": "sandbox-other"}, code=None),
        project.up(env={"LIOKEY": "sandbox-other"}, code=None),
    ):
        assert ran.code != 0, str(ran)
        assert "belongs to account" in ran.words, str(ran)
