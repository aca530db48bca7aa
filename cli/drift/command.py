"""`lytics-ml drift`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.notify.options import LinkOption, NotifyAsOption, NotifyOption
from cli.options import JsonOption, StackOption


def drift(  # noqa: PLR0913 - each is one option of the command line
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="With --accept: whose.")
    ] = None,
    stack: StackOption = None,
    *,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Write label and is_active of KEY... into the stack file."),
    ] = False,
    as_json: JsonOption = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown there too.")
    ] = None,
    notify: NotifyOption = False,
    notify_as: NotifyAsOption = None,
    link: LinkOption = "",
) -> None:
    """Say how the account differs from what was last applied; changes nothing in Lytics.

    `drift --accept KEY...` takes over what somebody changed outside: the file then declares it.

    Exit codes: 0 no drift, or accepted; 1 drift, or nothing to accept; 2 it could not be checked.
    """
    from cli.drift import report as drift_report
    from cli.drift.accept import edit_of, take_over
    from cli.drift.compare import compare
    from cli.drift.observe import observe
    from cli.drift.telling import as_message, known_by
    from cli.edit.output import write_text
    from cli.errors import OK, PROBLEMS, CliError
    from cli.notify.news import notify as tell
    from cli.screen.terminal import console, say_json, show
    from cli.workspace.project import find_project
    from cli.workspace.removals import declared_models, declared_removals
    from cli.workspace.state import read_state

    if bool(keys) != accept:
        message = "Name keys together with --accept, for example: drift --accept grow"
        raise CliError(message)
    project = find_project()
    state = read_state(project, stack)
    edit = edit_of(project.stack_file(state.stack), keys or []) if accept else None
    removals = declared_removals(project.stack_file(state.stack))
    retained = {key for key, policy in removals.items() if policy == "retain"}
    observed = observe(project, state)
    today = declared_models(project.stack_file(state.stack))
    report = compare(project.name, state, observed, retained, today)
    if edit is not None:
        take_over(edit, report, observed, keys or [])
        sys.exit(OK)
    if markdown is not None:
        write_text(markdown, drift_report.as_markdown(report))
    if as_json:
        say_json(report.as_dict())
    else:
        show(console(), drift_report.as_screen(report))
    if notify:
        tell(project, as_message(report, link), known_by(report), notify_as)
    sys.exit(PROBLEMS if report.drifts else OK)
