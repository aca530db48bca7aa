"""Reads the declarations of an environment: YAML in, shapes out, every mistake with its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.lytics.domain.declaration import ModelDeclaration, Removal, problems_across_fields
from providers.lytics.domain.explain import Place, explain, got, unknown_key
from providers.lytics.domain.fields import SegmentRef
from providers.lytics.domain.identity import FORBIDDEN_IN_NAMES
from providers.lytics.errors import DeclarationError, Problem
from providers.lytics.stack_file.yaml_reader import Mark, YamlReader, load, where
from providers.lytics.text import shown


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
class Excepted:
    """Why a rule doesn't hold for a model, and where that stands."""

    reason: str
    line: int
    column: int


@dataclass(frozen=True)
class Stack:
    """What a stack file declares, defaults merged in.

    Attributes:
        path: the file.
        models: the declarations by key, in the file's order.
        segments: names for segments, to slugs or ids.
        removed: how models that are no longer declared leave.
        lines: the line of each model's key, from 1.
        exceptions: by key, the rules that a model or a removal is excepted from.
        removed_lines: the line of each key under `removed`.
    """

    path: Path
    models: Mapping[str, ModelDeclaration]
    segments: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, Removal] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    exceptions: Mapping[str, Mapping[str, Excepted]] = field(default_factory=dict)
    removed_lines: Mapping[str, int] = field(default_factory=dict)

    def segment(self, reference: str) -> str:
        """Return the slug or id behind a name of this file; anything else as it is."""
        return self.segments.get(reference, reference)


Note = Callable[[Place, str], None]


def read_stack_file(path: Path) -> Stack:
    """Read the declarations of an environment.

    Args:
        path: for example `stacks/prod.yaml`.

    Returns:
        The declarations, defaults merged in; segments are not looked up.

    Raises:
        DeclarationError: something is wrong; it holds every problem, with file, line and column.
    """
    reader = YamlReader()
    data = load(path, reader)
    stack, found = _parse(path, data, reader)
    problems = [
        Problem(where(path, mark), sentence)
        for mark, sentence in sorted(found, key=lambda item: (item[0].line, item[0].column))
    ]
    if problems or stack is None:
        title = f"{shown(path)} can't be used:"
        raise DeclarationError(title, problems)
    return stack


def _parse(
    path: Path, data: dict[str, Any], reader: YamlReader
) -> tuple[Stack | None, list[tuple[Mark, str]]]:
    found = list(reader.problems)

    def note(place: Place, sentence: str) -> None:
        found.append((reader.mark(place), f"{'.'.join(map(str, place))}: {sentence}"))

    data, exceptions = _without_exceptions(data, reader, note)
    top = {name: value for name, value in data.items() if name not in {"models", "defaults"}}
    for name in _outside_models(top):
        note((name,), "is a model: write it below models:, indented further")
        del top[name]
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
    gone = {key: reader.marks["removed", key].line for key in removals}
    return Stack(path, models, segments or {}, removals, lines, exceptions, gone), found


def _outside_models(top: dict[str, Any]) -> list[str]:
    """Return the keys of a file's first level that are models, and should stand below `models`."""
    unknown = {name: value for name, value in top.items() if name not in StackFile.model_fields}
    return [
        name for name, value in unknown.items() if isinstance(value, dict) and "source" in value
    ]


def _without_exceptions(
    data: dict[str, Any], reader: YamlReader, note: Note
) -> tuple[dict[str, Any], dict[str, dict[str, Excepted]]]:
    """Return a file's values without `except`, and what stands there, by key and rule.

    It is no field of a declaration: neither `defaults` nor another environment may share it.
    """
    kept = dict(data)
    exceptions: dict[str, dict[str, Excepted]] = {}
    for section in ("models", "removed"):
        entries = data.get(section)
        if not isinstance(entries, dict):
            continue
        kept[section] = dict(entries)
        for key, raw in entries.items():
            if isinstance(raw, dict) and EXCEPT in raw:
                kept[section][key] = {name: raw[name] for name in raw if name != EXCEPT}
                place = (section, key, EXCEPT)
                exceptions[key] = _exceptions(raw[EXCEPT], place, reader, note)
    return kept, exceptions


def _exceptions(raw: object, place: Place, reader: YamlReader, note: Note) -> dict[str, Excepted]:
    if not isinstance(raw, dict):
        note(place, "expected a mapping of rules to reasons")
        return {}
    for rule, reason in raw.items():
        if not isinstance(reason, str) or not reason.strip():
            note((*place, rule), "expected the reason, in words")
    marks = {rule: reader.mark((*place, rule)) for rule in raw}
    return {
        rule: Excepted(str(why), marks[rule].line, marks[rule].column) for rule, why in raw.items()
    }


def _mapping_or_note(value: object, place: Place, note: Note) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    note(place, f"expected a mapping of keys to values{got(value)}")
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


EXCEPT = "except"
NOT_SHARED = {"adopt", EXCEPT, "label", "name", "take_over", "was"}
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


def _no_model(key: str, raw: object) -> str:
    """Say what is wrong with an entry of `models` that holds no fields: often its indentation."""
    if key in ModelDeclaration.model_fields:
        return "is a field of a model: indent it further than the model's key"
    if raw is None:
        return "has no fields: write source, target and the others below it, indented further"
    return f"expected a model's fields, for example source and target{got(raw)}"


def _model(
    key: str, raw: object, defaults: dict[str, Any], segments: Mapping[str, Any], note: Note
) -> ModelDeclaration | None:
    place: Place = ("models", key)
    if not isinstance(raw, dict):
        note(place, _no_model(key, raw))
        return None
    if found := _bad_key(key):
        note(place, found)
    own = _with_defaults(raw, {})
    merged = _with_defaults(raw, defaults)
    noted: list[Place] = []

    def note_own(inner: Place, sentence: str) -> None:
        # Mistakes in defaults are reported once, at defaults.
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
    """Note what two entries must not share: names, adopted ids, earlier keys."""
    for field_name, what in (
        ("name", "a name belongs to one model"),
        ("adopt", "an id is adopted once"),
        (
            "was",
            "only one model can have had a key: take was out of the one that is renamed already",
        ),
    ):
        owners: dict[str, str] = {}
        for key, model in models.items():
            value = getattr(model, field_name)
            first = owners.setdefault(value, key) if value is not None else key
            if first != key:
                note(("models", key, field_name), f'"{value}" is {first}\'s already; {what}')
