"""`lytics-ml schema`."""

import sys
from typing import Annotated

import typer


def schema(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if it isn't up to date.")
    ] = False,
) -> None:
    """Write stacks/schema.json for editors.

    Exit codes: 0 up to date, 1 it isn't (--check), 2 it can't be written.
    """
    from cli.edit.files import write_file
    from cli.errors import PROBLEMS
    from cli.schema.schema_json import schema_text
    from cli.screen.terminal import say, warn
    from cli.workspace.project import find_project, shown

    path = find_project().stacks / "schema.json"
    text = schema_text()
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        say(f"{shown(path)} is up to date")
    elif check:
        warn(f"{shown(path)} isn't up to date. Run: lytics-ml schema")
        sys.exit(PROBLEMS)
    else:
        write_file(path, text)
        say(f"{shown(path)} is written")
