"""What was watched, as it is shown: on a terminal, and as Markdown for an issue."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.models.table import shown_number
from cli.screen.markdown import code, table
from cli.screen.terminal import text
from cli.watch.watching import Watched, Watching
from providers.lytics.history.store import stamp

MARKER = "<!-- lytics-ml watch {stack} -->"
MAIN = ("auc", "accuracy", "reach")


def as_screen(watching: Watching) -> RenderableType:
    """Return what was watched, for a terminal."""
    parts: list[RenderableType] = [text(watching.summary, "bold")]
    if watching.models:
        parts += [Text(), _models(watching)]
    if watching.short:
        parts += [Text(), Text("Fell short", "bold"), _short(watching)]
    return Group(*parts)


def _table(*headings: str) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in headings:
        shown.add_column(heading, overflow="fold")
    return shown


def _models(watching: Watching) -> Table:
    shown = _table("model", *MAIN, "live since", "")
    for one in watching.models:
        style, verdict = verdict_of(one)
        shown.add_row(
            text(one.subject.key),
            *(text(change_of(one, name)) for name in MAIN),
            text(one.since(stamp(watching.at))["at"]),
            text(verdict, style),
        )
    return shown


def verdict_of(one: Watched) -> tuple[str, str]:
    """Return a colour and a word for how a model does."""
    if one.fell_short:
        return "red", "fell short"
    if one.problem:
        return "yellow", "not known"
    return ("yellow", "trained anew") if one.subject.is_building else ("green", "as it should")


def change_of(one: Watched, name: str) -> str:
    """Return a number as it was when the model went live and as it is now: `0.8 → 0.74`."""
    now, then = one.scores.get(name), one.subject.since.get(name)
    if now is None:
        return "-"
    before = "" if then is None else shown_number(then)
    return shown_number(now) if before in {"", shown_number(now)} else f"{before} → {now:.4g}"


def _short(watching: Watching) -> Table:
    shown = _table("model", "number", "wanted", "measured")
    for one in watching.short:
        for short in one.fell_short:
            shown.add_row(
                text(one.subject.key),
                text(short.what),
                text(short.wanted),
                text(short.measured, "yellow"),
            )
    return shown


def as_markdown(watching: Watching) -> str:
    """Return what was watched as Markdown, with a mark by which the issue is found again."""
    name = "".join(c for c in watching.stack if c.isalnum() or c in "_.-")
    return "\n".join([*_lines(watching), "", MARKER.format(stack=name), ""])


def _lines(watching: Watching) -> Iterator[str]:
    stack = f"Stack {watching.stack}:"
    yield f"**{watching.summary.replace(stack, f'Stack {code(watching.stack)}:', 1)}**"
    if watching.short:
        yield ""
        yield "### Fell short"
        yield ""
        rows = [
            [code(one.subject.key), code(s.what), code(s.wanted), code(s.measured)]
            for one in watching.short
            for s in one.fell_short
        ]
        yield from table(("model", "number", "wanted", "measured"), rows)
    if watching.models:
        yield ""
        yield "### Live models"
        yield ""
        rows = [
            [
                code(one.subject.key),
                code(one.subject.name),
                *(code(change_of(one, name)) for name in MAIN),
                code(one.since(stamp(watching.at))["at"]),
                verdict_of(one)[1],
            ]
            for one in watching.models
        ]
        yield from table(("model", "name in Lytics", *MAIN, "live since", ""), rows)
