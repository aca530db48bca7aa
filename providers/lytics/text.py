"""Texts for people: other people's names, labels and reasons, and paths."""

import re
from pathlib import Path
from unicodedata import category

LONGEST_TEXT = 1000
_FRACTION = re.compile(r"(?<=:\d\d)\.\d+")


def harmless(text: str) -> str:
    """Return somebody else's text as it may be kept: Pulumi prints what the state holds.

    Control characters become question marks, and nothing is longer than what can be declared.
    """
    kept = without_controls(text[:LONGEST_TEXT])
    return kept if len(text) <= LONGEST_TEXT else f"{kept}…"


def to_the_second(date: str) -> str:
    """Return a date of the API without fractions of a second; its time zone stays."""
    return _FRACTION.sub("", date)


def without_controls(text: str) -> str:
    """Return a text as a terminal can show it.

    Control characters, and those that turn the direction of writing, become question marks.
    """
    if text.isprintable():
        return text
    return "".join("?" if _is_harmful(character) else character for character in text)


def shown(path: Path) -> str:
    """Return a path as people name it: from the folder they are in."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _is_harmful(character: str) -> bool:
    turns = "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"
    return turns or (category(character) == "Cc" and character not in "\n\t")
