"""`lytics-ml list`."""

import sys
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def list_models(
    stack: StackOption = None,
    *,
    retired: Annotated[
        bool, typer.Option("--retired", help="Show the models that successors have retired.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a stack's models: state, live, health, scores, gate.

    Exit codes: 0 shown, 2 the API didn't answer, so that what the state knows is shown instead.
    """
    from cli.errors import OK, UNABLE
    from cli.models.look import look_at
    from cli.models.table import legend, model_table
    from cli.screen.terminal import console, count, say, say_json, show, warn

    if retired:
        _show_retired(stack, as_json=as_json)
        return
    look = look_at(stack)
    if as_json:
        say_json(
            {
                "stack": look.state.stack,
                "problem": look.told or None,
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
    for line in (*look.notes, look.told):
        if line:
            warn(line)
    sys.exit(UNABLE if look.problem else OK)


def _show_retired(stack: str | None, *, as_json: bool) -> None:
    """Show what lytics-ml prune chooses from."""
    from cli.prune.look import look
    from cli.prune.report import as_list, as_table
    from cli.screen.terminal import console, count, say, say_json, show
    from cli.workspace.account import connected, settings_of
    from cli.workspace.project import find_project
    from cli.workspace.pulumi import selected_stack
    from cli.workspace.state import read_state

    project = find_project()
    name = stack or selected_stack(project)
    state = read_state(project, name)
    settings = settings_of(project, name)
    with connected(settings) as client:
        found = look(project, name, state, settings, client, must_know=False)
    if as_json:
        say_json({"stack": name, "retired": as_list(found)})
        return
    say(f"Stack {name}: {count(len(found), 'retired model')}")
    if found:
        say()
        show(console(), as_table(found))
        say("\nbin/lytics-ml prune deletes those that no audience uses")
