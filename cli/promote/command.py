"""`lytics-ml promote`."""

import sys
from typing import Annotated

import typer


def promote(  # noqa: PLR0913 - each is one option of the command line
    there: Annotated[str, typer.Argument(metavar="FROM", help="The stack they come from.")],
    here: Annotated[str, typer.Argument(metavar="TO", help="The stack whose file is changed.")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY]...", help="Models; all that differ if none."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show evidence and diff, write nothing.")
    ] = False,
    rollback: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Put back into TO what was live before, from git."),
    ] = None,
    if_passes: Annotated[
        bool,
        typer.Option("--if-passes", help="With --rollback: only if it passes what TO wants today."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say whether all that TO declares is proved in FROM.")
    ] = False,
    pending: Annotated[
        bool, typer.Option("--pending", help="With --check: only what TO hasn't applied yet.")
    ] = False,
) -> None:
    """Copy declarations to another stack's file, once their models have proved themselves.

    A model is proved when it is trained, live or passing its gate now, and declared as it is.
    Exit codes: 0 done or all right, 1 refused, 2 it could not be told.
    """
    from cli.edit.stack_edit import show_diff
    from cli.errors import OK, PROBLEMS, CliError
    from cli.promote.report import as_screen, checked_as_screen
    from cli.promote.work import Promotion
    from cli.screen.terminal import console, count, say
    from cli.workspace.project import find_project, shown

    if sum((bool(keys), rollback is not None, check)) > 1:
        message = "Give keys, --rollback or --check, one of them"
        raise CliError(message)
    work = Promotion(find_project(), there, here)
    if check:
        checked = work.check(pending=pending)
        console().print(checked_as_screen(checked, there))
        wrong = [one for one in checked if not one.is_right]
        say(f"{here}: {len(wrong)} of {count(len(checked), 'model')} not proved in {there}")
        sys.exit(PROBLEMS if wrong else OK)
    if rollback is not None:
        earlier = work.roll_back(rollback, if_passes=if_passes)
        say(f"{rollback}: model {earlier.model_id} was live before, as of {earlier.commit[:10]}")
    else:
        wanted = work.keys(keys or [])
        evidence = work.evidence(wanted)
        console().print(as_screen(evidence.values()))
        refused = [key for key, one in evidence.items() if not one.is_proved]
        if refused:
            say(f"Nothing is promoted: {count(len(refused), 'model')} not proved in {there}")
            sys.exit(PROBLEMS)
        if wanted:
            work.promote(wanted)
    if not work.edit.is_changed:
        say(f"{shown(work.edit.path)} has it all already; nothing to write")
        return
    work.edit.check()
    show_diff(work.edit.diff())
    if dry_run:
        say("Nothing is written (--dry-run)")
        return
    work.edit.write()
    say(f"{shown(work.edit.path)} is written; review it, then: bin/pulumi up --stack {here}")
