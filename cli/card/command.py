"""`lytics-ml card`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import StackOption


def card(  # noqa: PLR0913 - each is one option of the command line
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="The model.")] = None,
    stack: StackOption = None,
    *,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown there.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page there.")
    ] = None,
    every: Annotated[
        Path | None,
        typer.Option("--all", metavar="DIR", help="Write DIR/<key>.md for each declared model."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if a file is out of date.")
    ] = False,
) -> None:
    """Write a model's card: what it predicts, for whom, from what, how well, who uses it.

    Without a file it is printed as Markdown. The same model makes the same card, byte by byte.

    Exit codes: 0 written or up to date, 1 out of date (--check), 2 it can't be made.
    """
    from cli.card.files import cards, out_of_date, write_all
    from cli.errors import OK, PROBLEMS, CliError
    from cli.screen.terminal import count, say, warn
    from providers.lytics.text import shown

    if (key is None) == (every is None):
        message = "Name a model, or give --all DIR: one of the two"
        raise CliError(message)
    if every is not None and (markdown or html):
        message = "--all writes DIR/<key>.md; leave out --markdown and --html"
        raise CliError(message)
    if check and not (every or markdown or html):
        message = "--check compares files: give --all DIR, --markdown FILE or --html FILE"
        raise CliError(message)
    made = cards(stack, key, every, markdown, html)
    for note in made.notes:
        warn(note)
    if check:
        stale = out_of_date(made, every)
        for path, why in stale:
            warn(f"{shown(path)} {why}")
        if stale:
            warn("Write them anew with the same command without --check")
        else:
            say(f"{count(len(made.files), 'card')} up to date")
        sys.exit(PROBLEMS if stale else OK)
    if made.files:
        write_all(made, every)
        for path in made.files:
            say(f"{shown(path)} is written")
    else:
        say(made.text)
    sys.exit(OK)
