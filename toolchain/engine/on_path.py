"""A Pulumi that is already on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from toolchain.errors import UnavailableError
from toolchain.places import ROOT

OLDEST = (3, 230)
BEFORE = (4,)
HOST = "pulumi-language-python"

_ANSWER_WITHIN_S = 30


def find() -> Path:
    """Return the folder of the first `pulumi` on PATH that we support.

    Raises:
        UnavailableError: If there is none; tells what is wrong with each that was found.
    """
    reasons = []
    for pulumi in _candidates():
        if reason := _objection(pulumi):
            reasons.append(f"{pulumi} {reason}")
        else:
            return pulumi.parent
    raise UnavailableError("; ".join(reasons) or "there is no pulumi")


def _candidates() -> Iterator[Path]:
    for folder in dict.fromkeys(os.environ.get("PATH", "").split(os.pathsep)):
        pulumi = Path(folder).absolute() / "pulumi"
        is_file = folder and pulumi.is_file() and os.access(pulumi, os.X_OK)
        if is_file and pulumi.resolve() != ROOT / "bin" / "pulumi":
            yield pulumi


def _objection(pulumi: Path) -> str | None:
    # The variable makes a stub like ours, of another clone, say what it is instead of installing.
    env = os.environ | {"LYTICS_ML_PROBE": "1", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    env.setdefault("PULUMI_HOME", str(ROOT / ".pulumi" / "home"))
    try:
        answer = subprocess.run(
            [pulumi, "version"],
            check=False,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_WITHIN_S,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"doesn't run ({exc})"
    words = (answer.stdout.strip() or answer.stderr.strip()).splitlines()
    version = re.fullmatch(r"v?(\d+)\.(\d+)\.\S+", words[-1] if words else "")
    if answer.returncode or not version:
        return f"doesn't tell its version ({words[-1] if words else 'it says nothing'})"
    if not OLDEST <= (int(version[1]), int(version[2])) < BEFORE:
        oldest = ".".join(map(str, OLDEST))
        return f"is {version[0]}, supported are {oldest} and later, below {BEFORE[0]}"
    if not shutil.which(HOST, path=f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}"):
        return f"has no {HOST} beside it or on PATH"
    return None
