"""What the pages of the reference have in common."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

MADE = "<!-- Made from the code by `make docs`; don't edit. -->"


def head(title: str, *paragraphs: str) -> Iterator[str]:
    """Yield how a page begins."""
    yield from (f"# {title}", "", MADE)
    for paragraph in paragraphs:
        yield from ("", paragraph)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table."""
    yield from ("", f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}")
    for row in rows:
        yield f"| {' | '.join(cell(one) for one in row)} |"


def cell(text: str) -> str:
    """Return a text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def section(thing: object, title: str) -> dict[str, str]:
    """Return a section of a docstring in Google's style, `Args` or `Attributes`, name by name."""
    text = inspect.getdoc(thing) or ""
    found = re.search(rf"^{title}:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    entries = re.split(r"^    (?=\w)", found[1], flags=re.MULTILINE)[1:] if found else []
    named = (entry.partition(":") for entry in entries)
    return {name: " ".join(what.split()) for name, _, what in named}


def in_short(thing: object) -> str:
    """Return what a docstring says before its sections, as paragraphs."""
    text = inspect.getdoc(thing) or ""
    return re.split(r"^\w+:\n", text, maxsplit=1, flags=re.MULTILINE)[0].strip()
