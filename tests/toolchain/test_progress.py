import io
import re
import sys
import time
from collections.abc import Callable

import pytest

from toolchain import progress
from toolchain.progress import CommandFailedError, Progress, run_watched

HANGS_AFTER_S = 300.0


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FIRST_AFTER_S", 0.01)
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.01)
    monkeypatch.setattr(progress, "_REDRAW_EVERY_S", 0.01)


def wait_until(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + HANGS_AFTER_S
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_quick_step_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is done at once isn't worth a word."""
    monkeypatch.setattr(progress, "FIRST_AFTER_S", HANGS_AFTER_S)
    output = io.StringIO()
    with Progress("Fetching", output):
        pass
    assert output.getvalue() == ""


@pytest.mark.usefixtures("_quick")
def test_long_step_says_a_line_now_and_then() -> None:
    """Where lines are kept, as in CI, a long step adds one at a time, with what it is at."""
    output = io.StringIO()
    with Progress("Fetching", output) as step:
        step.detail = "3 modules"
        wait_until(lambda: output.getvalue().count("3 modules") > 1)
    lines = output.getvalue().splitlines()
    assert len(lines) > 1
    assert re.fullmatch(r"Fetching, 3 modules, \d+ s", lines[-1])


@pytest.mark.usefixtures("_quick")
def test_long_step_changes_one_line_on_a_terminal() -> None:
    """On a terminal a long step keeps to one line and takes it away at the end."""
    output = Terminal()
    with Progress("Fetching", output):
        wait_until(lambda: output.getvalue().count("Fetching") > 1)
    assert "\n" not in output.getvalue()
    assert output.getvalue().endswith("\r\x1b[K")


@pytest.mark.usefixtures("_quick")
def test_watched_command_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """What a command prints becomes progress, and its last lines are returned."""
    shown: list[str] = []

    def is_shown() -> bool:
        shown.append(capsys.readouterr().err)
        return "Working, two" in "".join(shown)

    def detail(line: str) -> str:
        if line == "three\n":
            wait_until(is_shown)
        return line.strip()

    code = "print('one\\ntwo\\nthree')"
    said = run_watched("Working", [sys.executable, "-c", code], {}, detail)
    assert said == ["one", "two", "three"]


def test_failed_command_keeps_its_last_words() -> None:
    """A command that fails is told with its exit code and what it said."""
    code = "import sys; print('out'); print('why', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailedError, match="exit code 3") as caught:
        run_watched("Working", [sys.executable, "-u", "-c", code], {}, lambda _: None)
    assert caught.value.output == ["out", "why"]
