import io
import sys
import time

import pytest

from engine import progress
from engine.progress import CommandFailedError, Progress, run_watched


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FIRST_AFTER_S", 0.1)
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.1)


def test_quick_step_says_nothing() -> None:
    """A step that is done at once isn't worth a word."""
    output = io.StringIO()
    with Progress("Fetching", output):
        pass
    assert output.getvalue() == ""


def test_long_step_says_a_line_now_and_then() -> None:
    """Where lines are kept, as in CI, a long step adds one at a time, with what it is at."""
    output = io.StringIO()
    with Progress("Fetching", output) as step:
        step.detail = "3 modules"
        time.sleep(0.35)
    lines = output.getvalue().splitlines()
    assert 2 <= len(lines) <= 4
    assert lines[0] == "Fetching, 3 modules, 0 s"


def test_long_step_changes_one_line_on_a_terminal() -> None:
    """On a terminal a long step keeps to one line and takes it away at the end."""
    output = Terminal()
    with Progress("Fetching", output):
        time.sleep(0.5)
    assert "\n" not in output.getvalue()
    assert output.getvalue().endswith("\r\x1b[K")


def test_watched_command_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """What a command prints becomes progress, and its last lines are returned."""
    code = "import time; print('one'); print('two', flush=True); time.sleep(.4)"
    said = run_watched("Working", [sys.executable, "-c", code], {}, lambda line: line.strip())
    assert said == ["one", "two"]
    assert "Working, two" in capsys.readouterr().err


def test_failed_command_keeps_its_last_words() -> None:
    """A command that fails is told with its exit code and what it said."""
    code = "import sys; print('out'); print('why', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailedError, match="exit code 3") as caught:
        run_watched("Working", [sys.executable, "-u", "-c", code], {}, lambda _: None)
    assert caught.value.output == ["out", "why"]
