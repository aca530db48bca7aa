"""Markdown as GitHub shows it, in which a value is never markup, a mention or a link."""

import re
from collections.abc import Iterable, Sequence

from cli.screen.terminal import safe

LONGEST_VALUE = 120


def code(value: object, longest: int = LONGEST_VALUE) -> str:
    """Return a value as a code span: nothing in it is markup, an @mention or a #reference.

    GitHub Flavored Markdown, "Code spans" and "Tables": the fence is longer than any run of
    backticks inside, and a pipe ends a table's cell unless it is escaped, in code too.
    """
    text = safe(value, longest) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def html_text(value: object, longest: int = LONGEST_VALUE) -> str:
    """Return a value for inside an HTML element of a Markdown text."""
    text = safe(value, longest)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    # Markdown is still read inside HTML; these can't begin anything then.
    return re.sub(r"[`*_\[\]\\|~!#@:]", lambda found: f"&#{ord(found[0])};", text)


def fenced(lines: Iterable[str]) -> list[str]:
    """Return lines as a code block that nothing in them can end."""
    inside = [safe(line).replace("`", "'") for line in lines]
    return ["```text", *inside, "```"]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table of cells that are Markdown already."""
    return [
        f"| {' | '.join(headings)} |",
        f"|{'|'.join('---' for _ in headings)}|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def plain(value: object) -> str:
    """Return a value as people write it: `true`, `5000`, `city, visit_ct`, `not set`."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if not value.is_integer() else str(int(value))
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {plain(inner)}" for name, inner in sorted(value.items()))
    return str(value)
