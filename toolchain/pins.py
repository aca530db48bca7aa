"""The pinned requirements: made from pyproject.toml, and checked against it.

`requirements.txt` is what running needs; `requirements-dev.txt` holds that, with the same pins,
and what developing needs.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from toolchain.errors import NotInstalledError, UnavailableError
from toolchain.places import ROOT, VENV, cache_folder
from toolchain.progress import CommandFailedError, run_watched, say
from toolchain.virtualenv import DEVELOP, RUN

HEADER = "# Do not edit: made from pyproject.toml by `make lock`.\n"

_COMMON = (
    *("pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "pyproject.toml"),
)
_GROUPS = ("sandbox", "test", "lint", "bench", "docs", "lock")


def derive(folder: Path, more: Sequence[str] = ()) -> None:
    """Pin what the pyproject.toml in a folder asks for, keeping the pins there that still fit.

    Args:
        folder: Holds pyproject.toml; the two requirements files are written beside it.
        more: More arguments for uv, for example `--upgrade`.

    Raises:
        NotInstalledError: If no set of versions fits.
        UnavailableError: If the package index can't be asked.
    """
    env = os.environ | {"UV_PYTHON": str(VENV / "bin" / "python"), "UV_NO_PROGRESS": "1"}
    env.setdefault("UV_CACHE_DIR", str(cache_folder() / "uv"))
    groups = [part for group in _GROUPS for part in ("--group", group)]
    for name, own in ((RUN, []), (DEVELOP, ["-c", RUN, *groups])):
        command = [str(VENV / "bin" / "uv"), *_COMMON, *own, *more, "-o", name]
        try:
            run_watched(f"Pinning {name}", command, env, lambda _: None, folder)
        except CommandFailedError as exc:
            said = "\n".join(f"  {line}" for line in exc.output)
            if "No solution found" in said:
                raise NotInstalledError(said) from exc
            raise UnavailableError(exc.output[-1] if exc.output else str(exc)) from exc
        file = folder / name
        file.write_text(HEADER + file.read_text(encoding="utf-8"), encoding="utf-8")


def differing() -> list[str]:
    """Return the requirements files that aren't what pyproject.toml makes."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("pyproject.toml", RUN, DEVELOP):
            shutil.copyfile(ROOT / name, folder / name)
        derive(folder)
        return [
            name
            for name in (RUN, DEVELOP)
            if (folder / name).read_bytes() != (ROOT / name).read_bytes()
        ]


def main(arguments: list[str]) -> int:
    """Make or check the pins; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m toolchain.pins", description=__doc__)
    parser.add_argument("command", choices=("lock", "check"))
    options, more = parser.parse_known_args(arguments)
    try:
        if options.command == "lock":
            derive(ROOT, more)
        elif wrong := differing():
            say(f"{' and '.join(wrong)}: not what pyproject.toml asks for; run: make lock")
            return 1
    except UnavailableError as exc:
        say(f"the pins can't be derived here ({exc})")
        return int(options.command == "lock")  # a check without a network tells nothing
    except NotInstalledError as exc:
        say(str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
