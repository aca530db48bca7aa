"""Refuses a destroy whose stack file can't be used; `bin/pulumi` asks here before it runs one.

A destroy runs no program, and each model that leaves asks the file what `removed` says of it: with
a mistake in it every one of them would fail, once the engine has begun.
"""

import sys
from pathlib import Path

from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import read_stack_file


def main(arguments: list[str]) -> int:
    """Say on standard error why nothing is destroyed; 0 if the file is right."""
    try:
        read_stack_file(Path(arguments[0]))
    except DeclarationError as exc:
        told = (
            f"{exc}\nNothing was destroyed: the file says how each model leaves. Correct it first"
        )
        sys.stderr.write(f"error: {told}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
