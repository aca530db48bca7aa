"""Reads the declarations of an environment: YAML in, shapes out, every mistake with its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.lytics.domain.declaration import (
    ModelDeclaration,
    Removal,
    SegmentRef,
    problems_across_fields,
)
from providers.lytics.domain.explain import Place, explain, unknown_key
from providers.lytics.domain.identity import FORBIDDEN_IN_NAMES
from providers.lytics.errors import DeclarationError, Problem

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # pragma: no cover - PyYAML without its C part, same result, slower
    from yaml import SafeLoader  # type: ignore[assignment]

MOST_NESTED = 20
# 450 models are about 10,000 values; aliases that repeat each other reach any number.
MOST_VALUES = 200_000
MOST_BYTES = 20_000_000


class StackFile(BaseModel):
    """The declarations of one environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segments: Annotated[
        dict[str, SegmentRef],
        Field(description="names for segments of this account: a slug or a 32-hex id (optional)"),
    ] = {}
    defaults: Annotated[
        dict[str, Any],
        Field(description="what every model below has unless it says otherwise (optional)"),
    ] = {}
    models: Annotated[
        dict[str, ModelDeclaration], Field(description="the models, by the key that names them")
    ] = {}
    removed: Annotated[
        dict[str, Removal],
        Field(description="how models that are no longer declared leave the account (optional)"),
    ] = {}


@dataclass(frozen=True)
class Stack:
    """What a stack file declares, defaults merged in.

    Attributes:
        path: the file.
        models: the declarations by key, in the file's order.
        segments: names for segments, to slugs or ids.
        removed: how models that are no longer declared leave.
        lines: the line of each model's key, from 1.
    """

    path: Path
    models: Mapping[str, ModelDeclaration]
    segments: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, Removal] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def segment(self, reference: str) -> str:
        """Return the slug or id behind a name of this file; anything else as it is."""
        return self.segments.get(reference, reference)


Note = Callable[[Place, str], None]


@dataclass(frozen=True)
class _Mark:
    line: int
    column: int


class _Reader:
    """Builds plain values from YAML nodes and remembers where each one stands."""

    def __init__(self) -> None:
        self.marks: dict[Place, _Mark] = {}
        self.problems: list[tuple[_Mark, str]] = []
        self._values = 0
        self._loader = SafeLoader("")

    def value(self, node: yaml.Node, place: Place) -> Any:  # noqa: ANN401 - YAML of any shape
        """Return a node's value; aliases are refused where they would grow without end."""
        self.marks.setdefault(place, _mark(node))
        self._values += 1
        if self._values > MOST_VALUES:
            if self._values == MOST_VALUES + 1:
                self.problems.append((_mark(node), "repeats too much; write it without aliases"))
            return None
        if len(place) > MOST_NESTED:
            self.problems.append((_mark(node), "is nested too deeply"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.problems.append((_mark(node), "can't be read; put the text in quotes"))
            return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                self.problems.append(
                    (_mark(key_node), "<< isn't supported; write shared values under defaults")
                )
                continue
            if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key_node.value, str):
                self.problems.append((_mark(key_node), "expected a key, which is plain text"))
                continue
            key = key_node.value
            if key in values:
                first = self.marks[(*place, key)].line
                self.problems.append(
                    (_mark(key_node), f'"{key}" is given twice, first in line {first}')
                )
                continue
            self.marks[(*place, key)] = _mark(key_node)
            values[key] = self.value(value_node, (*place, key))
        return values

    def mark(self, place: Place) -> _Mark:
        """Return where a place stands, or the nearest thing around it."""
        while place not in self.marks and place:
            place = place[:-1]
        return self.marks.get(place, _Mark(1, 1))


def _mark(node: yaml.Node) -> _Mark:
    return _Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def read_stack_file(path: Path) -> Stack:
    """Read the declarations of an environment.

    Args:
        path: for example `stacks/prod.yaml`.

    Returns:
        The declarations, defaults merged in; segments are not looked up.

    Raises:
        DeclarationError: something is wrong; it holds every problem, with file, line and column.
    """
    reader = _Reader()
    data = _load(path, reader)
    stack, found = _parse(path, data, reader)
    problems = [
        Problem(_where(path, mark), sentence)
        for mark, sentence in sorted(found, key=lambda item: (item[0].line, item[0].column))
    ]
    if problems or stack is None:
        title = f"{_shown(path)} can't be used:"
        raise DeclarationError(title, problems)
    return stack


def _where(path: Path, mark: _Mark) -> str:
    return f"{_shown(path)}, line {mark.line}, column {mark.column}"


def _shown(path: Path) -> str:
    """Return the path as people name it: from the folder they are in."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _load(path: Path, reader: _Reader) -> dict[str, Any]:
    title = f"{_shown(path)} can't be used:"
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            what = f"is larger than {MOST_BYTES // 1_000_000} MB; split the account over stacks"
            raise DeclarationError(title, [Problem(_shown(path), what)])
        node = yaml.compose(raw, Loader=SafeLoader)
    except FileNotFoundError:
        what = "there is no such file; bin/lytics-ml init writes one"
        raise DeclarationError(title, [Problem(_shown(path), what)]) from None
    except OSError as exc:
        raise DeclarationError(title, [Problem(_shown(path), str(exc.strerror))]) from exc
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise DeclarationError(title, [_syntax_problem(path, raw, exc)]) from exc
    if node is None:
        return {}
    data = reader.value(node, ())
    if isinstance(data, dict):
        return data
    what = "expected a mapping with the key models"
    raise DeclarationError(title, [Problem(_where(path, _mark(node)), what)])


def _syntax_problem(path: Path, raw: bytes, exc: Exception) -> Problem:
    mark = getattr(exc, "problem_mark", None)
    if mark is None:
        deep = isinstance(exc, RecursionError)
        return Problem(_shown(path), "is nested too deeply" if deep else "isn't UTF-8 text")
    words = [str(getattr(exc, name, None) or "") for name in ("context", "problem")]
    what = " ".join(word for word in words if word)
    lines = raw.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else b""
    hint = "; indent with blanks, not tabs" if line[mark.column : mark.column + 1] == b"\t" else ""
    where = _where(path, _Mark(mark.line + 1, mark.column + 1))
    return Problem(where, f"isn't YAML: {what}{hint}")


def _parse(
    path: Path, data: dict[str, Any], reader: _Reader
) -> tuple[Stack | None, list[tuple[_Mark, str]]]:
    found = list(reader.problems)

    def note(place: Place, sentence: str) -> None:
        found.append((reader.mark(place), f"{'.'.join(map(str, place))}: {sentence}"))

    top = {name: value for name, value in data.items() if name not in {"models", "defaults"}}
    _collect(StackFile, top, (), note)
    defaults = _mapping_or_note(data.get("defaults"), ("defaults",), note)
    for place, sentence in _default_problems(defaults):
        note(("defaults", *place), sentence)
    raw_models = _mapping_or_note(data.get("models"), ("models",), note)
    models: dict[str, ModelDeclaration] = {}
    segments = data.get("segments") if isinstance(data.get("segments"), dict) else {}
    for key, raw in raw_models.items():
        model = _model(key, raw, defaults, segments or {}, note)
        if model is not None:
            models[key] = model
    _note_clashes(models, note)
    removed = data.get("removed") if isinstance(data.get("removed"), dict) else {}
    for key in sorted(set(raw_models) & set(removed or {})):
        note(("removed", key), "is declared under models as well; keep one of the two")
    if found:
        return None, found
    removals = {k: Removal.model_validate(v) for k, v in (removed or {}).items()}
    lines = {key: reader.marks["models", key].line for key in models}
    return Stack(path, models, segments or {}, removals, lines), found


def _mapping_or_note(value: object, place: Place, note: Note) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    note(place, "expected a mapping of keys to values")
    return {}


def _collect(shape: type[BaseModel], value: object, place: Place, note: Note) -> bool:
    """Note every mistake of a value; return whether it fits its shape."""
    try:
        shape.model_validate(value, strict=True)
    except ValidationError as exc:
        for inner, sentence in explain(exc, shape):
            note((*place, *inner), sentence)
        return False
    return True


NOT_SHARED = {"adopt", "label", "name", "take_over", "was"}
"""Fields of one model alone, which `defaults` can't have."""


def _default_problems(defaults: dict[str, Any]) -> list[tuple[Place, str]]:
    """Return the mistakes in `defaults`: it may hold any field but those of one model alone."""
    known = sorted(set(ModelDeclaration.model_fields) - NOT_SHARED)
    problems: list[tuple[Place, str]] = [
        ((name,), unknown_key(name, known) if name not in NOT_SHARED else "belongs to one model")
        for name in defaults
        if name not in known
    ]
    shared = {name: value for name, value in defaults.items() if name in known}
    try:
        ModelDeclaration.model_validate(shared, strict=True)
    except ValidationError as exc:
        problems += [
            (place, sentence)
            for place, sentence in explain(exc, ModelDeclaration)
            if sentence != "is missing"
        ]
    return problems


def _model(
    key: str, raw: object, defaults: dict[str, Any], segments: Mapping[str, Any], note: Note
) -> ModelDeclaration | None:
    place: Place = ("models", key)
    if not isinstance(raw, dict):
        note(place, "expected source, target and what else the model has")
        return None
    if found := _bad_key(key):
        note(place, found)
    own = _with_defaults(raw, {})
    merged = _with_defaults(raw, defaults)
    noted: list[Place] = []

    def note_own(inner: Place, sentence: str) -> None:
        # What stands under defaults is told once, there.
        if inner[: len(place)] == place and _is_from_defaults(inner[len(place) :], own, defaults):
            return
        noted.append(inner)
        note(inner, sentence)

    fits = _collect(ModelDeclaration, merged, place, note_own)
    resolved = {
        **merged,
        **{
            side: segments.get(merged[side], merged[side])
            for side in ("source", "target")
            if isinstance(merged.get(side), str)
        },
    }
    for path, sentence in problems_across_fields(resolved):
        note_own((*place, *path), sentence)
    if not fits or noted:
        return None
    return ModelDeclaration.model_validate(merged)


def _with_defaults(raw: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Merge the defaults into a model; `config` is merged key by key, all else as a whole."""
    merged = {**defaults, **raw}
    ours, shared = raw.get("config"), defaults.get("config")
    if isinstance(ours, dict) and isinstance(shared, dict):
        merged["config"] = {**shared, **ours}
    return merged


def _is_from_defaults(inner: Place, own: dict[str, Any], defaults: dict[str, Any]) -> bool:
    if not inner or inner[0] not in defaults or inner[0] == "":
        return False
    if inner[0] not in own:
        return True
    ours = own[str(inner[0])]
    deeper = len(inner) > 1 and inner[0] == "config" and isinstance(ours, dict)
    return deeper and inner[1] not in ours and inner[1] in (defaults.get("config") or {})


def _bad_key(key: str) -> str | None:
    found = sorted(
        {c for c in key if c in FORBIDDEN_IN_NAMES or c.isspace() or not c.isprintable()}
    )
    if not key or found or ":" in key or len(key) > 100:  # noqa: PLR2004 - names have room for more
        return (
            "a model's key holds letters, digits, - and _ only (at most 100): it becomes part of "
            "the model's name in Lytics"
        )
    return None


def _note_clashes(models: Mapping[str, ModelDeclaration], note: Note) -> None:
    """Note what two entries can't both be: names, adopted ids, earlier keys."""
    for field_name, what in (
        ("name", "a name belongs to one model"),
        ("adopt", "an id is adopted once"),
        ("was", "only one model can have had a key"),
    ):
        owners: dict[str, str] = {}
        for key, model in models.items():
            value = getattr(model, field_name)
            first = owners.setdefault(value, key) if value is not None else key
            if first != key:
                note(("models", key, field_name), f'"{value}" is {first}\'s already; {what}')
