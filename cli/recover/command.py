"""`lytics-ml recover`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import StackOption

if TYPE_CHECKING:
    from cli.workspace.project import Project


def recover(
    stack: StackOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before changing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Free a lock though its run seems to go on.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Declare models that the killed run left behind.")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="Let them leave the account by their on_delete.")
    ] = False,
) -> None:
    """Put in order what a killed run left.

    That is its lock, its pending operations, its models. Changes nothing when there is
    nothing to put in order. After it, plain pulumi up goes on.
    Exit codes: 0 all in order, 1 refused, 2 something could not be done or looked at.
    """
    from cli.edit.stack_edit import show_diff
    from cli.errors import OK, UNABLE, CliError
    from cli.recover import run as recover_run
    from cli.recover.report import report
    from cli.screen.terminal import say, warn
    from cli.workspace.project import find_project
    from cli.workspace.pulumi import selected_stack

    if adopt and retire:
        message = "Choose one of --adopt and --retire."
        raise CliError(message)
    project = find_project()
    name = stack or selected_stack(project)
    _remove_cut_off(project, name, yes=yes)
    damage = recover_run.assess(project, name)
    for line in report(damage):
        say(line)
    if damage.problem:
        warn(damage.problem)
    to_do = damage.is_any or (bool(damage.leftovers) and (adopt or retire))
    if to_do:
        _refuse_unless(force=force or not damage.is_in_use, agreed=yes or _agreed())
    if damage.is_any:
        recover_run.put_in_order(project, damage)
        say(f"Stack {name} is in order again; pulumi up --stack {name} goes on.")
    if damage.leftovers and retire:
        for line in recover_run.retire(project, damage):
            say(line)
    if damage.leftovers and adopt:
        edit, plan = recover_run.adopt(project, damage)
        show_diff(edit.diff())
        for model, reason in plan.skipped:
            warn(f"not adopted: {model.id}: {reason}")
    sys.exit(UNABLE if damage.problem else OK)


def _remove_cut_off(project: "Project", stack: str, *, yes: bool) -> None:
    from cli.recover.sidecars import cut_off_sidecars
    from cli.screen.terminal import say

    cut_off = cut_off_sidecars(project, stack)
    if not cut_off:
        return
    say("A run was killed while it wrote beside the state, and Pulumi can't read that again:")
    for file in cut_off:
        say(f"  {file} is cut off; it holds nothing that is needed and is removed")
    _refuse_unless(force=True, agreed=yes or _agreed())
    for file in cut_off:
        file.unlink(missing_ok=True)


def _refuse_unless(*, force: bool, agreed: bool) -> None:
    from cli.errors import PROBLEMS, CliError

    if not force:
        message = (
            "That run still goes on on this machine. Wait for it, or end it with one Ctrl-C; "
            "--force frees the lock all the same. Nothing was changed."
        )
        raise CliError(message, PROBLEMS)
    if not agreed:
        message = "Nothing was changed. Say --yes to go on without being asked."
        raise CliError(message, PROBLEMS)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Put this in order?", default=False)
