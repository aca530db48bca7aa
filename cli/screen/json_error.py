"""What `--json` prints where a command can't go on."""

from collections.abc import Sequence

from typing_extensions import TypedDict


class ErrorJson(TypedDict):
    """Why nothing could be shown, and the exit code: 1, 2, or 130 after a Ctrl-C."""

    error: str
    exit_code: int


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON."""
    return "--json" in arguments


def error_json(message: str, exit_code: int) -> ErrorJson:
    """Return what is printed on stdout, while stderr has the sentence."""
    return {"error": message, "exit_code": exit_code}
