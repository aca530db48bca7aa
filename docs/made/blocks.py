"""The fenced blocks of a Markdown file, and the screens among them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"^(?:<!-- screen: (?P<screen>[\w-]+) -->\n)?```(?P<language>\w+)[^\n]*\n"
    r"(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        file: the file that has it.
        line: the line of its fence, from 1.
        language: what the fence says.
        text: what is in it, with its last line's end.
        screen: the screen that it shows, "" where it is written by hand.
    """

    file: Path
    line: int
    language: str
    text: str
    screen: str = ""

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"


def blocks_in(file: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a file."""
    text = file.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(file, line, found["language"], found["text"], found["screen"] or "")


def with_screens(text: str, shown: Callable[[str], str | None]) -> str:
    """Return a file's text with each screen as it is now.

    Args:
        text: the file's text.
        shown: gives what a screen shows, None to leave it as it is.
    """

    def anew(found: re.Match[str]) -> str:
        now = shown(found["screen"]) if found["screen"] else None
        if now is None:
            return found[0]
        return f"<!-- screen: {found['screen']} -->\n```{found['language']}\n{now}```"

    return _BLOCK.sub(anew, text)
