"""`lytics-ml rehearse`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def rehearse(  # noqa: PLR0913 - each is one option of the command line
    stack: StackOption = None,
    *,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            "--scores",
            metavar="KEY=auc:0.71,…",
            help="Rehearse once more with these scores of a new model; may be given again.",
        ),
    ] = None,
    as_json: JsonOption = False,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Markdown for a pull request there.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with a timeline there.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Report gaps and peaks, and don't fail over them.")
    ] = False,
) -> None:
    """Carry a change out on a copy of the account; Lytics and the stack's state stay as they are.

    Once such that every gate passes, once such that none does. Says what would be sent, what is
    live in between, and what is left behind.

    Exit codes: 0 both rehearsals end as declared, 1 one doesn't, or at some moment a
    model is missing or too many are live, 2 it could not be rehearsed.
    """
    from cli.edit.output import write_text
    from cli.errors import OK, PROBLEMS
    from cli.rehearse.rehearse import rehearse as carry_out
    from cli.rehearse.showing import words
    from cli.rehearse.showing.markdown import as_markdown
    from cli.rehearse.showing.page import as_page
    from cli.rehearse.showing.screen import as_screen
    from cli.screen.terminal import console, say_json, show
    from cli.workspace.project import find_project

    rehearsed = carry_out(find_project(), stack, scores or [])
    if markdown is not None:
        write_text(markdown, as_markdown(rehearsed))
    if html is not None:
        write_text(html, as_page(rehearsed))
    if as_json:
        say_json({"rehearsals": [one.as_dict() for one in rehearsed.rehearsals]})
    else:
        show(console(), as_screen(rehearsed))
    sys.exit(PROBLEMS if words.is_trouble(rehearsed, forced=force) else OK)
