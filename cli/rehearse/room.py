"""Where a copy lives: a folder of its own, and the processes that work in it.

Both are gone when the rehearsal ends. After a kill the next rehearsal finds and removes them.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from cli.errors import CliError

_LOCK = "lock"
_PIDS = "processes"
_GRACE_S = 5.0
"""Seconds that a process gets to end by itself."""
_POLL_S = 0.02
_ENDING = (signal.SIGTERM, signal.SIGHUP)
FOLDER_VARIABLE = "LYTICS_ML_REHEARSALS"
"""Names another folder for the copies."""


class Room:
    """One rehearsal's folder and processes.

    Attributes:
        folder: what is in it is gone afterwards.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        self._is_closed = False

    def start(
        self,
        command: Sequence[str],
        cwd: Path,
        env: dict[str, str],
        stderr: int = subprocess.STDOUT,
    ) -> "subprocess.Popen[str]":
        """Start a process that ends with the rehearsal.

        Its command must name the folder: that is how it is known again after a kill.
        """
        if self._is_closed:
            message = "The rehearsal is ending."
            raise CliError(message)
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C is ours: we end what we started, in order.
            start_new_session=True,
        )
        self._processes.append(process)
        with (self.folder / _PIDS).open("a") as file:
            file.write(f"{process.pid}\n")
        return process

    def close(self) -> None:
        """End every process and remove the folder."""
        self._is_closed = True
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        _remove(self.folder)


@contextmanager
def opened() -> Iterator[Room]:
    """Have a folder for a rehearsal, and remove it, and what earlier ones left, whatever happens.

    Raises:
        CliError: there is no place for it.
    """
    base = _base()
    with (base / _LOCK).open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        _remove_left_over(base)
        folder = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=base))
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    room = Room(folder)
    try:
        with _ended_by_exception():
            yield room
    finally:
        room.close()
        lock.close()


def _base() -> Path:
    own = os.environ.get(FOLDER_VARIABLE, "").strip()
    user = os.getuid()
    base = Path(own) if own else Path(tempfile.gettempdir()) / f"lytics-ml-rehearsals-{user}"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = base.stat().st_uid == user and not base.is_symlink()
    except OSError as exc:
        message = (
            f"There is no place for a copy: {base}: {exc.strerror}. Name one: {FOLDER_VARIABLE}"
        )
        raise CliError(message) from exc
    if not is_ours:
        message = f"{base} is somebody else's. Name another folder for copies: {FOLDER_VARIABLE}"
        raise CliError(message)
    return base.resolve()


def _remove_left_over(base: Path) -> None:
    """Remove the folders whose rehearsal was killed; each one that runs holds its lock."""
    for folder in base.glob("rehearsal-*"):
        try:
            lock = (folder / _LOCK).open("a")
        except OSError:
            _remove(folder)
            continue
        with lock:
            if _is_free(lock):
                _end_left_over(folder)
                _remove(folder)


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _end_left_over(folder: Path) -> None:
    with suppress(OSError, ValueError):
        pids = [int(line) for line in (folder / _PIDS).read_text().split()]
        ours = [pid for pid in pids if str(folder) in _command(pid)]
        for pid in ours:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        end_s = time.monotonic() + _GRACE_S
        while any(str(folder) in _command(pid) for pid in ours) and time.monotonic() < end_s:
            time.sleep(_POLL_S)
        for pid in ours:
            if str(folder) in _command(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> str:
    """Return a process' command line, "" if there is none of that id: ids are used again."""
    asked = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)],  # noqa: S607 - where every system has it
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """Let a SIGTERM end this block as Ctrl-C does, so that what is to be tidied up is."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {kind: signal.signal(kind, end) for kind in _ENDING}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
