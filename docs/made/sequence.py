"""Draws who does what, one after the other, as SVG that needs no script and no font of its own.

It is narrow, so that it can be read on a telephone, and has its own ground, so that it can be read
on a dark page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 480
"""Pixels; a telephone shows about 340 of them, so that 14 become 10."""
_MARGIN = 76
_TOP = 62
_LINE = 17
_GAP = 16
_STYLE = """
  text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2430; }
  .lane { font-weight: 600; font-size: 14px; fill: #fff; }
  .head { fill: #3949ab; }
  .line { stroke: #b4bacb; stroke-dasharray: 3 4; }
  .arrow { stroke: #3949ab; stroke-width: 1.6; marker-end: url(#tip); }
  .note { fill: #fff; stroke: #b4bacb; }
  .good { fill: #e4f4e6; stroke: #43a047; }
  .bad { fill: #fde7e5; stroke: #e53935; }
  .part { font-weight: 600; fill: #3949ab; }
"""


@dataclass(frozen=True)
class Arrow:
    """One lane tells another something."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Note:
    """What is so, or happens, on one lane. Kind is `note`, `good` or `bad`."""

    lane: int
    text: str
    kind: str = "note"


@dataclass(frozen=True)
class Part:
    """A heading across all lanes."""

    text: str


@dataclass(frozen=True)
class Diagram:
    """A diagram: its title, what its lanes are called, and what happens, from top to bottom."""

    title: str
    lanes: tuple[str, ...]
    steps: tuple[Arrow | Note | Part, ...]


def draw(diagram: Diagram) -> str:
    """Return the SVG of a diagram."""
    step = (WIDTH - 2 * _MARGIN) / (len(diagram.lanes) - 1)
    places = [_MARGIN + round(step * number) for number in range(len(diagram.lanes))]
    y, drawn = _TOP, list[str]()
    for one in diagram.steps:
        lines = one.text.split("\n")
        if isinstance(one, Arrow):
            drawn += _arrow(places[one.start], places[one.end], y, lines)
        elif isinstance(one, Note):
            drawn += _note(places[one.lane], y, lines, one.kind)
        else:
            drawn.append(f'<text class="part" x="14" y="{y + 12}">{escape(one.text)}</text>')
        y += _LINE * len(lines) + _GAP + (4 if isinstance(one, Arrow) else 0)
    return _whole(diagram, places, y + 4, drawn)


def _whole(diagram: Diagram, places: Sequence[int], height: int, drawn: list[str]) -> str:
    half = _MARGIN - 8
    lanes = [
        line
        for x, name in zip(places, diagram.lanes, strict=True)
        for line in (
            f'<line class="line" x1="{x}" x2="{x}" y1="42" y2="{height - 8}"/>',
            f'<rect class="head" x="{x - half}" y="12" width="{2 * half}" height="30" rx="6"/>',
            f'<text class="lane" x="{x}" y="32" text-anchor="middle">{escape(name)}</text>',
        )
    ]
    said = "; ".join(" ".join(one.text.split()) for one in diagram.steps)
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                f'width="{WIDTH}" height="{height}" role="img">'
            ),
            f"<title>{escape(diagram.title)}</title>",
            f"<desc>{escape(said)}</desc>",
            f"<style>{_STYLE}</style>",
            (
                '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
                'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#3949ab"/></marker>'
                "</defs>"
            ),
            f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#f5f6fb"/>',
            *lanes,
            *drawn,
            "</svg>",
            "",
        ]
    )


def _arrow(start: int, end: int, y: int, lines: Sequence[str]) -> list[str]:
    below = y + _LINE * len(lines) + 3
    middle = (start + end) / 2
    return [
        *_text(middle, y, lines, ground=True),
        f'<line class="arrow" x1="{start}" x2="{end}" y1="{below}" y2="{below}"/>',
    ]


def _note(x: int, y: int, lines: Sequence[str], kind: str) -> list[str]:
    width = min(2 * _MARGIN - 12 + 8 * max(0, max(map(len, lines)) - 19), WIDTH - 16)
    left = min(max(x - width / 2, 8), WIDTH - 8 - width)
    height = _LINE * len(lines) + 8
    return [
        (
            f'<rect class="{kind}" x="{left:g}" y="{y - 3}" width="{width:g}" height="{height}" '
            'rx="5"/>'
        ),
        *_text(left + width / 2, y, lines),
    ]


def _text(x: float, y: int, lines: Sequence[str], *, ground: bool = False) -> list[str]:
    # A ground of the page's colour keeps the dashed lanes out of the words.
    halo = ' stroke="#f5f6fb" stroke-width="5" paint-order="stroke"' if ground else ""
    return [
        f'<text x="{x:g}" y="{y + 13 + _LINE * number}" text-anchor="middle"{halo}>'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    ]
