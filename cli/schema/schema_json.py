"""The JSON schema of stack files, for editors, made from the types that parse them."""

import json
from collections.abc import Iterable
from typing import Any

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Level
from providers.lytics.domain.rules import builtin_rules
from providers.lytics.stack_file.reader import EXCEPT, NOT_SHARED, StackFile

Json = dict[str, Any]
KEY_PATTERN = r"^[^\s.;/\\:]{1,100}$"
# What an editor offers where the type alone says little.
_EXAMPLES: dict[str, list[Any]] = {
    "additional": [["city", "visit_ct"]],
    "collect": [5000],
    "fitness": [10, "good"],
    "generation": [2],
    "label": ["Predictive model to grow the customer base"],
}


_EXCEPTIONS: Json = {
    "type": "object",
    "description": "rules that it is excepted from, each with the reason (optional)",
    "additionalProperties": {"type": "string", "pattern": r"\S"},
    "examples": [{"live-needs-gate": "trial until March, agreed with legal"}],
}
_LEVEL: Json = {
    # YAML 1.1 reads `off` as false.
    "enum": [*Level, False],
    "description": "off, warn or error",
}


def schema_text() -> str:
    """Return the text of `stacks/schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def rules_schema_text() -> str:
    """Return the text of `stacks/rules.schema.json`."""
    return json.dumps(rules_schema(), indent=2, ensure_ascii=False) + "\n"


def rules_schema() -> Json:
    """Return the schema of `stacks/rules.yaml`; a team's own rules are any other ids."""
    shapes: Json = {}
    rules: Json = {}
    for rule_id, rule in builtin_rules().items():
        made = rule.model_json_schema(ref_template="#/$defs/{model}")
        shapes |= made.pop("$defs", {})
        _tidy(made)
        values = {name: made[name] for name in ("properties", "additionalProperties")}
        values["properties"] = {"level": _LEVEL, **values["properties"]}
        given = {"type": "object", "description": rule.means(), **values}
        needed = made.get("required")
        # Where it takes values, a level alone stands for those that hold for all stacks.
        given |= {"required": ["level", *needed]} if needed else {}
        rules[rule_id] = {"description": rule.means(), "anyOf": [_LEVEL, given]}
    own = {"anyOf": [_LEVEL, {"type": "object", "properties": {"level": _LEVEL}}]}
    entries = {"type": "object", "properties": rules, "additionalProperties": own}
    shapes["Rules"] = entries
    stacks = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Rules"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of lytics-ml",
        "type": "object",
        "properties": {
            "stacks": {**stacks, "description": "other levels and values for a stack"},
            "rules": {"$ref": "#/$defs/Rules"},
            **rules,
        },
        "additionalProperties": own,
        "$defs": shapes,
    }


def schema() -> Json:
    """Return the schema: what `validate` accepts, as far as a schema can say it."""
    made = StackFile.model_json_schema()
    shapes: Json = made["$defs"]
    shapes["Defaults"] = _defaults(shapes["ModelDeclaration"])
    for shape in (*shapes.values(), made):
        _tidy(shape)
    for name in ("ModelDeclaration", "Removal"):
        shapes[name]["properties"][EXCEPT] = _EXCEPTIONS
    models = made["properties"]["models"]
    models["propertyNames"] = made["properties"]["removed"]["propertyNames"] = {
        "pattern": KEY_PATTERN
    }
    models["type"] = ["object", "null"]
    defaults: Json = made["properties"]["defaults"]
    made["properties"]["defaults"] = {
        "anyOf": [{"$ref": "#/$defs/Defaults"}, {"type": "null"}],
        "description": defaults["description"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of lytics-ml",
        **{name: value for name, value in made.items() if name not in {"$defs", "title"}},
        "allOf": [_required_unless_shared(name) for name in _required(shapes["ModelDeclaration"])],
        "$defs": shapes,
    }


def _defaults(model: Json) -> Json:
    """Return what `defaults` may have: every field but those of one model alone, all optional."""
    fields = {
        name: json.loads(json.dumps(field))
        for name, field in model["properties"].items()
        if name not in NOT_SHARED
    }
    description = "What every model has unless it says otherwise; config is merged key by key."
    return {
        "type": "object",
        "description": description,
        "properties": fields,
        "additionalProperties": False,
    }


def _required(model: Json) -> Iterable[str]:
    """Return the fields that a model must have, and take them off its own list."""
    names: list[str] = model.pop("required")
    assert set(names) <= set(ModelDeclaration.model_fields)  # noqa: S101 - made from the same type
    return names


def _required_unless_shared(name: str) -> Json:
    """Say that each model has a field, unless `defaults` has it for all of them."""
    return {
        "if": {
            "properties": {"defaults": {"type": "object", "required": [name]}},
            "required": ["defaults"],
        },
        "else": {
            "properties": {"models": {"additionalProperties": {"required": [name]}}},
        },
    }


def _tidy(shape: Json) -> None:
    """Make a shape read well in an editor: no titles, no nulls, examples."""
    shape.pop("title", None)
    for name, field in shape.get("properties", {}).items():
        shape["properties"][name] = _tidied(name, field)


def _tidied(name: str, field: Json) -> Json:
    kept = {key: value for key, value in field.items() if key not in {"title", "anyOf"}}
    if kept.get("default", "") in (None, {}):
        del kept["default"]
    choices = [choice for choice in field.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1:
        kept = {**choices[0], **kept}
    elif choices:
        kept["anyOf"] = choices
    if name in _EXAMPLES:
        kept.setdefault("examples", _EXAMPLES[name])
    return kept
