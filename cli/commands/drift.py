"""`lytics-ml drift`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import JsonOption, StackOption


def drift(
    stack: StackOption = None,
    *,
    as_json: JsonOption = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown there too.")
    ] = None,
) -> None:
    """Say what the account shows otherwise than it was last applied; changes nothing.

    Exit codes: 0 none, 1 drift, 2 it could not be told.
    """
    from cli import drift_report
    from cli.drift import compare
    from cli.drift_look import observe
    from cli.errors import OK, PROBLEMS
    from cli.output import write_text
    from cli.project import find_project
    from cli.removals import declared_removals
    from cli.state import read_state
    from cli.terminal import console, say_json

    project = find_project()
    state = read_state(project, stack)
    removals = declared_removals(project.stack_file(state.stack))
    retained = {key for key, policy in removals.items() if policy == "retain"}
    report = compare(project.name, state, observe(project, state), retained)
    if markdown is not None:
        write_text(markdown, drift_report.as_markdown(report))
    if as_json:
        say_json(report.as_dict())
    else:
        console().print(drift_report.as_screen(report))
    sys.exit(PROBLEMS if report.drifts else OK)
