"""`lytics-ml audiences`."""

import sys
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def audiences(
    model: Annotated[
        str | None, typer.Argument(metavar="[KEY|ID]", help="One model; all if left out.")
    ] = None,
    stack: StackOption = None,
    *,
    as_json: JsonOption = False,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print the graph, as GitHub and GitLab draw it.")
    ] = False,
) -> None:
    """Say which audiences use the models' scores.

    Audiences find a score by the model's name: the stack's models come first, then used models
    that are not of this stack, then scores that audiences use and no model writes.

    Exit codes: 0 shown, 2 the API didn't answer, or this key may not see audiences.
    """
    from cli.audiences.mermaid import as_mermaid
    from cli.audiences.report import as_screen
    from cli.audiences.used import who_uses
    from cli.errors import OK, UNABLE, CliError
    from cli.models.look import find_row, look_at
    from cli.screen.terminal import console, say, say_json, show, warn
    from providers.lytics.domain.segments import SegmentBook

    look = look_at(stack, summaries=False)
    if look.account is None:
        raise CliError(look.problem)
    uses = look.audiences.uses
    if uses is None:
        raise CliError(look.audiences.why_unknown)
    rows = look.rows if model is None else [find_row(look, model)]
    who = who_uses(rows, look.account, uses, SegmentBook(look.audiences.segments))
    if model is not None:
        who = who.of_rows()
    if as_json:
        say_json(who.as_list())
    elif mermaid:
        say(as_mermaid(who))
    else:
        show(console(), as_screen(who))
    for line in look.notes:
        warn(line)
    sys.exit(OK if not look.problem else UNABLE)
