"""Drift as it is shown: on a terminal, and as Markdown for an issue."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.drift.compare import Drift, StackDrift
from cli.screen.markdown import code, table
from cli.screen.terminal import text
from providers.lytics.domain.audiences import named, told

MARKER = "<!-- lytics-ml drift {stack} -->"
MOST_ROWS = 60  # of each kind: an issue of GitHub holds 65,536 characters
LONGEST_ADVICE = 300  # ours, but for what Lytics said of a write, with its page
_TITLES = {
    "differs": "Changed outside",
    "gone": "Gone from the account",
    "undeclared": "Made by this stack, declared by nobody",
}

_UNWRITTEN = "Used by audiences, written by no live model"


def as_screen(report: StackDrift) -> RenderableType:
    """Return the drift of a stack for a terminal."""
    parts: list[RenderableType] = [text(report.summary, "bold")]
    for kind, title in _TITLES.items():
        found = [one for one in report.drifts if one.kind == kind]
        if found:
            parts += [Text(), Text(title, "bold"), _screen_table(found)]
    if report.unwritten:
        parts += [Text(), Text(_UNWRITTEN, "bold")]
        parts += [text(f"  {name}: {told(uses)}") for name, uses in report.unwritten.items()]
    parts += [text(note, "dim") for note in report.notes]
    return Group(*parts)


def _screen_table(drifts: list[Drift]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("model", "property", "declared", "actual", "what to do"):
        shown.add_column(heading, overflow="fold")
    for one in drifts:
        shown.add_row(
            text(one.key or one.name),
            text(one.property),
            text(one.declared),
            text(one.actual, "yellow"),
            text(one.advice, "dim"),
        )
    return shown


def as_markdown(report: StackDrift) -> str:
    """Return the drift of a stack as Markdown, with a mark by which the issue is found again."""
    return "\n".join([*_markdown_lines(report), "", MARKER.format(stack=_plain_name(report)), ""])


def _plain_name(report: StackDrift) -> str:
    return "".join(c for c in report.stack if c.isalnum() or c in "_.")


def _markdown_lines(report: StackDrift) -> Iterator[str]:
    yield f"**{_summary(report)}**"
    for kind, title in _TITLES.items():
        found = [one for one in report.drifts if one.kind == kind]
        if not found:
            continue
        yield ""
        yield f"### {title}"
        yield ""
        rows = [
            [
                code(one.key or one.name),
                code(one.property),
                code(one.declared),
                code(one.actual),
                code(one.advice, LONGEST_ADVICE),
            ]
            for one in found[:MOST_ROWS]
        ]
        yield from table(("model", "property", "declared", "actual", "what to do"), rows)
        if len(found) > MOST_ROWS:
            yield ""
            yield f"and {len(found) - MOST_ROWS} more; `lytics-ml drift` shows them all"
    if report.unwritten:
        yield from ("", f"### {_UNWRITTEN}", "")
        rows = [[code(name), code(named(uses))] for name, uses in report.unwritten.items()]
        yield from table(("score", "audiences"), rows[:MOST_ROWS])
    for note in report.notes:
        yield ""
        yield note


def _summary(report: StackDrift) -> str:
    return report.summary.replace(f"Stack {report.stack}:", f"Stack {code(report.stack)}:", 1)
