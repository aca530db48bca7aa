"""`lytics-ml schema`."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def schema(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if it isn't up to date.")
    ] = False,
    outputs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write there what --json prints: a schema for each command."
        ),
    ] = None,
) -> None:
    """Write stacks/schema.json and stacks/rules.schema.json for editors.

    Exit codes: 0 up to date, 1 one is out of date (--check), 2 it can't be written.
    """
    from cli.edit.files import write_file
    from cli.errors import OK, PROBLEMS
    from cli.schema.outputs import OUTPUTS, output_schema_text
    from cli.schema.schema_json import rules_schema_text, schema_text
    from cli.screen.terminal import say, warn
    from cli.workspace.project import find_project
    from providers.lytics.text import shown

    stacks = find_project().stacks
    files = {
        stacks / "schema.json": schema_text(),
        stacks / "rules.schema.json": rules_schema_text(),
    }
    if outputs is not None:
        files |= {outputs / f"{name}.json": output_schema_text(name) for name in OUTPUTS}
    code = OK
    for path, text in files.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            say(f"{shown(path)} is up to date")
        elif check:
            warn(f"{shown(path)} isn't up to date. Run: bin/lytics-ml schema")
            code = PROBLEMS
        else:
            write_file(path, text)
            say(f"{shown(path)} is written")
    sys.exit(code)
