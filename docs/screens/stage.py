"""Where screens are made: a copy of this project, with a sandbox of its own."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from docs.screens.tidy import Tidy
from sandbox.daemon import Daemon

ROOT = Path(__file__).parents[2]
_PORT = 8798
_MINE = ("LIOKEY", "LYTICS_", "PULUMI_", "LYTICS_ML_HISTORY", "GITHUB_", "CI")
_WITHIN_S = 300.0


class Stage:
    """A stack `local` of its own.

    Attributes:
        folder: the copy of the project.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._root = f"http://127.0.0.1:{port}"
        self._sandbox = httpx.Client(base_url=f"{self._root}/_sandbox", timeout=300)
        plain = {k: v for k, v in os.environ.items() if not k.startswith(_MINE)}
        self._env = plain | {
            "LYTICS_API_URL": f"{self._root}/api",
            "PULUMI_BACKEND_URL": f"file://{folder}/.pulumi/state",
            "PULUMI_HOME": f"{folder}/.pulumi/home",
            "PULUMI_CONFIG_PASSPHRASE": "local",
            "LIOKEY_MINE": "sandbox",
            "TERM": "xterm-256color",
            "TZ": "UTC",
        }
        self._now = datetime.now(UTC)
        segments = {one["id"] for one in self.get("segments")}
        self._tidy = Tidy(
            segments, {str(folder): "/home/you/lytics-ml", self._root: _SHOWN}, self._now.date()
        )
        self.pass_days(0)

    def run(self, command: str, *, columns: int = 140, colour: bool = False) -> str:
        """Run a command line in the project's folder; return what it printed, made the same.

        Args:
            command: words for a shell.
            columns: how wide it may print.
            colour: whether it prints to a terminal.
        """
        self._env["COLUMNS"] = str(columns)
        printed = self._on_terminal(command) if colour else self._plain(command)
        # Models that were made at once come in any order; their names don't.
        models = sorted(self.get("models"), key=lambda one: str(one["name"]))
        self._tidy.note([one["id"] for one in models])
        return self._tidy(printed.replace("\r\n", "\n"))

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Change a file: each text once.

        Raises:
            ValueError: a text isn't there.
        """
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        for was, now in changes:
            if was not in text:
                message = f"{file} has no {was!r}"
                raise ValueError(message)
            text = text.replace(was, now, 1)
        path.write_text(text, encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        """Write a file."""
        (self.folder / file).write_text(text, encoding="utf-8")

    def tidied(self, file: str) -> Path:
        """Make a file that was written the same in every run; return its path."""
        path = self.folder / file
        path.write_text(self._tidy(path.read_text(encoding="utf-8")), encoding="utf-8")
        return path

    def restore(self, file: str) -> None:
        """Make a file what it is in the project."""
        shutil.copy(ROOT / file, self.folder / file)

    def get(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """Ask the sandbox itself."""
        return self._sandbox.get(f"/{what}").raise_for_status().json()

    def post(self, what: str, body: Any) -> None:  # noqa: ANN401 - JSON
        """Turn something in the sandbox."""
        self._sandbox.post(f"/{what}", json=body).raise_for_status()

    def pass_days(self, days: int) -> None:
        """Move the clock on: that of the sandbox, and that of the history."""
        if days:
            self.post("clock", {"days": days})
        self._now += timedelta(days=days)
        self._env["LYTICS_ML_NOW"] = f"{self._now:%Y-%m-%dT%H:%M:%SZ}"

    def kill_while_creating(self, command: str) -> None:
        """Run a command, and kill it with all its processes once a create is under way."""
        self.post(
            "faults", [{"method": "POST", "path": "^/api/ml$", "what": "hang", "when": "after"}]
        )
        started = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait(lambda: any(one["hits"] for one in self.get("faults")))
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        self._sandbox.delete("/faults").raise_for_status()
        self._wait(lambda: all(one["state"] != "building" for one in self.get("models")))

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + _WITHIN_S
        while not is_so():
            if time.monotonic() > until:
                message = f"not within {_WITHIN_S:.0f} s"
                raise TimeoutError(message)
            time.sleep(0.1)

    def _plain(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def _on_terminal(self, command: str) -> str:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        ):
            os.close(theirs)
            printed = b""
            while True:
                try:
                    some = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not some:
                    break
                printed += some
        os.close(ours)
        return printed.decode()


_SHOWN = "http://127.0.0.1:8791"


@contextmanager
def stage() -> Iterator[Stage]:
    """Have a stage, and remove it."""
    with tempfile.TemporaryDirectory(prefix="lytics-ml-screens-") as base:
        folder = Path(base) / "lytics-ml"
        _copy(folder)
        daemon = Daemon(folder / ".sandbox", _PORT)
        daemon.start()
        try:
            yield Stage(folder, _PORT)
        finally:
            daemon.stop()


def _copy(folder: Path) -> None:
    """Copy what git tracks; the virtual environment is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    _borrow(Path(sys.prefix), folder)
    for kept in ("state", "home"):
        (folder / ".pulumi" / kept).mkdir(parents=True)


def _borrow(venv: Path, folder: Path) -> None:
    """Let a folder have this project's virtual environment, and never change it.

    A link to it would be taken for one that was made elsewhere, and made anew.
    """
    own = folder / ".venv"
    own.mkdir()
    for name in ("bin", "lib"):
        (own / name).symlink_to(venv / name)
    for file in venv.iterdir():
        if file.is_file():
            shutil.copy2(file, own / file.name)
    (own / ".made-in").write_text(f"{folder}\n", encoding="utf-8")
