"""Writes what is made from the code: the reference, and the diagrams of the concepts."""

import sys
from pathlib import Path

from docs.made import commands, diagrams, python, schemas, settings

FOLDER = Path(__file__).parent
REFERENCE = FOLDER / "reference"


def pages() -> dict[Path, str]:
    """Return the text of everything that is made, by its path."""
    made = {
        "stack-file": schemas.stack_file(),
        "rules": schemas.rules(),
        "commands": commands.commands(),
        "exit-codes": commands.exit_codes(),
        "json": schemas.outputs(),
        "outputs": python.outputs(),
        "classes": python.python(),
        "settings": settings.settings(),
    }
    texts = {REFERENCE / f"{name}.md": "\n".join(lines) + "\n" for name, lines in made.items()}
    drawn = diagrams.drawn().items()
    return texts | {FOLDER / "concepts" / f"{name}.svg": text for name, text in drawn}


def main() -> int:
    """Write the pages; return the exit code."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
