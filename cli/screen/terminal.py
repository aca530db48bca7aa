"""What is shown: values of the API are text, never markup or commands for the terminal."""

import json
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

LONGEST = 300
"""Characters of one value that are shown; labels of many megabytes exist."""
PLAIN_WIDTH = 160
"""Columns where nobody reads on a terminal, so that a log or a pipe cuts nothing short."""


def safe(value: object, longest: int = LONGEST) -> str:
    """Return a value as one line of printable text.

    Control characters, among them those that turn the direction of text, become "?".
    """
    text = str(value)
    cut = text[:longest]
    line = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in cut)
    return f"{line}…" if len(text) > longest else line


def safe_lines(value: object) -> str:
    """Return text of several lines, each of them printable."""
    return "\n".join(safe(line, 10 * LONGEST) for line in str(value).split("\n"))


def text(value: object, style: str = "") -> "Text":
    """Return a value as text that rich takes literally."""
    from rich.text import Text  # noqa: PLC0415 - not needed where JSON is shown

    return Text(safe(value), style=style)


@cache
def _prepared() -> None:
    """Write what a stream's encoding can't hold as "?" instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def console(*, stderr: bool = False) -> "Console":
    """Return where to show things: in colour on a terminal, plain and wide elsewhere."""
    from rich.console import Console  # noqa: PLC0415 - not needed where JSON is shown

    _prepared()
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PLAIN_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def show(screen: "Console", content: "RenderableType") -> None:
    """Show a table or a page; where it isn't a terminal, without the blanks that fill its lines."""
    if screen.is_terminal:
        screen.print(content)
        return
    with screen.capture() as captured:
        screen.print(content)
    for line in captured.get().splitlines():
        say(line.rstrip())


def say(line: str = "") -> None:
    """Show a line on stdout."""
    _prepared()
    print(safe_lines(line))  # noqa: T201 - this is the command line


def warn(line: str) -> None:
    """Show a line on stderr, so that stdout holds nothing but the output."""
    _prepared()
    print(safe_lines(line), file=sys.stderr)  # noqa: T201 - this is the command line


def say_error(message: str) -> None:
    """Show why a command ends."""
    sys.stdout.flush()
    warn(message)


def say_json(value: Any) -> None:  # noqa: ANN401 - JSON
    """Show a value as JSON; characters that a terminal might obey are escaped in it."""
    print(json.dumps(value, indent=2, ensure_ascii=True))  # noqa: T201 - this is the command line


def can_show(characters: str) -> bool:
    """Tell whether stdout's encoding has these characters."""
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def mark(passed: bool | None) -> str:  # noqa: FBT001 - a value, no switch
    """Return what stands beside a part of a gate, in signs that stdout can show."""
    from providers.lytics.domain.live.judging import mark_of  # noqa: PLC0415 - only where a gate is

    return mark_of(passed, in_words=not can_show("✓✗"))


def count(number: int, noun: str) -> str:
    """Return a number and a noun, `3 models`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
