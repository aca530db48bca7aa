"""Pages that are made from the command line itself: commands, and their exit codes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import typer.main

from cli.app import app
from cli.errors import EXIT_CODES
from cli.examples import EXAMPLES, PAGES
from docs.made.text import head, table

_ENDINGS = re.compile(r"^Exit codes: (.*)\Z", re.MULTILINE | re.DOTALL)


def commands() -> Iterator[str]:
    """Yield the page of the commands."""
    yield from head(
        "Commands",
        "`bin/lytics-ml` is what Pulumi has no command for. `--help` on each says the same. "
        "`bin/pulumi` is Pulumi itself, pinned.",
    )
    for name, command in every_command().items():
        yield from ("", f"## {name}", "")
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        words = [f"bin/lytics-ml {name}", *(p.metavar or p.name.upper() for p in arguments)]
        yield from (f"    {' '.join(words)}", "", (command.help or "").strip(), "")
        yield f"More: [{PAGES[name]}]({_relative(PAGES[name])})"
        options = [p for p in command.params if p.param_type_name == "option"]
        if options:
            yield from table(("option", "meaning"), (_option(one) for one in options))
        yield ""
        yield from (f"    bin/lytics-ml {example}" for example in EXAMPLES[name])


def exit_codes() -> Iterator[str]:
    """Yield the page of the exit codes."""
    yield from head(
        "Exit codes",
        "What a command ends with, for scripts and pipelines. `bin/pulumi` ends as Pulumi does: 0 "
        "done, anything else failed; an `up` in which a model doesn't pass its gate has failed.",
    )
    yield from table(("code", "meaning"), ((str(code), what) for code, what in EXIT_CODES.items()))
    yield from ("", "## By command")
    rows = []
    for name, command in every_command().items():
        said = endings(command.help or "")
        codes = (said.get(code, "") for code in range(3))
        rows.append((f"[`{name}`](commands.md#{name})", *codes))
    yield from table(("command", "0", "1", "2"), rows)


def every_command() -> Mapping[str, Any]:
    """Return the commands by name."""
    found: Mapping[str, Any] = getattr(typer.main.get_command(app), "commands", {})
    return found


def endings(text: str) -> dict[int, str]:
    """Return what each exit code means, as a command's help says it."""
    found = _ENDINGS.search(text)
    if found is None:
        return {}
    parts = re.split(r"(?:^|[,;] )(\d) ", " ".join(found[1].split()).rstrip("."))
    return {int(code): what for code, what in zip(parts[1::2], parts[2::2], strict=True)}


def _option(option: Any) -> tuple[str, str]:  # noqa: ANN401 - click's, in typer's own copy
    spelled = ", ".join(f"`{one}`" for one in option.opts)
    value = f" `{option.metavar}`" if option.metavar else ""
    return f"{spelled}{value}", option.help or ""


def _relative(name: str) -> str:
    path, mark, anchor = name.partition("#")
    folder, _, file = path.partition("/")
    up = "" if folder == "reference" else f"../{folder}/"
    return f"{up}{file}.md{mark}{anchor}"
