"""`lytics-ml history`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, StackOption


def history(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="One model; all if left out.")
    ] = None,
    stack: StackOption = None,
    *,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only from this day on.")
    ] = None,
    as_json: JsonOption = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with charts too.")
    ] = None,
) -> None:
    """Say what was live from when to when, how often it was trained anew, and with which scores.

    Reads history/<stack>.jsonl, which up and watch write; asks neither Lytics nor Pulumi's state.

    Exit codes: 0 shown, 2 there is no such model, or the history can't be read.
    """
    from cli.edit.output import write_text
    from cli.errors import OK
    from cli.history import report
    from cli.history.page import history_page
    from cli.history.reading import LOOKS, day, keys_of, read_past
    from cli.screen.terminal import console, say, say_json, show, warn
    from cli.workspace.project import find_project
    from providers.lytics.history.store import now, stamp

    past = read_past(find_project(), stack)
    timeline = past.timeline
    moment = now()
    keys = keys_of(timeline, key, past.stack)
    if since is not None:
        timeline = report.since(timeline, stamp(day(since)))
        keys = [one for one in keys if one in timeline.keys]
    if html is not None:
        write_text(html, history_page(past.stack, timeline, moment, keys=keys))
    if as_json:
        say_json(report.as_json(past.stack, timeline, keys))
    elif keys:
        say(f"Stack {past.stack}, as of {stamp(moment)}")
        say()
        show(console(), report.as_screen(timeline, keys, moment))
    else:
        say(f"Nothing has been seen of stack {past.stack} yet.{past.near or LOOKS}")
    if past.note:
        warn(past.note)
    sys.exit(OK)
