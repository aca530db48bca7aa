"""Reads a stack's history for the commands that show it."""

from dataclasses import dataclass
from datetime import datetime

from cli.errors import CliError
from cli.screen.terminal import count
from cli.workspace.project import Project, short_name
from cli.workspace.pulumi import selected_stack
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.history.store import as_utc, history_file, read_history
from providers.lytics.history.timeline import Timeline
from providers.lytics.text import shown

LOOKS = " lytics-ml watch looks at live models."


@dataclass(frozen=True)
class PastOfStack:
    """A stack's history.

    Attributes:
        stack: its name.
        timeline: what it comes to.
        note: what could not be read, a sentence; "" if all could.
        near: which stack was meant, a question; "" where there is one of that name, or none near.
    """

    stack: str
    timeline: Timeline
    note: str = ""
    near: str = ""


def read_past(project: Project, stack: str | None) -> PastOfStack:
    """Read the history of a stack; None is the one that is selected.

    Raises:
        CliError: no stack is selected.
        HistoryError: the file can't be read.
    """
    name = short_name(stack or selected_stack(project))
    file = history_file(project.folder, name)
    read = read_history(file)
    note = ""
    if read.unreadable:
        lines = count(read.unreadable, "line")
        note = f"{lines} of {shown(file)} can't be read, a cut-off write perhaps, and left out"
    stems = {one.stem for one in project.stack_files()}
    near = "" if name in stems else did_you_mean(name, stems)
    return PastOfStack(name, Timeline(read.records), note, near)


def keys_of(timeline: Timeline, key: str | None, stack: str) -> list[str]:
    """Return the keys to show: one, or all, by name.

    Raises:
        CliError: the history has no such key.
    """
    if key is None:
        return sorted(timeline.keys)
    if key in timeline.keys:
        return [key]
    hint = did_you_mean(key, timeline.keys) or LOOKS
    message = f'The history of stack {stack} has no model "{key}".{hint}'
    raise CliError(message)


def day(text: str) -> datetime:
    """Return the time that somebody wrote.

    Raises:
        CliError: it is none.
    """
    try:
        return as_utc(text)
    except ValueError as exc:
        message = f'Expected a date, for example 2026-03-01, got "{text}"'
        raise CliError(message) from exc
