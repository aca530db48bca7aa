"""`lytics-ml promote`."""

import sys
from typing import Annotated

import typer

from cli.options import JsonOption


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
    as_json: JsonOption = False,
) -> None:
    """Copy declarations to another stack's file, once their models have proved themselves.

    A model is proved when it is trained, is live or passes its gate now, and is as declared.

    Exit codes: 0 done or all right, 1 refused, 2 it could not be checked.
    """
    from dataclasses import replace

    from cli.errors import OK, PROBLEMS, CliError
    from cli.promote.as_json import as_json as promote_json
    from cli.promote.outcome import Outcome
    from cli.promote.report import show
    from cli.promote.work import Promotion
    from cli.screen.terminal import say_json
    from cli.workspace.project import find_project
    from providers.lytics.text import shown

    if sum((bool(keys), rollback is not None, check)) > 1:
        message = "Give keys, --rollback or --check, one of them"
        raise CliError(message)
    work = Promotion(find_project(), there, here)
    outcome = Outcome(there, here, shown(work.edit.path))
    if check:
        outcome = replace(outcome, checked=tuple(work.check(pending=pending)))
    elif rollback is not None:
        outcome = replace(
            outcome, earlier=work.roll_back(rollback, if_passes=if_passes), key=rollback
        )
    else:
        wanted = work.keys(keys or [])
        outcome = replace(outcome, evidence=tuple(work.evidence(wanted).values()))
        if wanted and not outcome.wrong:
            work.promote(wanted)
    if work.edit.is_changed:
        work.edit.check()
        outcome = replace(outcome, diff=work.edit.diff(), written=not dry_run)
    if outcome.written:
        work.edit.write()
    if as_json:
        say_json(promote_json(outcome))
    else:
        show(outcome)
    sys.exit(PROBLEMS if outcome.wrong else OK)
