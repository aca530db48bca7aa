"""The table that `lytics-ml list` shows."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.models.rows import Row
from cli.screen.terminal import text

WIDE = 130
"""Columns from which ids are shown in full."""
NARROW = 104
"""Columns below which uses, ids and labels stand in a table of their own, below the numbers."""
SHORT_ID = 8
"""Digits of an id where there is less room; `show` takes an id that has been cut short."""
NONE = "-"
_STYLES = {
    "healthy": "green",
    "good": "green",
    "passed": "green",
    "unhealthy": "red",
    "invalid": "red",
    "gone": "red",
    "not passed": "red",
    "building": "yellow",
    "not created": "yellow",
    "waits for the build": "yellow",
}
_MARKS = {"new": "new", "leaving": "old", "undeclared": "removed"}
_ROLES = {
    "new": "declared, pulumi up creates it",
    "leaving": "replaced, leaves with the next pulumi up",
    "undeclared": "no longer declared, leaves with the next pulumi up",
    "foreign": "not of this stack",
}


def model_table(rows: Sequence[Row], console: Console) -> RenderableType:
    """Return the table, as wide as the console allows; on a narrow one, two below each other."""
    wide, narrow = console.width >= WIDE, console.width < NARROW
    table = _table(narrow=narrow)
    for heading, least in (("state", 8), ("live", 4), ("health", 7)):
        table.add_column(heading, overflow="fold", no_wrap=not wide and not narrow, min_width=least)
    for heading in ("acc", "reach", "auc"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("gate")
    names = _table(narrow=False) if narrow else table
    names.add_column("used", justify="right", no_wrap=True)
    names.add_column("id", no_wrap=True)
    names.add_column("label", overflow="fold", min_width=8, ratio=1 if wide or narrow else None)
    for row in rows:
        numbers = [_name(row), _styled(row.state), _live(row), _styled(row.health)]
        numbers += [_number(row, name) for name in ("accuracy", "reach", "auc")]
        numbers.append(_styled(row.gate))
        shown = row.id if wide else row.id[:SHORT_ID]
        named = [text(NONE if row.audiences is None else row.audiences)]
        named += [text(shown or NONE, "dim"), text(row.label)]
        if narrow:
            table.add_row(*numbers)
            names.add_row(_name(row), *named)
        else:
            table.add_row(*numbers, *named)
    return Group(table, Text(), names) if narrow else table


def _table(*, narrow: bool) -> Table:
    padding = (0, 1 if narrow else 2, 0, 0)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=padding)
    table.add_column("model", overflow="fold", min_width=9 if narrow else 12)
    return table


def role_note(row: Row) -> str:
    """Return what a model's place in the stack means, "" for a declared one."""
    return _ROLES.get(row.role, "")


def legend(rows: Iterable[Row]) -> list[str]:
    """Return what the marks behind the models' names mean, each that is there once."""
    roles = dict.fromkeys(row.role for row in rows)
    return [f"({_MARKS[role]}) {_ROLES[role]}" for role in roles if role in _MARKS]


def _name(row: Row) -> Text:
    name = text(row.key or row.name or row.id, "" if row.role == "declared" else "dim")
    mark = _MARKS.get(row.role)
    return name.append(f" ({mark})", "dim") if mark else name


def _styled(value: str) -> Text:
    return text(value or NONE, _STYLES.get(value, ""))


def _live(row: Row) -> Text:
    if row.live is None:
        return text(NONE)
    return text("live" if row.live else "no", "bold green" if row.live else "")


def _number(row: Row, name: str) -> Text:
    value = row.number(name)
    return text(NONE if value is None else shown_number(value))


def shown_number(value: float) -> str:
    """Return a number with four digits at most."""
    return f"{value:.4g}"
