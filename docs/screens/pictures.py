"""Pictures: a terminal as SVG, a page as PNG."""

import re
import shutil
import subprocess
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_FONT_OF_ITS_OWN = re.compile(r"    @font-face \{.*?\n    \}\n", re.DOTALL)
_THEME = TerminalTheme(
    (30, 33, 48),
    (226, 230, 242),
    [
        (40, 44, 62),
        (255, 121, 131),
        (126, 211, 133),
        (245, 199, 110),
        (130, 170, 255),
        (213, 151, 255),
        (121, 214, 224),
        (226, 230, 242),
    ],
    [
        (140, 148, 176),
        (255, 150, 158),
        (154, 230, 160),
        (255, 217, 140),
        (160, 192, 255),
        (228, 182, 255),
        (150, 228, 236),
        (255, 255, 255),
    ],
)


def terminal(title: str, printed: str, name: str, columns: int) -> str:
    """Return a picture of a terminal that loads nothing.

    Args:
        title: what stands above it.
        printed: what was printed, with its colours.
        name: tells its styles from those of another picture on a page.
        columns: how wide it is.
    """
    console = Console(record=True, width=columns, file=Path("/dev/null").open("w"))  # noqa: SIM115
    console.print(Text.from_ansi(printed.rstrip()), soft_wrap=False)
    made = console.export_svg(title=title, theme=_THEME, unique_id=name)
    made = _FONT_OF_ITS_OWN.sub("", made).replace("Fira Code", "ui-monospace, Menlo, Consolas")
    return "\n".join(line.rstrip() for line in made.splitlines()) + "\n"


def page(html: Path, picture: Path, width: int, height: int) -> None:
    """Write a picture of a page, as a browser draws it.

    Raises:
        FileNotFoundError: there is no Chromium.
    """
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), "")
    subprocess.run(
        [
            browser or "chromium",
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            f"--window-size={width},{height}",
            f"--screenshot={picture}",
            html.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
