"""What a killed Pulumi left running on this machine: its language host, program and providers.

`kill -9` of Pulumi ends Pulumi alone. What it had started goes on, and may still write.
"""

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_OURS = ("pulumi-language-python", "pulumi-resource-pulumi-python", "pulumi.dynamic")
_PATIENCE_S = 5.0
_STEP_S = 0.1


@dataclass(frozen=True)
class Process:
    """A process of this machine.

    Attributes:
        pid: its id.
        parent: its parent's id.
        command: its command line.
        folder: where it runs.
    """

    pid: int
    parent: int
    command: tuple[str, ...]
    folder: str

    def __str__(self) -> str:
        known = (Path(word).name for word in self.command if any(o in word for o in _OURS))
        return f"{self.pid} ({next(known, 'python')})"

    @property
    def is_engine(self) -> bool:
        """Whether it is Pulumi itself."""
        return bool(self.command) and Path(self.command[0]).name == "pulumi"

    @property
    def is_started_by_engine(self) -> bool:
        """Whether it is what Pulumi starts for a program in Python."""
        return any(ours in word for word in self.command for ours in _OURS)


def left_running(folder: Path) -> list[Process]:
    """Return what a Pulumi that is gone had started in a project's folder.

    Known where the machine has /proc (Linux); elsewhere nothing is found.
    """
    return orphans(list(_processes()), str(folder.resolve()))


def orphans(processes: Collection[Process], folder: str) -> list[Process]:
    """Return the processes in a folder above which there is no Pulumi any more; pure."""
    by_pid = {one.pid: one for one in processes}

    def has_engine(one: Process) -> bool:
        seen: set[int] = set()
        above = by_pid.get(one.parent)
        while above is not None and above.pid not in seen:
            if above.is_engine:
                return True
            seen.add(above.pid)
            above = by_pid.get(above.parent)
        return False

    return [
        one
        for one in processes
        if one.is_started_by_engine and one.folder == folder and not has_engine(one)
    ]


def end(processes: Collection[Process]) -> None:
    """End processes by their ids if they are still the same ones; in the end with SIGKILL."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        left = [one for one in processes if _read(one.pid) == one]
        for one in left:
            _signal(one.pid, kind)
        deadline = time.monotonic() + _PATIENCE_S
        while left and time.monotonic() < deadline:
            time.sleep(_STEP_S)
            left = [one for one in left if _read(one.pid) == one]
        if not left:
            return


def _signal(pid: int, kind: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, kind)


def _processes() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        found = _read(int(folder.name))
        if found is not None:
            yield found


def _read(pid: int) -> Process | None:
    """Return what a process is now, None where it is gone or somebody else's."""
    folder = Path(f"/proc/{pid}")
    try:
        command = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        # The name, which stands in parentheses, may hold anything.
        status = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        state, parent = status.rpartition(")")[2].split()[:2]
        where = str((folder / "cwd").readlink())
    except (OSError, ValueError):
        return None
    if state == "Z":
        return None
    return Process(pid, int(parent), tuple(word for word in command if word), where)
