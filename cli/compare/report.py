"""A comparison on a terminal, and as Markdown."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.compare.comparison import (
    CAVEAT,
    MOST_FEATURES,
    Contender,
    FeatureLine,
    Line,
    compared,
    count_lines,
    feature_lines,
    margin_words,
    number_lines,
    unknown_words,
)
from cli.screen.markdown import code, table
from cli.screen.terminal import text


def as_screen(contenders: Sequence[Contender]) -> RenderableType:
    """Return a comparison for a terminal."""
    titles = [one.title for one in contenders]
    parts: list[RenderableType] = [_table(titles, _about(contenders))]
    parts += [_heading("Scores"), _table(titles, number_lines(contenders))]
    if counts := count_lines(contenders):
        parts += [_heading("Held-out users"), _table(titles, counts)]
    if sentences := margin_sentences(contenders):
        parts += [_heading("What the difference is worth"), *(text(one) for one in sentences)]
        parts.append(text(CAVEAT, "dim"))
    if features := feature_lines(contenders):
        parts += [_heading("Features by importance"), _features(titles, features)]
    parts += [text(one, "yellow") for one in unknown_words(contenders)]
    return Group(*parts)


def _heading(title: str) -> Text:
    return Text(f"\n{title}", style="bold")


def _about(contenders: Sequence[Contender]) -> list[Line]:
    facts = (("id", "id"), ("name in Lytics", "name"), ("state", "state"))
    return [
        Line(words, tuple(getattr(one, name) or "-" for one in contenders)) for words, name in facts
    ]


def _grid(titles: Sequence[str], *more: str) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("", *titles, *more):
        shown.add_column(text(heading), overflow="fold")
    return shown


def _table(titles: Sequence[str], lines: Sequence[Line]) -> Table:
    shown = _grid(titles)
    for line in lines:
        cells = [
            text(cell, "bold green" if place in line.best else "")
            for place, cell in enumerate(line.cells)
        ]
        shown.add_row(text(line.name, "dim"), *cells)
    return shown


def _features(titles: Sequence[str], lines: Sequence[FeatureLine]) -> Table:
    shown = _grid(titles, "")
    for line in lines[:MOST_FEATURES]:
        cells = [text("-" if value is None else f"{value:.3g}") for value in line.importance]
        shown.add_row(text(line.name), *cells, text(line.change, "yellow"))
    if len(lines) > MOST_FEATURES:
        shown.add_row(text(f"and {len(lines) - MOST_FEATURES} more", "dim"))
    return shown


def margin_sentences(contenders: Sequence[Contender]) -> list[str]:
    """Return what the differences are worth, a sentence each."""
    first = contenders[0]
    return [
        margin_words(first, other, margin)
        for other, found in compared(contenders)
        for margin in found
    ]


def as_markdown(contenders: Sequence[Contender]) -> str:
    """Return a comparison as Markdown, values of others as code."""
    return "\n".join([*_markdown(contenders), ""])


def _markdown(contenders: Sequence[Contender]) -> Iterator[str]:
    titles = [code(one.title) for one in contenders]
    lines = [*_about(contenders), *number_lines(contenders), *count_lines(contenders)]
    rows = [
        [
            line.name,
            *(f"**{code(c)}**" if p in line.best else code(c) for p, c in enumerate(line.cells)),
        ]
        for line in lines
    ]
    yield f"**{' against '.join(titles)}**"
    yield ""
    yield from table(("", *titles), rows)
    if sentences := margin_sentences(contenders):
        yield ""
        yield from (f"- {code(one, 300)}" for one in sentences)
        yield ""
        yield CAVEAT
    features = feature_lines(contenders)
    if features:
        yield ""
        yield "<details><summary>Features by importance</summary>"
        yield ""
        yield from table(
            ("feature", *titles, ""),
            [
                [
                    code(line.name),
                    *("-" if v is None else f"{v:.3g}" for v in line.importance),
                    line.change,
                ]
                for line in features[:MOST_FEATURES]
            ],
        )
        yield ""
        yield "</details>"
    for one in unknown_words(contenders):
        yield ""
        yield code(one, 300)
