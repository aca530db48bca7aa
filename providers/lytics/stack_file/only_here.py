"""What a stack file says is only there, and why: `# only here: <reason>` beside it. Pure.

The comment stands on the line of a model's key or of a field, or alone on the line above.
`# only here (config.re_run, label): <reason>` names fields wherever in the model it stands.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # pragma: no cover - PyYAML without its C part, same result, slower
    from yaml import SafeLoader  # type: ignore[assignment]

WHOLE = ""
_COMMENT = re.compile(r"#\s*only here(?:\s*\(([^)]*)\))?\s*:\s*(\S.*?)\s*$")


def exceptions(text: str) -> dict[str, dict[str, str]]:
    """Return, by key, the fields that are only there with their reasons; `WHOLE` is the model."""
    models = _inside(yaml.compose(text, Loader=SafeLoader), "models")
    lines = text.splitlines()
    if not isinstance(models, yaml.MappingNode) or not models.value:
        return {}
    starts = [key.start_mark.line for key, _ in models.value]
    ends = [*starts[1:], models.end_mark.line + 1]
    found = {}
    for (key, node), start, end in zip(models.value, starts, ends, strict=True):
        places = {start: [WHOLE], **_fields(node, start)}
        first, last = _above(lines, start), _above(lines, min(end, len(lines)))
        found[str(key.value)] = dict(_told(lines, range(first, max(last, start + 1)), places))
    return {key: told for key, told in found.items() if told}


def reason_for(told: Mapping[str, str], name: str) -> str | None:
    """Return why a field, or the whole model, is only there; None if nothing says so."""
    for one in (WHOLE, name, name.split(".", maxsplit=1)[0]):
        if one in told:
            return told[one]
    return None


def _inside(node: Any, name: str) -> Any:  # noqa: ANN401 - YAML of any shape
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _above(lines: list[str], line: int) -> int:
    """Return where the comment right above a line begins."""
    while line and line <= len(lines) and lines[line - 1].strip().startswith("#"):
        line -= 1
    return line


def _fields(node: yaml.Node, start: int) -> dict[int, list[str]]:
    """Return the fields that begin on each line below the model's own."""
    places: dict[int, list[str]] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if key.start_mark.line > start:
            places.setdefault(key.start_mark.line, []).append(str(key.value))
        for inner, _ in value.value if isinstance(value, yaml.MappingNode) else []:
            if inner.start_mark.line > key.start_mark.line:
                name = f"{key.value}.{inner.value}"
                places.setdefault(inner.start_mark.line, []).append(name)
    return places


def _told(
    lines: list[str], within: range, places: Mapping[int, list[str]]
) -> Iterator[tuple[str, str]]:
    for number in within:
        found = _COMMENT.search(lines[number]) if number < len(lines) else None
        if found is None:
            continue
        named = [name.strip() for name in (found[1] or "").split(",") if name.strip()]
        beside = number
        while lines[beside].strip().startswith("#") and beside + 1 < len(lines):
            beside += 1
        for name in named or places.get(beside, []):
            yield name, found[2]
