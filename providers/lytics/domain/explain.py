"""Turns a validation error into a sentence that says what would be right."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]

_EXPECTED = {
    "bool": "expected true or false",
    "int": "expected a whole number",
    "float": "expected a number",
    "string": "expected text; put it in quotes",
    "list": "expected a list",
    "model": "expected a mapping of keys to values",
    "dict": "expected a mapping of keys to values",
}
_SHORT = 40


def explain(error: ValidationError, shape: type[BaseModel]) -> list[tuple[Place, str]]:
    """Return each mistake as a place and a sentence, in the order of the shape's fields."""
    return _without_repeats(
        [(_place(item, shape), _sentence(item, shape)) for item in error.errors(include_url=False)]
    )


def unknown_key(key: str, known: list[str]) -> str:
    """Return the sentence for a key that isn't known, with the nearest that is."""
    return f"unknown key{ending_for(key, known)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question after a sentence about an unknown word, "" where nothing is near."""
    near = nearest(word, known)
    return f" Did you mean {near}?" if near else ""


def ending_for(word: str, known: list[str]) -> str:
    """Return what ends a sentence about an unknown word: the nearest that is known, and all."""
    near = nearest(word, known)
    hint = f", did you mean {near}?" if near else "."
    return f"{hint} Known: {', '.join(known)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is spelled most like another, "" where none is like it."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def _sentence(item: ErrorDetails, shape: type[BaseModel]) -> str:  # noqa: PLR0911 - a table of cases
    kind, context = item["type"], item.get("ctx", {})
    family = kind.split("_")[0]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return unknown_key(str(item["loc"][-1]), _known_keys(shape, item["loc"][:-1]))
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        return f"expected {context['expected']}{got(item.get('input'))}"
    if kind in {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}:
        return f"{_range(kind, context)}{got(item.get('input'))}"
    if kind in {"string_too_short", "too_short"}:
        return "must not be empty"
    if kind in {"string_too_long", "too_long"}:
        return f"at most {context['max_length']} characters"
    if family in _EXPECTED:
        return f"{_EXPECTED[family]}{got(item.get('input'))}"
    return f"{item['msg']}{got(item.get('input'))}"


def _range(kind: str, context: Mapping[str, Any]) -> str:
    bound = next(context[name] for name in ("ge", "le", "gt", "lt") if name in context)
    words = {
        "greater_than_equal": "must be at least",
        "less_than_equal": "must be at most",
        "greater_than": "must be more than",
        "less_than": "must be less than",
    }
    return f"{words[kind]} {bound:g}"


def got(value: object) -> str:
    """Return what ends a sentence about what was expected: what stands there instead."""
    if isinstance(value, (dict, list)):
        return f", got a {'mapping' if isinstance(value, dict) else 'list'}"
    if value is None:
        return ", got nothing"
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    shown = shown if len(shown) <= _SHORT else f"{shown[:_SHORT]}…"
    # In quotes, so that the text "yes" and the value true are told apart.
    return f', got "{shown}"' if isinstance(value, str) else f", got {shown}"


def _known_keys(shape: type[BaseModel], path: Place) -> list[str]:
    for part in path:
        inner = _shape_inside(shape, part)
        if inner is None:
            break
        shape = inner
    return sorted(shape.model_fields)


def _shape_inside(shape: type[BaseModel], part: str | int) -> type[BaseModel] | None:
    """Return the shape that a field of a shape holds, alone or in a union or a list."""
    if not isinstance(part, str) or part not in shape.model_fields:
        return None
    pending: list[Any] = [shape.model_fields[part].annotation]
    while pending:
        candidate = pending.pop()
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
        pending.extend(get_args(candidate))
    return None


def _place(item: ErrorDetails, shape: type[BaseModel]) -> Place:
    """Return the path without the names of union branches, which pydantic adds to it."""
    kept: list[str | int] = []
    is_key = False
    for part in item["loc"]:
        inner = None if is_key else _shape_inside(shape, part)
        if (
            isinstance(part, int)
            or part in shape.model_fields
            or is_key
            or not kept
            or (item["type"] == "extra_forbidden" and part == item["loc"][-1])
        ):
            kept.append(part)
        is_key = not is_key and _holds_keys(shape, part)
        if inner is not None:
            shape = inner
    return tuple(kept)


def _holds_keys(shape: type[BaseModel], part: str | int) -> bool:
    """Tell whether a field holds a mapping, whose keys are the user's own."""
    field = shape.model_fields.get(str(part))
    return field is not None and get_origin(field.annotation) is dict


def _without_repeats(found: list[tuple[Place, str]]) -> list[tuple[Place, str]]:
    """Keep one sentence per place: a union reports every branch that didn't fit."""
    places: dict[Place, str] = {}
    for place, sentence in found:
        if place in places and sentence not in places[place]:
            places[place] = f"{places[place]}, or {sentence}"
        places.setdefault(place, sentence)
    return list(places.items())
