"""The cells of a CSV: which are numbers, which aren't known, which a rule means. Pure."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

NOT_KNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Cells that say "not known", in any case: what pandas and R write, and UCI's question mark."""
WORDS = {
    **dict.fromkeys(("true", "yes", "on", "y", "t", "1"), True),
    **dict.fromkeys(("false", "no", "off", "n", "f", "0"), False),
}
"""Cells that a YAML boolean means, in any case: YAML reads ``yes`` as one, a CSV has the word."""

Test = Callable[[str, Any], bool]


def is_known(cell: str) -> bool:
    """Say whether a cell holds a value."""
    return cell.lower() not in NOT_KNOWN


def as_number(cell: str) -> float:
    """Return a cell as a number, NaN if it isn't one."""
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def are_numbers(cells: Collection[str]) -> bool:
    """Say whether every cell that is known is a number, and there is one."""
    known = [cell for cell in cells if is_known(cell)]
    return bool(known) and not any(math.isnan(as_number(cell)) for cell in known)


def same(cell: str, wanted: object) -> bool:
    """Compare a cell with a YAML value: TRUE and yes with true, 1.0 with 1."""
    if isinstance(wanted, bool):
        return WORDS.get(cell.lower()) is wanted
    if isinstance(wanted, int | float):
        return as_number(cell) == wanted
    return cell == str(wanted)


TESTS: Mapping[str, Test] = {
    "equals": same,
    "not": lambda cell, wanted: not same(cell, wanted),
    "in": lambda cell, wanted: any(same(cell, one) for one in wanted),
    "gt": lambda cell, wanted: as_number(cell) > wanted,
    "gte": lambda cell, wanted: as_number(cell) >= wanted,
    "lt": lambda cell, wanted: as_number(cell) < wanted,
    "lte": lambda cell, wanted: as_number(cell) <= wanted,
    "exists": lambda cell, wanted: is_known(cell) == wanted,
}
"""What a rule can ask of a cell, by the name that it has in YAML."""
