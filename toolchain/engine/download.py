"""The official download, by the installer of Pulumi's Automation API."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from toolchain.errors import UnavailableError
from toolchain.places import ROOT, VERSION
from toolchain.progress import Progress

LIMIT_S = 300
"""How long the download may take, in seconds."""

_CONNECT_WITHIN_S = 15
_SHOWN_CHARACTERS = 200


def download(target: Path) -> None:
    """Put the official engine into the folder `target`, which appears only when it is complete.

    Raises:
        UnavailableError: If it can't be downloaded here, or not in time.
    """
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _install(partial)
        (partial / "bin").replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _install(partial: Path) -> None:
    # A process group of its own, since the installer runs a script that runs others.
    with (
        Progress(f"Downloading Pulumi {VERSION}"),
        subprocess.Popen(
            [sys.executable, "-P", "-m", "toolchain.engine.download", str(partial)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        try:
            output, _ = process.communicate(timeout=LIMIT_S)
        except BaseException as exc:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(exc, subprocess.TimeoutExpired):
                message = f"not done after {LIMIT_S} s"
                raise UnavailableError(message) from exc
            raise
    if process.returncode:
        last = (output.strip().splitlines() or ["it says nothing"])[-1]
        raise UnavailableError(last[:_SHOWN_CHARACTERS])


def main(root: str) -> int:
    """Run the installer and print one line if it fails."""
    from pulumi.automation import PulumiCommand  # noqa: PLC0415 - only this process needs it
    from semver import VersionInfo  # noqa: PLC0415

    socket.setdefaulttimeout(_CONNECT_WITHIN_S)
    try:
        PulumiCommand.install(root=root, version=VersionInfo.parse(VERSION))
    except Exception as exc:  # noqa: BLE001 - whatever it is, the next way is tried
        output = getattr(exc, "output", None)  # of the installer's script, where it got so far
        words = output.decode(errors="replace").split() if isinstance(output, bytes) else ()
        sys.stdout.write(" ".join(words)[-_SHOWN_CHARACTERS:] or str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
