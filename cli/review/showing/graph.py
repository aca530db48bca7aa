"""Source, model and audiences of what changes, drawn for the page."""

from collections.abc import Iterator, Sequence
from html import escape

from cli.review.change import Change
from cli.screen.terminal import safe
from providers.lytics.domain.audiences import Use

_MOST = 30
_ROW, _BOX_HEIGHT, _BOX_WIDTH, _GAP, _LONGEST = 30, 22, 210, 50, 30
_COLUMNS = [place * (_BOX_WIDTH + _GAP) for place in range(4)]


def graph(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the picture, if audiences use what changes: those that lose their scores marked."""
    used = [change for change in changes if change.uses][:_MOST]
    if not used:
        return
    parts: list[str] = []
    row = 0
    for change in used:
        parts += _of_model(change, row)
        row += len(_users(change))
    width = _COLUMNS[-1] + _BOX_WIDTH + 4
    title = "Whom the models score, and which audiences use them"
    yield f"<figure><figcaption>{title}</figcaption>"
    yield f'<svg viewBox="-2 -2 {width} {row * _ROW + 4}" role="img" aria-label="{title}">'
    yield from parts
    yield "</svg></figure>"


def _users(change: Change) -> list[Use]:
    return sorted({use.audience.id: use for use in reversed(change.uses)}.values(), key=_way)


def _way(use: Use) -> tuple[int, str]:
    return len(use.through), use.audience.slug


def _of_model(change: Change, first: int) -> Iterator[str]:
    lost = {use.audience.id for use in change.loss.uses} if change.loss else set()
    if change.source:
        yield _line(0, first, 1, first)
        yield _box(0, first, change.source)
    rows = {use.audience.slug: first + place for place, use in enumerate(_users(change))}
    for use in _users(change):
        row = rows[use.audience.slug]
        # What includes an audience that reads the score stands behind it.
        before = rows.get(use.through[0]) if use.through else None
        column = min(2 + len(use.through), 3)
        yield _line(1, first, column, row) if before is None else _line(2, before, column, row)
        is_lost = use.audience.id in lost
        yield _box(column, row, use.audience.shown, "lost" if is_lost else "kept")
    yield _box(1, first, change.key, "model")


def _line(column: int, row: int, to_column: int, to_row: int) -> str:
    x, y = _COLUMNS[column] + _BOX_WIDTH, row * _ROW + _BOX_HEIGHT / 2
    to_x, to_y = _COLUMNS[to_column], to_row * _ROW + _BOX_HEIGHT / 2
    middle = (x + to_x) / 2
    return f'<path class="link" d="M{x} {y} C{middle} {y} {middle} {to_y} {to_x} {to_y}"/>'


def _box(column: int, row: int, label: str, kind: str = "source") -> str:
    x, y = _COLUMNS[column], row * _ROW
    said = " loses its scores" if kind == "lost" else ""
    return (
        f"<g><title>{escape(safe(label))}{said}</title>"
        f'<rect class="node {kind}" x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" '
        f'rx="4"/><text class="node" x="{x + 8}" y="{y + _BOX_HEIGHT * 0.7:.1f}">'
        f"{escape(safe(label, _LONGEST))}</text></g>"
    )
