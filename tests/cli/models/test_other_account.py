"""With a key of another account, nothing is said of the models that it doesn't show."""

import pytest

from tests.cli.conftest import Run
from tests.support.engine.project import Project
from tests.support.engine.shapes import model

ACCOUNT = "lytics:accountId"
CHIEF = ("list", "review", "drift", "recover")
ALSO = (
    *("show grow", "audiences", "watch", "card grow", "import --dry-run"),
    *("compare grow more", "prune --dry-run", "list --retired"),
)


@pytest.mark.engine
def test_all_that_tells_ends_as_up_does(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of key, state and lytics:accountId speaks of another account, nothing is told."""
    project.declare({"grow": model(), "more": model(target="dormant")})
    project.up()
    theirs, ours = "the key belongs to account 5678", "the state belongs to account 1234"
    for key, declared, why in (
        ("sandbox-other", {}, (theirs,)),
        ("sandbox-other", {ACCOUNT: 1234}, (theirs,)),
        ("sandbox", {ACCOUNT: 5678}, (ours,)),
        # Which of the two is met first is nobody's concern.
        ("sandbox-other", {ACCOUNT: 5678}, (ours, theirs)),
    ):
        monkeypatch.setenv("LIOKEY", key)
        project.configure(declared)
        for command in (*CHIEF, "validate --online", *(() if declared else ALSO)):
            stack = ("test",) if command.startswith("validate") else ("--stack", "test")
            answer = run(*command.split(), *stack)
            assert answer.code == 2, (command, declared, answer)
            assert sum(answer.err.count(one) for one in why) == 1, (command, declared, answer.err)
        told = run("doctor", "--stack", "test")
        assert told.code == 1
        assert "every command refuses this key" in told.out
        ran = project.preview(env={"LIOKEY": key}, code=None)
        assert ran.code != 0, str(ran)
        assert any(one in ran.words for one in why), str(ran)
    project.configure({})
    ran = project.up(env={"LIOKEY": "sandbox-other"}, code=None)
    assert ran.code != 0, str(ran)
    assert "belongs to account" in ran.words, str(ran)
