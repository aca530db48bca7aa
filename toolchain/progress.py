"""Says that a long step is alive: one changing line on a terminal, some lines elsewhere."""

import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

FIRST_AFTER_S = 2.0
"""Steps shorter than this say nothing; time in seconds."""

LINE_EVERY_S = 20.0
"""Time in seconds between two lines where the output isn't a terminal."""

_REDRAW_EVERY_S = 0.2
_KEPT_LINES = 200


def say(text: str) -> None:
    """Tell the user something; on standard error, since standard output is the command's own."""
    sys.stderr.write(f"lytics-ml: {text}\n")


class Progress:
    """Shows what a step is at, as long as the `with` block runs."""

    def __init__(self, step: str, stream: TextIO | None = None) -> None:
        self.detail = ""
        self._step = step
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._drawn = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        if self._drawn and self._on_terminal:
            self._write("\r\x1b[K")

    def _show(self) -> None:
        started = time.monotonic()
        wait_s = FIRST_AFTER_S
        while not self._done.wait(wait_s):
            elapsed_s = time.monotonic() - started
            line = ", ".join(
                part for part in (self._step, self.detail, f"{elapsed_s:.0f} s") if part
            )
            if self._on_terminal:
                width = shutil.get_terminal_size().columns - 1
                self._write(f"\r{line[:width]}\x1b[K")
                wait_s = _REDRAW_EVERY_S
            else:
                self._write(f"{line}\n")
                wait_s = LINE_EVERY_S
            self._drawn = True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class CommandFailedError(Exception):
    """A command ended with an exit code other than 0."""

    def __init__(self, exit_code: int, output: Sequence[str]) -> None:
        super().__init__(f"exit code {exit_code}")
        self.output = output
        """The last lines that the command wrote."""


def run_watched(
    step: str,
    command: Sequence[str],
    env: Mapping[str, str],
    detail: Callable[[str], str | None],
    cwd: Path | None = None,
) -> list[str]:
    """Run a command whose output isn't shown but read, to say how far it is.

    Args:
        step: What is done, in words.
        command: The command and its arguments.
        env: Its whole environment.
        detail: Gets each line of output; returns how far that is, or None if it doesn't tell.
        cwd: The folder to run it in.

    Returns:
        The last lines of its output.

    Raises:
        CommandFailedError: If it ends with another exit code than 0.
    """
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    with (
        Progress(step) as progress,
        subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                kept.append(line.rstrip())
                progress.detail = detail(line) or progress.detail
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise CommandFailedError(process.returncode, list(kept))
    return list(kept)
