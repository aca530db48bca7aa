"""The project's virtual environment: pinned, hashed, and the same for every command."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain.errors import NotInstalledError
from toolchain.lock import only_one
from toolchain.places import ROOT, VENV, cache_folder
from toolchain.progress import CommandFailedError, run_watched

RUN = "requirements.txt"
DEVELOP = "requirements-dev.txt"
"""Holds everything in `requirements.txt` too, with the same pins."""

_SHOWN_LINES = 15


def ensure(*, dev: bool) -> None:
    """Make .venv have what the requirements say, whatever state it is in.

    Args:
        dev: True for what developing needs, False for what running needs.

    Raises:
        NotInstalledError: If packages can't be installed.
    """
    if VENV.is_symlink() and not _is_usable():
        VENV.unlink()  # What it points to was made for another folder, and stays.
    VENV.mkdir(exist_ok=True)
    with only_one(VENV / ".lock", "installing packages into .venv"):
        if not _is_usable():
            _create()
        if has_installed(DEVELOP) or (not dev and has_installed(RUN)):
            return
        _install(DEVELOP if dev or _stamp(DEVELOP).exists() else RUN)


def has_installed(requirements: str) -> bool:
    """Tell whether this very requirements file was the last that was installed."""
    stamp = _stamp(requirements)
    return stamp.exists() and stamp.read_bytes() == (ROOT / requirements).read_bytes()


def _stamp(requirements: str) -> Path:
    return VENV / f".installed-{requirements}"


def _is_usable() -> bool:
    """Tell whether there is a Python with pip that was made for this folder.

    Scripts in a virtual environment hold its path, so one that was moved is made anew.
    """
    python, made_in = VENV / "bin" / "python", VENV / ".made-in"
    if not made_in.exists() or made_in.read_text(encoding="utf-8").strip() != str(ROOT):
        return False
    try:
        answer = subprocess.run(
            [python, "-m", "pip", "--version"], check=False, capture_output=True
        )
    except OSError:
        return False
    return answer.returncode == 0


def _create() -> None:
    for entry in VENV.iterdir():
        if entry.name == ".lock":  # held, and others may be waiting for it
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    env = _python_environment()
    try:
        run_watched(
            "Creating .venv", [sys.executable, "-m", "venv", str(VENV)], env, lambda _: None
        )
    except CommandFailedError as exc:
        message = f"Could not create .venv with {sys.executable}:\n{_tail(exc)}"
        raise NotInstalledError(message) from exc
    (VENV / ".made-in").write_text(f"{ROOT}\n", encoding="utf-8")


def _install(requirements: str) -> None:
    content = (ROOT / requirements).read_bytes()
    total = len(re.findall(rb"^[\w.-]+==", content, re.MULTILINE))
    seen = 0

    def detail(line: str) -> str | None:
        nonlocal seen
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            seen += 1
            return f"{seen} of {total}"
        return "unpacking" if line.startswith("Installing collected packages") else None

    command = [
        *(str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes"),
        *("--progress-bar", "off", "-r", str(ROOT / requirements)),
    ]
    for stamp in (_stamp(RUN), _stamp(DEVELOP)):  # from here on neither is what is installed
        stamp.unlink(missing_ok=True)
    try:
        run_watched(f"Installing {requirements} into .venv", command, _python_environment(), detail)
    except CommandFailedError as exc:
        message = (
            f"Could not install {requirements} into .venv; pip's last words:\n{_tail(exc)}\n"
            "Run this again when the cause is gone; what was fetched is kept."
        )
        raise NotInstalledError(message) from exc
    _keep_packages()
    _stamp(requirements).write_bytes(content)


def _keep_packages() -> None:
    """Keep what `host-python` answers instead of pip; without it pip is asked each time."""
    listed = subprocess.run(
        [VENV / "bin" / "python", "-m", "pip", "list", "-v", "--format", "json"],
        env=_python_environment(),
        check=False,
        capture_output=True,
    )
    if listed.returncode == 0:
        (VENV / ".packages.json").write_bytes(listed.stdout)


def _python_environment() -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    env.setdefault("PIP_CACHE_DIR", str(cache_folder() / "pip"))
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
    return env


def _tail(failure: CommandFailedError) -> str:
    return "\n".join(f"  {line}" for line in failure.output[-_SHOWN_LINES:])
