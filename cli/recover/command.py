"""`lytics-ml recover`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import JsonOption, StackOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.recover.run import Damage
    from cli.workspace.project import Project


def recover(  # noqa: PLR0913 - each is an option of the command
    stack: StackOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before changing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Free a lock even if its run seems to be going on.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Declare models that the killed run left behind.")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="Retire such models, by their on_delete.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put in order what a killed run left.

    That is its lock, its processes, its pending operations, its models. Changes nothing when
    there is nothing to put in order. After it, plain pulumi up goes on.

    Exit codes: 0 all in order, 1 refused, 2 something could not be done or looked at.
    """
    from cli.errors import OK, UNABLE, CliError
    from cli.recover import run as recover_run
    from cli.recover.as_json import as_json as recover_json
    from cli.recover.report import report
    from cli.screen.terminal import say, say_json, warn
    from cli.workspace.project import find_project
    from cli.workspace.pulumi import selected_stack

    if adopt and retire:
        message = "Choose one of --adopt and --retire."
        raise CliError(message)
    tell = warn if as_json else say
    project = find_project()
    name = stack or selected_stack(project)
    asked = _remove_cut_off(project, name, tell, yes=yes)
    may_take_lock = yes or _may_take_lock(project)
    damage = recover_run.assess(project, name, may_take_lock=may_take_lock)
    for line in report(damage):
        tell(line)
    if damage.problem:
        warn(damage.problem)
    settles = bool(damage.leftovers) and (adopt or retire)
    if damage.is_any or settles:
        # One confirmation is enough, unless models are to leave the account.
        agreed = yes or (asked and not settles) or _agreed()
        _refuse_unless(force=force or not damage.is_in_use, agreed=agreed)
    done: list[str] = []
    if damage.is_any:
        recover_run.put_in_order(project, damage)
        done.append(f"Stack {name} is in order again; bin/pulumi up --stack {name} goes on.")
    if settles:
        done += _settled(project, damage, retire=retire, quiet=as_json)
    for line in done:
        tell(line)
    if as_json:
        say_json(recover_json(damage, done))
    sys.exit(UNABLE if damage.problem else OK)


def _settled(project: "Project", damage: "Damage", *, retire: bool, quiet: bool) -> list[str]:
    """Retire or adopt what is left over still; return what was done, a sentence each."""
    from cli.edit.stack_edit import show_diff
    from cli.recover import run as recover_run
    from cli.screen.terminal import warn

    now = recover_run.looked_anew(project, damage)
    done = recover_run.left_alone(damage, now)
    if retire:
        return done + recover_run.retire(project, now)
    edit, plan = recover_run.adopt(project, now)
    if not quiet:
        show_diff(edit.diff())
    for model, reason in plan.skipped:
        warn(f"not adopted: {model.id}: {reason}")
    return [*done, *(f"'{key}': pulumi up adopts it" for key in plan.declared)]


def _remove_cut_off(
    project: "Project", stack: str, tell: "Callable[[str], None]", *, yes: bool
) -> bool:
    """Remove what a kill cut off beside the state; return whether that was asked for."""
    from cli.recover.sidecars import cut_off_sidecars

    cut_off = cut_off_sidecars(project, stack)
    if not cut_off:
        return False
    tell("A run was killed while it wrote beside the state, and Pulumi can't read that again:")
    for file in cut_off:
        tell(f"  {file} is cut off; it holds nothing that is needed and is removed")
    _refuse_unless(force=True, agreed=yes or _agreed())
    for file in cut_off:
        file.unlink(missing_ok=True)
    return True


def _refuse_unless(*, force: bool, agreed: bool) -> None:
    from cli.errors import PROBLEMS, CliError
    from providers.lytics.pages import page

    if not force:
        message = (
            "That run is still going on, on this machine. Wait for it, or end it with one "
            "Ctrl-C; --force frees the lock all the same. Nothing was changed. "
            f"See {page('guides/recover#what-it-does')}"
        )
        raise CliError(message, PROBLEMS)
    if not agreed:
        message = "Nothing was changed. --yes answers the question beforehand."
        raise CliError(message, PROBLEMS)


def _may_take_lock(project: "Project") -> bool:
    """Ask before the lock is taken to see whether it is free, where nothing less tells it."""
    from cli.recover.locks import shows_locks

    question = "To see who holds this backend's lock, recover has to take it for a moment. Take it?"
    return shows_locks(project) or _agreed(question)


def _agreed(question: str = "Remove what that run left?") -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm(question, default=False, err=True)
