"""`make docs-screens`: writes every screen that a page shows, and the pictures."""

import sys
from pathlib import Path

from docs.made.blocks import with_screens
from docs.screens import pictures
from docs.screens.stage import ROOT, stage
from docs.screens.story import SCREENS, tell

PICTURES = ROOT / "docs" / "pictures"
REVIEW_SIZE = (900, 742)


def main() -> int:
    """Write screens and pictures; return the exit code."""
    PICTURES.mkdir(exist_ok=True)
    with stage() as here:
        shots = tell(here)
        for name, printed in shots.colours.items():
            made = pictures.terminal("lytics-ml", printed, name, SCREENS[name].columns)
            (PICTURES / f"{name}.svg").write_text(made, encoding="utf-8")
        for name, html in shots.pages.items():
            pictures.page(html, PICTURES / f"{name}.png", *REVIEW_SIZE)
    for file in (ROOT / "README.md", *pages()):
        text = file.read_text(encoding="utf-8")
        now = with_screens(text, shots.texts.get)
        if now != text:
            file.write_text(now, encoding="utf-8")
    return 0


def pages() -> list[Path]:
    """Return the pages that are written by hand, those of `docs`."""
    return sorted(file for file in (ROOT / "docs").rglob("*.md") if not file.is_symlink())


if __name__ == "__main__":
    sys.exit(main())
