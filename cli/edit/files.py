"""Writing files whole or not at all."""

import os
from pathlib import Path

from cli.errors import CliError
from providers.lytics.text import shown


def write_beside(path: Path, content: bytes) -> Path:
    """Write a file beside another one, ready to take its place, and return where it is.

    Raises:
        CliError: it can't be written.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        message = f"{shown(path)} can't be written: {exc.strerror}"
        raise CliError(message) from exc
    return temporary


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        CliError: it can't be written.
    """
    write_beside(path, text.encode("utf-8")).replace(path.resolve())
