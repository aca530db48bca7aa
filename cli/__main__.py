"""`bin/lytics-ml`: runs one command and turns what goes wrong into a sentence."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from typer import Abort, TyperException

from cli.app import app
from cli.errors import INTERRUPTED, OK, PROBLEMS, UNABLE, CliError
from cli.screen.json_error import error_json, wants_json
from cli.screen.terminal import say_error, say_json, warn
from providers.lytics.errors import DeclarationError, LyticsError, NoFileError

_CTRL_C = "Interrupted."
_NO_ANSWER = "Nobody answered, so nothing was changed."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those of the command line, without the program's name; None takes sys.argv's.

    Returns:
        0 if all is well, 1 for problems, 2 if the command could not do or check what it should.
    """
    if sys.stdout is None:  # Started with stdout closed; Python then has none.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    try:
        code = _run(arguments)
        # Flush here, so that a closed pipe is noticed.
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, `head` for example, has closed the pipe.
        _write_nowhere()
        code = OK
    except OSError as exc:
        # A full disk, for example; what is still to be flushed would fail again.
        _write_nowhere()
        warn(f"Can't go on: {exc}")
        code = UNABLE
    return code


def _write_nowhere() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    try:
        # Typer would end the process on wrong usage, with nothing on stdout.
        code = app(words, prog_name="lytics-ml", standalone_mode=False)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise BrokenPipeError from end  # rich ends with 1 when the reader has gone
        return end.code if isinstance(end.code, int) else OK
    except TyperException as exc:
        exc.show()  # type: ignore[attr-defined] # each that Typer raises shows the usage as well
        return _told(words, exc.format_message(), exc.exit_code)
    except (CliError, LyticsError) as exc:
        say_error(str(exc))
        return _told(words, str(exc), _code_of(exc))
    except Abort:
        say_error(_NO_ANSWER)
        return _told(words, _NO_ANSWER, PROBLEMS)
    if code == INTERRUPTED:
        say_error(_CTRL_C)
        return _told(words, _CTRL_C, code)
    return code if isinstance(code, int) else OK


def _told(words: Sequence[str], message: str, code: int) -> int:
    """Return the exit code; with --json, also print on stdout why the command ends."""
    if wants_json(words):
        say_json(error_json(message, code))
    return code


def _code_of(error: CliError | LyticsError) -> int:
    if isinstance(error, CliError):
        return error.exit_code
    is_wrong = isinstance(error, DeclarationError) and not isinstance(error, NoFileError)
    return PROBLEMS if is_wrong else UNABLE


if __name__ == "__main__":
    sys.exit(main())
