"""The one door to ids that nobody can guess: a simulation draws its own, the same each time."""

import uuid
from collections.abc import Callable

_source: list[Callable[[], str]] = [lambda: uuid.uuid4().hex]


def new_id() -> str:
    """Return 32 hex digits that no other object has."""
    return _source[0]()


def draw_ids_from(source: Callable[[], str]) -> None:
    """Take ids from here on from another source."""
    _source[0] = source
