"""`lytics-ml doctor`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def doctor(  # noqa: PLR0913 - the options of one command
    stack: StackOption = None,
    *,
    try_: Annotated[
        bool, typer.Option("--try", help="Make a small model that can't go live, and remove it.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --try: wait until that model is trained.")
    ] = False,
    source: Annotated[
        str | None, typer.Option("--source", help="With --try: slug or id of its source.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="With --try: slug or id of its target.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write an account profile.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what this account really does, and what lytics-ml makes of it.

    Exit codes: 0 all is safe, 1 something isn't safe, 2 something could not be checked.
    """
    from cli.doctor import account_profile
    from cli.doctor.examination import examine
    from cli.screen.terminal import say, say_json

    report = examine(stack, try_=try_, wait=wait, source=source, target=target)
    if save is not None:
        account_profile.save(save, report.profile)
    if as_json:
        say_json(report.as_dict())
    else:
        for line in report.lines():
            say(line)
    sys.exit(report.exit_code)
