"""`lytics-ml watch`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.notify.options import LinkOption, NotifyAsOption, NotifyOption
from cli.options import JsonOption, StackOption


def watch(  # noqa: PLR0913 - each is one option of the command line
    stack: StackOption = None,
    *,
    as_json: JsonOption = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown there too.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page with the scores over time."),
    ] = None,
    notify: NotifyOption = False,
    notify_as: NotifyAsOption = None,
    link: LinkOption = "",
) -> None:
    """Say whether the live models still score what they should; changes nothing in Lytics.

    What changed since the last look is added to history/<stack>.jsonl.

    Exit codes: 0 all score what they should, 1 some fell short, 2 it could not be checked.
    """
    from cli.edit.output import write_text
    from cli.errors import OK, PROBLEMS, UNABLE
    from cli.history.page import history_page
    from cli.notify.news import notify as tell
    from cli.screen.terminal import console, say_json, show, warn
    from cli.watch import report
    from cli.watch.look import look_at_live_models
    from cli.watch.telling import as_message, known_by
    from cli.workspace.project import find_project
    from cli.workspace.state import read_state

    project = find_project()
    look = look_at_live_models(project, read_state(project, stack))
    watching = look.watching
    if markdown is not None:
        write_text(markdown, report.as_markdown(watching))
    if html is not None:
        write_text(html, history_page(watching.stack, look.timeline, watching.at, watching))
    if as_json:
        say_json(watching.as_dict())
    else:
        show(console(), report.as_screen(watching))
    for line in look.notes:
        warn(line)
    if notify and (watching.is_known or watching.short):
        tell(project, as_message(watching, link), known_by(watching), notify_as)
    sys.exit(PROBLEMS if watching.short else OK if watching.is_known else UNABLE)
