"""Makes the reference pages from the code: the stack file from its schema, commands from typer."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from cli.app import app
from cli.schema.schema_json import schema

FOLDER = Path(__file__).parent / "reference"
_MADE = "<!-- Made from the code by `make docs`; don't edit. -->"
Json = dict[str, Any]


def pages() -> dict[Path, str]:
    """Return the text of every page that is made, by its path."""
    return {
        FOLDER / "stack-file.md": "\n".join(_stack_file()) + "\n",
        FOLDER / "commands.md": "\n".join(_commands()) + "\n",
    }


def _stack_file() -> Iterator[str]:
    whole = schema()
    shapes = {"": whole, **whole.get("$defs", {})}
    yield from ("# Stack file", "", _MADE, "")
    yield "What `stacks/<stack>.yaml` may hold, as editors read it in `stacks/schema.json`."
    for name, shape in shapes.items():
        if "properties" not in shape:
            continue
        yield from ("", f"## {name or 'The file'}", "", *_described(shape))
        yield from ("| key | value | meaning |", "|---|---|---|")
        for key, field in shape["properties"].items():
            meaning = " ".join(str(field.get("description", "")).split())
            yield f"| `{key}` | {_kind(field)} | {meaning} |"


def _described(shape: Json) -> list[str]:
    text = " ".join(str(shape.get("description", "")).split())
    return [text, ""] if text else []


def _kind(field: Json) -> str:
    if "$ref" in field:
        name = str(field["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if choices := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in choices))
    bounds = [
        f"{word} {field[name]}"
        for name, word in (("minimum", "from"), ("maximum", "to"))
        if name in field
    ]
    kind = field.get("type", "any")
    return " ".join([" or ".join(kind) if isinstance(kind, list) else str(kind), *bounds])


def _commands() -> Iterator[str]:
    group = typer.main.get_command(app)
    yield from ("# Commands", "", _MADE, "")
    yield "`bin/lytics-ml` is what Pulumi has no command for. `--help` on each says the same."
    commands: Json = getattr(group, "commands", {})
    for name, command in commands.items():
        yield from ("", f"## {name}", "")
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        words = [f"bin/lytics-ml {name}", *(p.metavar or p.name.upper() for p in arguments)]
        yield from (f"    {' '.join(words)}", "", (command.help or "").strip(), "")
        options = [p for p in command.params if p.param_type_name == "option"]
        if options:
            yield from ("| option | meaning |", "|---|---|")
        for option in options:
            spelled = ", ".join(f"`{one}`" for one in option.opts)
            value = f" `{option.metavar}`" if option.metavar else ""
            yield f"| {spelled}{value} | {(option.help or '').replace('|', chr(92) + '|')} |"


def main() -> int:
    """Write the pages; return the exit code."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
