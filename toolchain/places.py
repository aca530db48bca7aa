"""Where things are: this project, the cache folder, the engine inside it."""

import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of this project."""

VERSION = (ROOT / "toolchain" / "VERSION").read_text(encoding="utf-8").strip()
"""The pinned version of Pulumi, for example `3.250.0`."""

VENV = ROOT / ".venv"
"""The virtual environment that programs, commands and tests run in."""

_GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def cache_folder() -> Path:
    """Return the only folder outside this project that is ever written to."""
    if own := os.environ.get("LYTICS_ML_CACHE"):
        return Path(own).absolute()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "lytics-ml"
    return Path(os.path.expanduser("~/.cache/lytics-ml"))  # noqa: PTH111 - leaves an unknown ~ be


def platform_name() -> str:
    """Return this machine's kind as Go spells it, for example `linux-amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_GO_ARCHITECTURES.get(machine, machine)}"


def engine_folder() -> Path:
    """Return where an engine that was downloaded or built is kept."""
    return cache_folder() / f"engine-{VERSION}-{platform_name()}"
