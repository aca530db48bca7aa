"""Pages: HTML files without a script, which load nothing, in light and dark."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from cli.screen.terminal import safe

STYLE = Path(__file__).with_name("page.css")
_ROW, _BAR_TOP, _BAR_HEIGHT = 24, 5, 14
_LABEL_WIDTH, _BAR_WIDTH, _VALUE_WIDTH = 210, 280, 70
_LONGEST_LABEL = 30


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole page.

    Args:
        title: what the window is called.
        body: lines of HTML.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            (
                '<meta http-equiv="Content-Security-Policy" '
                "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            ),
            f"<title>{text(title)}</title>",
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def text(value: object, longest: int = 300) -> str:
    """Return a value as text of a page."""
    return escape(safe(value, longest), quote=True)


def code(value: object) -> str:
    """Return a value as code of a page."""
    return f"<code>{text(value)}</code>"


def wide_table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table: of rows below each other on a narrow screen, or one that scrolls by itself.

    Args:
        caption: what it shows.
        headings: one a column.
        rows: cells of HTML, the first of which names the row.
    """
    label = text(caption)
    return [
        f'<div class="wide" role="region" aria-label="{label}" tabindex="0"><table>',
        f"<caption>{label}</caption>",
        "<thead><tr>",
        *(f'<th scope="col">{text(heading)}</th>' for heading in headings),
        "</tr></thead><tbody>",
        *(
            f'<tr><th scope="row">{first}</th>{"".join(_cells(headings[1:], rest))}</tr>'
            for first, *rest in rows
        ),
        "</tbody></table></div>",
    ]


def _cells(headings: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    """Yield cells that know their heading: on a narrow screen they stand below each other."""
    for heading, cell in zip(headings, cells, strict=True):
        yield f'<td data-label="{text(heading)}">{cell}</td>'


def bars(title: str, rows: Sequence[tuple[str, float, str, str]]) -> Iterator[str]:
    """Yield bars with their labels and values as text, so that a screen reader has both.

    Args:
        title: what they show.
        rows: label, share of the full width (0 to 1), value in words, and kind: a class of CSS.
    """
    if not rows:
        return
    width, height = _LABEL_WIDTH + _BAR_WIDTH + _VALUE_WIDTH, _ROW * len(rows)
    yield f"<figure><figcaption>{text(title)}</figcaption>"
    yield f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{text(title)}">'
    for place, (label, share, value, kind) in enumerate(rows):
        top = place * _ROW
        length = max(1.0, min(1.0, max(0.0, share)) * _BAR_WIDTH)
        middle = top + _ROW * 0.68
        short = safe(label, _LONGEST_LABEL)
        yield (
            f"<g><title>{text(label)}: {text(value)}</title>"
            f'<text class="label" x="{_LABEL_WIDTH - 10}" y="{middle:.1f}">{escape(short)}</text>'
            f'<rect class="track" x="{_LABEL_WIDTH}" y="{top + _BAR_TOP}" width="{_BAR_WIDTH}" '
            f'height="{_BAR_HEIGHT}" rx="3"/>'
            f'<rect class="bar {kind}" x="{_LABEL_WIDTH}" y="{top + _BAR_TOP}" '
            f'width="{length:.1f}" height="{_BAR_HEIGHT}" rx="3"/>'
            f'<text class="value" x="{_LABEL_WIDTH + _BAR_WIDTH + 8}" y="{middle:.1f}">'
            f"{text(value)}</text></g>"
        )
    yield "</svg></figure>"
