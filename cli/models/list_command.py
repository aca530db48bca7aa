"""`lytics-ml list`."""

import sys

from cli.options import JsonOption, StackOption


def list_models(stack: StackOption = None, *, as_json: JsonOption = False) -> None:
    """Show a stack's models: state, live, health, scores, gate.

    Exit codes: 0 shown, 2 the API didn't answer, so that what the state knows is shown instead.
    """
    from cli.errors import OK, UNABLE
    from cli.models.look import look_at
    from cli.models.table import legend, model_table
    from cli.screen.terminal import console, count, say, say_json, show, warn

    look = look_at(stack)
    if as_json:
        say_json(
            {
                "stack": look.state.stack,
                "problem": look.problem or None,
                "models": [row.as_dict() for row in look.rows],
            }
        )
    elif not look.rows:
        say(f"Stack {look.state.stack} has no models. Declare some in {look.file}.")
    else:
        screen = console()
        live = sum(row.live is True for row in look.rows)
        say(f"Stack {look.state.stack}: {count(len(look.rows), 'model')}, {live} live")
        say()
        show(screen, model_table(look.rows, screen))
        for line in legend(look.rows):
            say(line)
    for line in (*look.notes, look.problem):
        if line:
            warn(line)
    sys.exit(UNABLE if look.problem else OK)
