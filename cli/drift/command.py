"""`lytics-ml drift`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


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
    from cli.drift import report as drift_report
    from cli.drift.compare import compare
    from cli.drift.observe import observe
    from cli.edit.output import write_text
    from cli.errors import OK, PROBLEMS
    from cli.screen.terminal import console, say_json
    from cli.workspace.project import find_project
    from cli.workspace.removals import declared_removals
    from cli.workspace.state import read_state

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
