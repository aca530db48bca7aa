"""Every example of the documents is read as its reader would type it."""

import html
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cli.schema.schema_json import rules_schema, schema
from docs.made.blocks import Block, blocks_in
from docs.made.commands import every_command
from docs.screens.__main__ import pages
from docs.screens.story import SCREENS
from providers.lytics.api.settings import Settings
from providers.lytics.stack_file.reader import read_stack_file
from tests.support.stub import ROOT

FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages()]
BLOCKS = [block for file in FILES for block in blocks_in(file)]
LANGUAGES = {"sh", "console", "yaml", "python", "json", "text"}
MODEL = {"source": "all_users", "target": "high_value"}
IN_TEXT = re.compile(r"`((?:bin/)?lytics-ml [^`]+)`")
WORDS_FOR = {"KEY": "churn", "STACK": "prod", "ID": "74d81201996d41cea7616a427a27525e"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def of(*languages: str) -> pytest.MarkDecorator:
    """Return the blocks of some languages, as parameters."""
    return pytest.mark.parametrize(
        "block", [one for one in BLOCKS if one.language in languages], ids=str
    )


def test_every_block_says_what_it_is() -> None:
    """No example is indented only, so that none escapes these tests."""
    for file in FILES:
        text = re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
        assert "```" not in text, f"{file}: a fence without an end, or without a language"
        if file.stem != "commands":
            assert not re.search(r"\n\n    (?![-*\d ])\S", text), f"{file}: an indented block"
    assert {block.language for block in BLOCKS} <= LANGUAGES


@of("yaml")
def test_yaml_is_what_the_tool_takes(block: Block, tmp_path: Path) -> None:
    """A stack file, rules or settings: each as an editor and as the tool read it."""
    shown = yaml.safe_load(block.text)
    if "config" in shown:
        config = {key.removeprefix("lytics:"): value for key, value in shown["config"].items()}
        Settings.read({key: config[key] for key in config if key != "account"}.get, {})
    elif shown.keys() & {"models", "removed", "segments", "defaults"}:
        # What is shown of a model may be a part of it; the rest is the least that one needs.
        models = shown.get("models") or {}
        given = shown.get("defaults") or {}
        whole = {key: {**_missing(given), **(model or {})} for key, model in models.items()}
        stack = shown | {"models": whole}
        jsonschema.validate(stack, schema())
        file = tmp_path / "prod.yaml"
        file.write_text(yaml.safe_dump(stack))
        assert set(read_stack_file(file).models) == set(models)
    else:
        jsonschema.validate(shown, rules_schema())


def _missing(given: dict[str, Any]) -> dict[str, Any]:
    needed = MODEL | {"config": {"use_scores": True}}
    return {key: value for key, value in needed.items() if key not in given}


@of("sh", "console")
def test_commands_can_be_typed(block: Block) -> None:
    """Each command line is one that the tool, Pulumi's stub or make knows."""
    typed = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        typed = [line.removeprefix("$ ") for line in typed if line.startswith("$ ")]
    assert typed
    for line in typed:
        if line.strip():
            check(line, str(block))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_in_sentences_can_be_typed(file: Path) -> None:
    """A command that a sentence names is there, with the options that it is named with."""
    text = re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    for found in IN_TEXT.findall(text):
        words = shlex.split(found.replace("…", ""))
        name = words[1]
        if name.startswith("-") or name.isupper():
            continue
        options = {word.partition("=")[0] for word in words[2:] if word.startswith("-")}
        known = {one for option in every_command()[name].params for one in option.opts}
        assert options - {"--help"} <= known, f"{file.name}: {found}"


@of("console")
def test_shown_outputs_come_from_a_run(block: Block) -> None:
    """What a command printed is written by `make docs-screens`, under the command that it ran."""
    assert block.screen in SCREENS, f"{block}: say which screen it is"
    wanted = re.escape(SCREENS[block.screen].command).replace(r"\{retired\}", "[0-9a-f]{8}")
    assert re.fullmatch(rf"\$ {wanted}", block.text.splitlines()[0])


def test_screens_hold_nothing_of_the_machine() -> None:
    """No folder, user or host of whoever made the screens is in a page or a picture."""
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
    texts = [block.text for block in BLOCKS if block.screen]
    assert pictures
    assert texts
    for text in (*texts, *(file.read_text(encoding="utf-8") for file in pictures)):
        assert not re.search(r"/(tmp|root|Users)/|\w@(?!laptop)\w", text)


def test_a_picture_of_a_terminal_shows_what_the_page_does() -> None:
    """Every line of a screen is in its picture too; ids differ, as it is run a second time."""

    def plain(text: str) -> str:
        return "".join(re.sub(r"\b[0-9a-f]{8,}\b", "ID", text).split())

    pictures = {file.stem: file.read_text() for file in (ROOT / "docs" / "pictures").glob("*.svg")}
    shown = {block.screen: block.text for block in BLOCKS if block.screen in pictures}
    assert shown.keys() == pictures.keys()
    for screen, text in shown.items():
        drawn = plain(html.unescape("".join(re.findall(r"<text[^>]*>([^<]*)", pictures[screen]))))
        assert [line for line in text.splitlines() if plain(line) not in drawn] == []


def check(line: str, where: str) -> None:
    """Read a command line as a shell does, and its options as the command does."""
    words = shlex.split(line.replace("…", "x"), comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    match words:
        case ["bin/lytics-ml", name, *rest]:
            command = every_command()[name]
            given = [WORDS_FOR.get(word, word) for word in rest]
            assert not command.make_context(name, given).args, f"{where}: {line}"
        case ["make", *targets]:
            assert {word for word in targets if "=" not in word} <= TARGETS, f"{where}: {line}"
        case ["bin/pulumi", verb, *_]:
            assert verb in {"up", "preview", "stack", "config", "destroy"}, f"{where}: {line}"
        case [".venv/bin/python", "-m", module, *_]:
            assert (ROOT / module.replace(".", "/")).exists(), f"{where}: {line}"
        case [("export" | "git" | "cd"), *_]:
            pass
        case _:
            pytest.fail(f"{where}: what runs {line!r}?")


def test_the_rule_of_ones_own_is_one() -> None:
    """The rule that the guide shows finds what it says."""
    (block,) = (one for one in BLOCKS if "class NoTrials" in one.text)
    made: dict[str, Any] = {"__name__": "no_trials"}
    exec(block.text, made)  # noqa: S102 - the documents' own
    rule = made["NoTrials"]()
    assert list(rule.check_model("trial-spring", None, None))
    assert not list(rule.check_model("spring", None, None))
