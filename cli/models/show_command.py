"""`lytics-ml show`."""

import sys
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def show_model(
    model: Annotated[
        str, typer.Argument(metavar="KEY|ID", help="A key of the stack, or a model's id.")
    ],
    stack: StackOption = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Show every feature and every message.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one model in full, its verdict first.

    Then scores, gate, features by importance, errors on held-out users and messages.
    An id may be that of any model of the account, and may be cut short.

    Exit codes: 0 shown, 2 there is no such model, or the API didn't answer.
    """
    from cli.errors import OK, UNABLE
    from cli.models import page as model_page
    from cli.models.look import find_model, look_at
    from cli.screen.terminal import console, say_json, show, warn

    look = look_at(stack, summaries=False)
    row = find_model(look, model)
    if as_json:
        say_json(model_page.as_json(row, look.state.stack, problem=look.told))
    else:
        screen = console()
        show(screen, model_page.model_page(row, screen, every=every))
    for line in (*look.notes, look.told):
        if line:
            warn(line)
    sys.exit(UNABLE if look.problem or row.problem else OK)
