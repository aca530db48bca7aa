"""Pages that are made from JSON schemas: the stack file, the rules, and what `--json` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.schema.outputs import OUTPUTS, output_schema
from cli.schema.schema_json import rules_schema, schema
from docs.made.text import head, table
from providers.lytics.domain.rules import builtin_rules

Json = Mapping[str, Any]
_NEEDS = {
    "account": "the account can be asked: by `review`, `preview`, `up` and `lytics-ml rules`",
    "audiences": "the key may see the account's audiences",
    "git": "git tells the branch",
    "proof": "the other stack's file and account can be read",
}


def stack_file() -> Iterator[str]:
    """Yield the page of the stack file."""
    yield from head(
        "Stack file",
        "What `stacks/<stack>.yaml` may hold, as editors read it in `stacks/schema.json`. "
        "[Declare models](../guides/declare.md) says what each change does.",
    )
    whole = schema()
    shapes = {"The file": whole, **whole.get("$defs", {})}
    for name, shape in shapes.items():
        if "properties" not in shape:
            continue
        yield from ("", f"## {name}")
        if text := " ".join(str(shape.get("description", "")).split()):
            yield from ("", text)
        yield from table(("key", "value", "meaning"), _fields(shape))


def rules() -> Iterator[str]:
    """Yield the page of the rules."""
    yield from head(
        "Rules",
        "What `stacks/rules.yaml` may hold, as editors read it in `stacks/rules.schema.json`. Each "
        "rule has a level, `off`, `warn` or `error`, or a level and values: "
        "`gate-at-least: {level: error, auc: 0.7}`. [Rules](../guides/rules.md) says where they "
        "are checked, and how a model is excepted.",
    )
    known = rules_schema()["properties"]
    for rule_id, rule in builtin_rules().items():
        yield from ("", f"## {rule_id}", "", rule.means())
        if rule.needs:
            yield from ("", f"Checked where {', '.join(map(_NEEDS.__getitem__, rule.needs))}.")
        given: Json = known[rule_id]["anyOf"][1]
        values = {name: field for name, field in given["properties"].items() if name != "level"}
        if values:
            yield from table(("value", "kind", "meaning"), _fields({"properties": values}))


def outputs() -> Iterator[str]:
    """Yield the page of what commands print as JSON."""
    yield from head(
        "JSON outputs",
        "What each command prints on stdout with `--json`, and the JSON schema of it. A key that "
        "is here stays, and means the same; new ones may come. Where a command can't go on, it "
        "prints `error`, whatever the command. [Exit codes](exit-codes.md) are the same with and "
        "without `--json`.",
    )
    for command in OUTPUTS:
        made = output_schema(command)
        yield from ("", f"## {command}", "", f"Schema: [`{command}.json`](json/{command}.json)")
        yield from _shape(made, command)
        for name, shape in made.get("$defs", {}).items():
            if "properties" in shape:
                yield from ("", f"### {command}: {_plain(name)}")
                yield from _shape(shape, command)


def _shape(shape: Json, command: str) -> Iterator[str]:
    if text := " ".join(str(shape.get("description", "")).split()):
        yield from ("", text)
    if "properties" not in shape:
        yield from ("", f"It is {_kind(shape, command)}.")
        return
    rows = ((f"`{name}`", _kind(field, command)) for name, field in shape["properties"].items())
    yield from table(("key", "value"), rows)


def _fields(shape: Json) -> Iterator[tuple[str, str, str]]:
    for key, field in shape["properties"].items():
        yield f"`{key}`", _kind(field), str(field.get("description", ""))


def _kind(field: Json, command: str = "") -> str:
    if "$ref" in field:
        return _link(str(field["$ref"]).rsplit("/", 1)[-1], command)
    if "enum" in field or "const" in field:
        return ", ".join(f"`{_yaml(value)}`" for value in field.get("enum", [field.get("const")]))
    if choices := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(one, command) for one in choices))
    return _of_many(field, command) or _number_or_text(field)


def _of_many(field: Json, command: str) -> str:
    if field.get("type") == "array" and "items" in field:
        return f"array of {_kind(field['items'], command)}"
    values = field.get("additionalProperties")
    if field.get("type") == "object" and isinstance(values, dict):
        inner = _kind(values, command)
        return "object" if inner == "any" else f"object, each value {inner}"
    return ""


def _number_or_text(field: Json) -> str:
    kind = field.get("type", "any")
    bounds = [
        f"{word} {field[name]}"
        for name, word in (("minimum", "from"), ("maximum", "to"))
        if name in field
    ]
    return " ".join([" or ".join(kind) if isinstance(kind, list) else str(kind), *bounds])


def _link(name: str, command: str) -> str:
    if not command:
        return f"[{name}](#{name.lower()})"
    return f"[{_plain(name)}](#{command}-{_plain(name).lower()})"


def _plain(name: str) -> str:
    return name.removesuffix("Json")


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
