"""`lytics-ml import`."""

import sys
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def import_models(  # noqa: PLR0913 - each is an option of the command
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Models, by id; all if none.")
    ] = None,
    *,
    stack: StackOption = None,
    match: Annotated[
        str | None,
        typer.Option("--match", help="Only models whose name or label fits, for example 'churn*'."),
    ] = None,
    active: Annotated[bool, typer.Option("--active", help="Only models that are live.")] = False,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Also models that another stack made and no longer has."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Declare models that the account has already.

    pulumi up then takes them over as they are, without a write.

    Exit codes: 0 done, 1 a model that was named can't be declared, 2 nothing could be done.
    """
    from cli.edit.stack_edit import StackEdit, show_diff
    from cli.errors import OK, PROBLEMS
    from cli.importing.as_json import as_json as import_json
    from cli.importing.plan import plan_import
    from cli.importing.run import chosen, known_of, segments_of, written
    from cli.screen.terminal import count, safe, say, say_json, warn
    from cli.workspace.account import connected, proven, settings_of
    from cli.workspace.project import find_project
    from cli.workspace.pulumi import selected_stack
    from cli.workspace.state import read_state_if_made
    from cli.workspace.state_writes import settle_state_writes
    from providers.lytics.text import shown

    project = find_project()
    name = stack or selected_stack(project)
    edit = StackEdit(project.stack_file(name))
    state, settings = read_state_if_made(project, name), settings_of(project, name)
    with connected(settings) as client:
        account = list(proven(settings, client, state).looks.any().models.values())
        book, unseen = segments_of(client)
    models = chosen(account, ids or [], match=match, active=active)
    known = known_of(project, state, edit, book)
    named = {wanted.lower() for wanted in ids or []}
    plan = plan_import(known, models, account, named=named, take_over=take_over)
    plan.notes += [unseen] if unseen and plan.declared else []
    written(edit, plan)
    path, diff = shown(edit.path), edit.diff()
    if dry_run:
        edit.check()
    else:
        edit.write()
        if settle_state_writes(project, name, len(edit.stack.models)):
            config = shown(project.config_file(name))
            plan.notes.append(f"{config}: lytics:stateWrites is end now, as the stack is large")
    code = PROBLEMS if plan.named_and_refused else OK
    if as_json:
        is_written = bool(plan.declared) and not dry_run
        say_json(import_json(plan, name, path, diff=diff, written=is_written))
        sys.exit(code)
    if dry_run:
        show_diff(diff)
    for model, reason in plan.skipped:
        warn(f'skipped {safe(model.id)} "{safe(model.name, 60)}": {reason}')
    for note in plan.notes:
        say(f"note: {note}")
    if not plan.declared:
        say(f"Nothing to import; {path} is as it was.")
    elif dry_run:
        say(f"{count(len(plan.declared), 'model')} would be declared; nothing was written.")
    else:
        say(
            f"{count(len(plan.declared), 'model')} declared in {path}. "
            f"Look at it with bin/lytics-ml review --stack {name}; "
            f"bin/pulumi up --stack {name} then takes them over."
        )
    sys.exit(code)
