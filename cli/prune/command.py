"""`lytics-ml prune`."""

import sys
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def prune(
    stack: StackOption = None,
    *,
    keep: Annotated[
        int, typer.Option(min=0, help="Retired models of each key that stay, the youngest.")
    ] = 1,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before deleting.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete models that their successors have retired.

    What is live, is in a state, is adopted, or is used by an audience stays; so does the youngest
    of each key, which going back takes up again. lytics-ml list --retired shows them all.

    Exit codes: 0 done, 1 refused, or a model stayed, 2 it could not be checked.
    """
    from cli.errors import OK, PROBLEMS, CliError
    from cli.prune.look import look
    from cli.prune.report import as_list, as_table
    from cli.prune.retired import to_delete
    from cli.screen.terminal import console, count, say, say_json, show
    from cli.workspace.account import connected, settings_of
    from cli.workspace.project import find_project
    from cli.workspace.pulumi import selected_stack
    from cli.workspace.state import read_state

    project = find_project()
    name = stack or selected_stack(project)
    state = read_state(project, name)
    settings = settings_of(project, name)
    deleted: list[str] = []
    stayed: list[str] = []
    with connected(settings) as client:
        found = look(project, name, state, settings, client, must_know=True)
        chosen = to_delete(found, keep)
        if chosen and not as_json:
            show(console(), as_table(chosen))
        if chosen and not dry_run:
            if not (yes or _agreed(len(chosen))):
                message = "Nothing was deleted. --yes answers the question beforehand."
                raise CliError(message, PROBLEMS)
            # Somebody took time to answer: what is live or used by now stays.
            state = read_state(project, name)
            now = look(project, name, state, settings, client, must_know=True, is_agreed=True)
            still = {one.model.id for one in to_delete(now, keep)}
            for one in chosen:
                gone = one.model.id in still and client.delete_model(one.model.id)
                (deleted if gone else stayed).append(one.model.id)
    if as_json:
        told = {"stack": name, "retired": as_list(found), "deleted": deleted, "stayed": stayed}
        say_json(told)
    elif not chosen:
        say(
            f"Stack {name}: {count(len(found), 'retired model')}, none of them to delete: "
            f"the youngest of each key stays (--keep {keep}), and what is in use"
        )
    elif dry_run:
        say(f"{count(len(chosen), 'model')} would be deleted; nothing was")
    else:
        say(f"{count(len(deleted), 'model')} deleted")
        for model_id in stayed:
            say(f"model {model_id} stays: it is in use by now, or Lytics doesn't delete it")
    sys.exit(PROBLEMS if stayed else OK)


def _agreed(number: int) -> bool:
    from cli.screen.terminal import count

    if not sys.stdin.isatty():
        return False
    question = f"Delete {count(number, 'model')}? Going back to one then means training again"
    return typer.confirm(question, default=False, err=True)
