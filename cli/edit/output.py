"""Writes what a command was asked to leave in a file."""

from pathlib import Path

from cli.errors import CliError
from providers.lytics.text import shown


def write_text(path: Path, content: str) -> None:
    """Write a text.

    Raises:
        CliError: it can't be written.
    """
    try:
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as exc:
        message = f"{shown(path)} can't be written: {exc.strerror}"
        raise CliError(message) from exc
