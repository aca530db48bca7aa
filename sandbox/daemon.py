"""The local sandbox as `make up` and `make down` start and stop it.

What runs is told by a lock that the server inherits and that goes when it ends, however it
ends: a number in a file alone may by then belong to another program.
"""

import argparse
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import IO

from toolchain.errors import NotInstalledError
from toolchain.places import ROOT
from toolchain.progress import Progress, say

HOST = "127.0.0.1"
PORT = 8791
BUILD_S = 3
"""The least time in seconds that a build takes, so that it can be watched."""

AUDIENCES = ROOT / "sandbox" / "audiences" / "demo.json"
"""Two audiences that use the score of the local stack's grow-customer-base."""

READY_WITHIN_S = 60.0
GONE_WITHIN_S = 10.0

_LOOK_EVERY_S = 0.1
_SHOWN_LINES = 15


class Daemon:
    """The sandbox that keeps its models in one folder; at most one runs for it."""

    def __init__(self, folder: Path = ROOT / ".sandbox", port: int = PORT) -> None:
        self.folder = folder
        self.port = port
        self.log = folder / "log"
        self._pid = folder / "pid"
        self._running_port = folder / "port"

    @property
    def url(self) -> str:
        """Return the base URL of the API that it serves."""
        return f"http://{HOST}:{self.port}/api"

    def start(self) -> None:
        """Start it if it doesn't run; return when it answers.

        Raises:
            NotInstalledError: If it doesn't come to answer; says why and what to do.
        """
        self.folder.mkdir(exist_ok=True)
        with self._lock() as lock:
            if not lock:
                self._join()
                return
            self._refuse_taken_port()
            process = self._spawn(lock)
        try:
            with Progress("Starting the sandbox"):
                self._wait(process)
        finally:
            if process.poll() is None:
                process.returncode = 0  # it outlives this command, which mustn't wait for it
        say(f"the sandbox runs on {self.url} (log: {_shown(self.log)})")

    def stop(self) -> None:
        """Stop it and wait until it is gone; without one, say so."""
        with self._lock() as lock:
            if lock or not self._pid.exists():
                say("the sandbox isn't running")
                return
        group = int(self._pid.read_text(encoding="utf-8"))
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with Progress("Stopping the sandbox"):
                gone = self._signal_and_wait(group, kind)
            if gone:
                self._pid.unlink(missing_ok=True)
                say("the sandbox is stopped; its models are kept")
                return
        message = f"the sandbox, process {group}, doesn't stop"
        raise NotInstalledError(message)

    @contextmanager
    def _lock(self) -> Iterator[IO[bytes] | None]:
        """Yield the lock file if no sandbox runs for this folder, else None."""
        if not self.folder.exists():
            yield None
            return
        with (self.folder / "daemon.lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield file

    def _join(self) -> None:
        """Wait for the one that runs already, perhaps started a moment ago."""
        wanted = self.port
        if self._running_port.exists():
            self.port = int(self._running_port.read_text(encoding="utf-8"))
        if self.port != wanted:
            message = (
                f"The sandbox of this folder already runs, on port {self.port}; stop it with "
                f"`make down` to have it on {wanted}."
            )
            raise NotInstalledError(message)
        with Progress("Waiting for the sandbox that runs already"):
            self._wait(None)
        say(f"the sandbox already runs on {self.url}")

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, self.port)):
                return
        taker = "a sandbox that this folder didn't start" if self._answers() else "another program"
        message = (
            f"Port {self.port} is taken by {taker}. Stop that, or choose another port: "
            f"make up SANDBOX_PORT={self.port + 1}"
        )
        raise NotInstalledError(message)

    def _spawn(self, lock: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port)]
        command += ["--data", str(self.folder), "--build-s", str(BUILD_S)]
        command += ["--segments", str(AUDIENCES)]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # neither Ctrl-C nor the end of make is for it
                pass_fds=[lock.fileno()],
            )
        self._pid.write_text(f"{process.pid}\n", encoding="utf-8")
        self._running_port.write_text(f"{self.port}\n", encoding="utf-8")
        return process

    def _wait(self, process: subprocess.Popen[bytes] | None) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            if process and process.poll() is not None:
                what = f"The sandbox ended at its start, with exit code {process.returncode}"
            elif time.monotonic() > until:
                what = f"The sandbox doesn't answer on {self.url} after {READY_WITHIN_S:.0f} s"
            else:
                time.sleep(_LOOK_EVERY_S)
                continue
            message = f"{what}.{self._last_words()}"
            raise NotInstalledError(message)

    def _answers(self) -> bool:
        url = f"http://{HOST}:{self.port}/_sandbox/health"
        # Straight there, since a proxy of the user's has no business with this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=2) as response:
                return bool(response.status == HTTPStatus.OK)
        except (OSError, HTTPException):
            return False

    def _last_words(self) -> str:
        if not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        words = "\n".join(f"  {line}" for line in lines[-_SHOWN_LINES:])
        return f" The last lines of {_shown(self.log)}:\n{words or '  (nothing)'}"

    def _signal_and_wait(self, group: int, kind: signal.Signals) -> bool:
        """Send a signal to the server and its workers; tell whether they are gone in time."""
        try:
            os.killpg(group, kind)
        except ProcessLookupError:
            return True
        until = time.monotonic() + GONE_WITHIN_S
        while time.monotonic() < until:
            with self._lock() as free:
                if free:
                    return True
            time.sleep(_LOOK_EVERY_S)
        return False


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def main(arguments: list[str]) -> int:
    """Start or stop the sandbox of this project; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.daemon", description=__doc__)
    parser.add_argument("command", choices=("start", "stop"))
    parser.add_argument("--port", type=int, default=PORT)
    options = parser.parse_args(arguments)
    daemon = Daemon(port=options.port)
    try:
        if options.command == "start":
            daemon.start()
        else:
            daemon.stop()
    except NotInstalledError as exc:
        say(str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
