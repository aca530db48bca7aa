import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.reference_pages import pages
from tests.support.stub import ROOT

MOST_LINES = 120


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_reference_is_what_the_code_says(path: Path) -> None:
    """A key, an option or an exit code can't change without its page; `make docs` writes it."""
    assert path.read_text(encoding="utf-8") == pages()[path]


def test_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    """Every link and anchor between the pages leads somewhere, and every page is in the menu."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "index.html").exists()


def test_readme_is_a_page_to_start_from() -> None:
    """The README fits two screens, and every file that it links is there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_first_page_leads_to_every_page() -> None:
    """On a code host there is no menu: the first page links each page that the menu has."""
    menu = re.findall(r"[\w-]+/[\w-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)#]+)", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    assert menu
    assert set(menu) <= set(links)
