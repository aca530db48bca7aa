"""Links from the tool into the documents, and facts that the documents are made from."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.examples import PAGES
from docs.made.commands import endings, every_command
from providers.lytics.api.setting_table import BY_KEY, INTERNAL, SETTINGS, VARIABLES
from providers.lytics.api.settings import Settings
from providers.lytics.pages import page
from tests.support.stub import ROOT

ROOMS = ("bin", "cli", "providers", "toolchain")
PATH = re.compile(r"docs/[\w/-]+\.md(?:#[\w-]+)?")
VARIABLE = re.compile(r"\b(?:LYTICS_ML_[A-Z_]+|LYTICS_API(?:_URL)?|LIOKEY)\b")


def sources() -> Iterator[tuple[Path, str]]:
    """Yield every file of the tool with its text."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*")):
            if file.is_file() and file.suffix in {"", ".py", ".sh"}:
                yield file, file.read_text(encoding="utf-8")


def linked() -> Iterator[tuple[str, str]]:
    """Yield where a link is, and the path that it leads to."""
    for file, text in sources():
        where = str(file.relative_to(ROOT))
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "page":
                    argument = node.args[0]
                    if isinstance(argument, ast.Constant):
                        yield where, page(str(argument.value))
        yield from ((where, found) for found in PATH.findall(text))
    yield from ((f"--help of {name}", page(target)) for name, target in PAGES.items())


def anchors(file: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    # The rule of the site and of code hosts: words in lower case, joined by hyphens.
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading.strip()) for heading in plain}


def test_links_of_the_tool_lead_somewhere() -> None:
    """Each page that a help or an error names is there, and so is its anchor."""
    links = set(linked())
    assert len(links) > len(PAGES)
    for where, link in links:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).is_file(), f"{where}: {link}"
        assert not anchor or anchor in anchors(ROOT / path), f"{where}: {link}"


def test_one_function_makes_the_links() -> None:
    """No Python file says a page's path by itself, but for its comments."""
    for file, text in sources():
        if file.suffix != ".py":
            continue
        tree = ast.parse(text)
        comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        said = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
        for one in said:
            is_path = isinstance(one.value, str) and PATH.search(one.value)
            assert not is_path or id(one) in comments, f"{file}: {one.value!r}"


@pytest.mark.parametrize("name", every_command())
def test_help_links_its_page_and_says_every_exit_code(name: str) -> None:
    """Each command has a page, and tells what it ends with: 0, 2, and 1 where it may refuse."""
    command = every_command()[name]
    assert f"More: {page(PAGES[name])}" in command.epilog
    assert set(endings(command.help)) in ({0, 2}, {0, 1, 2})


def test_defaults_are_those_of_the_code() -> None:
    """The list of settings says the defaults that hold."""
    real = Settings()
    said = {key: setting.default.strip("`") for key, setting in BY_KEY.items()}
    seconds = (said[name] for name in ("patienceSeconds", "timeoutSeconds", "settleSeconds"))
    assert list(map(float, seconds)) == [real.patience_s, real.reply_timeout_s, real.settle_s]
    assert (said["apiUrl"], said["api"]) == (real.api_url, real.api)
    assert (said["wait"], said["stateWrites"]) == (str(real.wait).lower(), real.state_writes)


def test_every_variable_of_the_code_is_in_the_list() -> None:
    """A variable that the code reads is documented, or told to be nobody's to set."""
    used = {found for _, text in sources() for found in VARIABLE.findall(text)}
    documented = {setting.variable for setting in (*SETTINGS, *VARIABLES)} - {""}
    assert used - INTERNAL <= documented
    assert used >= INTERNAL
