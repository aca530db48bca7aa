"""Rehearsals on a terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.rehearse.rehearsal import Rehearsal
from cli.rehearse.rehearse import Rehearsed
from cli.rehearse.showing import words
from cli.screen.terminal import safe, safe_lines, text

HEADINGS = ("", "model", "request", "what it does", "live after it")


def as_screen(rehearsed: Rehearsed) -> RenderableType:
    """Return rehearsals for a terminal: the sentence first, then each one's timeline."""
    parts: list[RenderableType] = [Text(safe(words.sentence(rehearsed), 2000), "bold")]
    parts += [text(note, "yellow") for note in rehearsed.notes]
    for one in rehearsed.rehearsals:
        parts += [Text(), *_one(one)]
    return Group(*parts)


def _one(one: Rehearsal) -> Iterator[RenderableType]:
    yield text(f"{words.TITLE[one.gates]}: {words.ending(one)}", "bold")
    if one.writes:
        yield _timeline(one)
    else:
        yield Text("  Nothing is sent.")
    for is_bad, finding in words.findings(one):
        yield text(f"  {finding}", "red" if is_bad else "dim")
    if one.errors:
        yield Text("  What up says:", "dim")
        yield Text(safe_lines(one.errors))


def _timeline(one: Rehearsal) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        shown.add_column(heading, overflow="fold")
    for write, moment in zip(one.writes, one.live[1:], strict=True):
        shown.add_row(
            f"  {write.at}",
            text(write.key or "of somebody else"),
            text(f"{write.method} {write.path}"),
            text(write.what, "yellow" if write.refused else ""),
            text(words.live_now(write, moment)),
        )
    return shown
