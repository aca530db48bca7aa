"""`lytics-ml compare`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY|ID...", help="Keys, ids, or KEY@2026-03-01: what was live that day."
        ),
    ],
    stack: StackOption = None,
    *,
    as_json: JsonOption = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown there too.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page there too.")
    ] = None,
) -> None:
    """Show models side by side: scores, held-out users, features, and what a margin is worth.

    The first is what the others are compared with.

    Exit codes: 0 shown, 2 there is no such model, or the API didn't answer.
    """
    from cli.compare import report
    from cli.compare.asking import contenders
    from cli.compare.comparison import as_json as told
    from cli.compare.page import comparison_page
    from cli.edit.output import write_text
    from cli.errors import OK, CliError
    from cli.models.look import look_at
    from cli.screen.terminal import console, say_json, show, warn

    look = look_at(stack, summaries=False, audiences=False)
    if look.account is None:
        raise CliError(look.problem)
    found = contenders(look, models)
    if markdown is not None:
        write_text(markdown, report.as_markdown(found))
    if html is not None:
        write_text(html, comparison_page(look.state.stack, found))
    if as_json:
        say_json(told(look.state.stack, found))
    else:
        show(console(), report.as_screen(found))
    for line in look.notes:
        warn(line)
    sys.exit(OK)
