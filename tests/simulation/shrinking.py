"""Makes a wrong history as short as it can be while the same thing stays wrong."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from tests.simulation.story import lived

Json = dict[str, Any]
NEEDED = ("luck", "stack", "do", "which", "other")


def shrunk(history: Mapping[str, Any]) -> Json:
    """Return the shortest history found in which the first broken promise is still broken."""
    smallest: Json = deepcopy(dict(history))
    wrong = _what(smallest)
    goes_on = bool(wrong)
    while goes_on:
        goes_on = False
        for smaller in _smaller(smallest):
            if _what(smaller) == wrong:
                smallest, goes_on = smaller, True
                break
    return smallest


def _what(history: Mapping[str, Any]) -> str:
    """Return which promise a history breaks first, "" if none."""
    try:
        broken = lived(history).broken
    except Exception as exc:  # noqa: BLE001 - a history that ends so is wrong too
        return type(exc).__name__
    return broken[0].split(": ")[1] if broken and ": " in broken[0] else "".join(broken[:1])[:20]


def _smaller(history: Json) -> Iterator[Json]:
    """Return each history that is this one with one thing less."""
    for path in _parts(history):
        less = deepcopy(history)
        place: Any = less
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
        yield less


def _parts(history: Json) -> Iterator[tuple[str | int, ...]]:
    """Return the path of each thing that can be left out."""
    steps = history["steps"]
    yield from (("steps", number) for number in range(len(steps)))
    yield from (("variety", name) for name in history["variety"])
    for number, step in enumerate(steps):
        yield from (
            ("steps", number, name)
            for name in step
            if name not in {*NEEDED, "models"} and step[name]
        )
        yield from (
            ("steps", number, name, index)
            for name in ("rules", "people", "models")
            for index in range(len(step.get(name, ())))
            if len(step[name]) > 1
        )
        yield from (
            ("steps", number, "models", index, field)
            for index, model in enumerate(step.get("models", ()))
            for field in model
            if field not in {"key", "source", "target", "config"}
        )
