"""What a command ends with when it can't go on."""

OK = 0
PROBLEMS = 1
"""Something is wrong with what the command was to look at, or it refused."""
UNABLE = 2
"""The command could not do, or not check, what it was asked for."""
INTERRUPTED = 130
"""Ctrl-C."""

EXIT_CODES = {
    OK: "done, or nothing is wrong",
    PROBLEMS: "something is wrong with what the command looked at, or it refused",
    UNABLE: "it could not do, or not check, what it was asked for; also a mistyped command line",
    INTERRUPTED: "interrupted with Ctrl-C",
}
"""What each means; a command's help says more of its own."""


class CliError(Exception):
    """A command can't go on.

    Args:
        message: what is wrong and what to do next, as it is shown.
        exit_code: `PROBLEMS` or `UNABLE`.
    """

    def __init__(self, message: str, exit_code: int = UNABLE) -> None:
        self.exit_code = exit_code
        super().__init__(message)
