"""`bin/lytics-ml`: runs one command and turns what goes wrong into a sentence."""

import os
import sys
from collections.abc import Sequence

from cli.app import app
from cli.errors import OK, PROBLEMS, UNABLE, CliError
from cli.screen.json_error import error_json, wants_json
from cli.screen.terminal import say_error, say_json
from providers.lytics.errors import DeclarationError, LyticsError

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those of the command line, without the program's name; None takes sys.argv's.

    Returns:
        0 if all is well, 1 for problems, 2 if the command could not do or check what it should.
    """
    try:
        code = _run(arguments)
        # What is still to be written is sent here, so that a reader who has gone is noticed.
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads it, `head` say, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        app(arguments, prog_name="lytics-ml")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except (CliError, LyticsError) as exc:
        say_error(str(exc))
        code = _code_of(exc)
        if wants_json(sys.argv[1:] if arguments is None else arguments):
            say_json(error_json(str(exc), code))
        return code
    except KeyboardInterrupt:
        say_error("Interrupted.")
        return _INTERRUPTED
    return OK


def _code_of(error: CliError | LyticsError) -> int:
    if isinstance(error, CliError):
        return error.exit_code
    return PROBLEMS if isinstance(error, DeclarationError) else UNABLE


if __name__ == "__main__":
    sys.exit(main())
