import os
import re
import subprocess
from pathlib import Path

from tests.support.stub import ROOT

# Put together here, so that this file doesn't hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("static", "crates", "io"),
        ("index", "crates", "io"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("deb", "debian", "org"),
    )
]
MACHINE_PATHS = ["/".join(["", *parts, ""]) for parts in (("work",), ("root",), ("opt", "wheels"))]


def tracked() -> list[Path]:
    """Return every file that git knows and that is there."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    files = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [file for file in files if file.is_file()]


def mentions(words: list[str]) -> list[str]:
    """Return where one of the words stands in a tracked file."""
    pattern = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, words))})")
    found = []
    for file in tracked():
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        matching = (number for number, line in enumerate(lines, 1) if pattern.search(line))
        found += [f"{file.relative_to(ROOT)}:{number}" for number in matching]
    return found


def test_no_file_names_a_registry() -> None:
    """Where packages come from is each machine's own business."""
    assert mentions(REGISTRIES) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """What is committed works in any folder of any machine."""
    assert mentions(MACHINE_PATHS) == []


def test_commands_can_be_run() -> None:
    """What the README tells to run is executable in a clone."""
    for name in ("bin/pulumi", "bin/lytics-ml", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name


def test_what_is_made_here_is_ignored() -> None:
    """Nothing that the commands make in the project folder can be committed by mistake."""
    made = [".venv/x", ".pulumi/x", ".sandbox/x", "cli/__pycache__/x", ".ruff_cache/x", ".coverage"]
    ignored = subprocess.run(
        ["git", "check-ignore", *made], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert ignored.stdout.split() == made


def test_make_lists_every_target() -> None:
    """`make` alone tells all that can be made, a line each."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listing = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True)
    listed = re.findall(r"^  make ([\w-]+) +\S", listing.stdout, re.MULTILINE)
    assert phony
    assert set(listed) == set(phony[1].split()) - {"venv"}
