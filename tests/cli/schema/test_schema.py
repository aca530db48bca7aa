import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cli.schema.outputs import OUTPUTS, output_schema, output_schema_text
from cli.schema.schema_json import rules_schema, rules_schema_text, schema, schema_text
from cli.validate.validation import validate_file
from cli.workspace.project import find_project
from providers.lytics.domain.declaration import ModelConfig, ModelDeclaration
from providers.lytics.domain.live.gate import Gate, Margins
from providers.lytics.domain.live.watch import Drop, Watch
from providers.lytics.stack_file.yaml_reader import RULES_FILE
from tests.cli.conftest import ROOT, Folder, Run

STACKS = ROOT / "stacks"
STACK_FILES = [
    path
    for path in sorted(STACKS.glob("*.yaml"))
    if "Pulumi." not in path.name and path.name != RULES_FILE
]


def problems(declared: object) -> list[str]:
    """Return what the schema finds wrong."""
    validator = jsonschema.Draft202012Validator(schema())
    return [error.message for error in validator.iter_errors(declared)]


def test_the_committed_schema_is_fresh() -> None:
    """stacks/schema.json is what the types make now; `bin/lytics-ml schema` writes it."""
    assert (STACKS / "schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_one() -> None:
    """The schema itself is right by the standard that it names."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.stem)
def test_every_stack_file_is_accepted(path: Path) -> None:
    """The stack files of this repository fit, and point their editors to the schema."""
    assert problems(yaml.safe_load(path.read_text(encoding="utf-8"))) == []
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=schema.json\n"
    )


MODEL = {"source": "all_users", "target": "high_value", "config": {"use_scores": True}}
FULL = {
    **MODEL,
    "name": "grow customer base",
    "label": "",
    "is_active": True,
    "generation": 2,
    "on_delete": "delete",
    "build_timeout": "30m",
    "swap": "break_first",
    "adopt": "CF21BA3CEB194961B964358EE92EC4A9",
    "take_over": True,
    "was": "before",
    "protect": False,
    "watch": {"auc": 0.7, "drop": {"auc": 0.05, "mse": 2}, "stale": "10d", "healthy": False},
    "owner": "growth@example.com",
    "gate": {"auc": 0.7, "fitness": "good", "healthy": False, "beats_current": {"auc": 0.01}},
}
GOOD: dict[str, Any] = {
    "nothing": {},
    "no models": {"models": None, "defaults": None},
    "full": {"models": {"a-b_1": FULL}, "segments": {"all": "all_users"}},
    "shared": {
        "defaults": {"source": "a", "target": "b", "config": {"collect": 100}, "is_active": False},
        "models": {"a": {}, "b": {"source": "c"}},
    },
    "removed": {"removed": {"old": {"on_delete": "retain"}}},
    "excepted": {"models": {"a": {**MODEL, "except": {"live-needs-gate": "trial until March"}}}},
    "deleted although used": {
        "models": {"a": {**MODEL, "on_delete": {"delete": "even_if_used"}}},
        "removed": {"old": {"on_delete": {"delete": "even_if_used"}, "except": {"no-delete": "x"}}},
    },
}
BAD: dict[str, Any] = {
    "unknown key at the top": {"model": {}},
    "unknown key of a model": {"models": {"a": {**MODEL, "lable": "x"}}},
    "unknown key of config": {"models": {"a": {**MODEL, "config": {"use_score": True}}}},
    "unknown key of a gate": {"models": {"a": {**MODEL, "gate": {"auk": 0.7}}}},
    "no target": {"models": {"a": {"source": "x"}}},
    "exception without a reason": {"models": {"a": {**MODEL, "except": {"no-delete": ""}}}},
    "exception for all": {"defaults": {"except": {"no-delete": "x"}}},
    "deleted if something else": {"models": {"a": {**MODEL, "on_delete": {"delete": "maybe"}}}},
    "text for a switch": {"models": {"a": {**MODEL, "is_active": "yes"}}},
    "number for text": {"models": {"a": {**MODEL, "source": 7}}},
    "collect too small": {"models": {"a": {**MODEL, "config": {"collect": 99}}}},
    "collect too large": {"models": {"a": {**MODEL, "config": {"collect": 50_001}}}},
    "collect in parts": {"models": {"a": {**MODEL, "config": {"collect": 100.5}}}},
    "generation 0": {"models": {"a": {**MODEL, "generation": 0}}},
    "unknown key of a watch": {"models": {"a": {**MODEL, "watch": {"beats_current": {}}}}},
    "unknown key of a drop": {"models": {"a": {**MODEL, "watch": {"drop": {"auk": 0.1}}}}},
    "impossible age": {"models": {"a": {**MODEL, "watch": {"stale": "ten days"}}}},
    "impossible auc": {"models": {"a": {**MODEL, "gate": {"auc": 1.1}}}},
    "impossible band": {"models": {"a": {**MODEL, "gate": {"fitness": "great"}}}},
    "name with a dot": {"models": {"a": {**MODEL, "name": "a.b"}}},
    "blank name": {"models": {"a": {**MODEL, "name": " "}}},
    "short id": {"models": {"a": {**MODEL, "adopt": "abc"}}},
    "duration without unit": {"models": {"a": {**MODEL, "build_timeout": "30"}}},
    "key with a blank": {"models": {"a b": MODEL}},
    "key with a colon": {"models": {"a:b": MODEL}},
    "policy that isn't one": {"models": {"a": {**MODEL, "on_delete": "destroy"}}},
    "name for all": {"defaults": {"name": "x"}, "models": {}},
    "removed without a policy": {"removed": {"a": {}}},
    "list of models": {"models": [MODEL]},
}


@pytest.mark.parametrize("name", GOOD)
def test_good_declarations_are_accepted(name: str, folder: Folder) -> None:
    """What the program takes, the schema takes."""
    assert problems(GOOD[name]) == []
    if name != "shared":  # where no feature is chosen, which only the program knows
        assert validate_file(find_project(), folder.write("x", GOOD[name])).findings == []


@pytest.mark.parametrize("name", BAD)
def test_bad_declarations_are_refused_as_the_program_does(name: str, folder: Folder) -> None:
    """What the schema refuses, the program refuses as well."""
    assert problems(BAD[name])
    assert validate_file(find_project(), folder.write("x", BAD[name])).findings


@pytest.mark.parametrize("shape", [ModelDeclaration, ModelConfig, Gate, Margins, Watch, Drop])
def test_every_field_is_described(shape: type[Any]) -> None:
    """An editor has a description for each field, with what it may be."""
    described = schema()["$defs"][shape.__name__]
    assert set(described["properties"]) - {"except"} == set(shape.model_fields)
    assert described["additionalProperties"] is False
    for name, field in described["properties"].items():
        assert field["description"], name
        assert {"type", "anyOf", "enum", "$ref", "const"} & set(field), name


def test_schema_is_written_where_it_belongs(folder: Folder, run: Run) -> None:
    """The command writes the file once; --check tells whether it would, and writes nothing."""
    path = folder.path / "stacks" / "schema.json"
    assert run("schema", "--check").code == 1
    assert not path.exists()
    assert run("schema").code == 0
    assert json.loads(path.read_text()) == schema()
    assert run("schema", "--check").code == 0


GOOD_RULES: dict[str, Any] = {
    "nothing": {},
    "levels": {"live-needs-gate": "error", "label-required": "warn", "no-delete": False},
    "values": {"gate-at-least": {"level": "warn", "auc": 0.7, "fitness": "good"}},
    "under a heading": {"rules": {"forbidden-fields": {"level": "error", "fields": ["email"]}}},
    "stacks": {"stacks": {"prod": {"live-slots-left": "error", "no-delete": "error"}}},
    "a rule of one's own": {"no-trials": {"level": "error", "word": "trial"}},
}
BAD_RULES: dict[str, Any] = {
    "another level": {"live-needs-gate": "fatal"},
    "a value of another type": {"live-slots-left": {"level": "warn", "count": "two"}},
    "a value that it doesn't take": {"label-required": {"level": "warn", "count": 2}},
    "a value that is missing": {"forbidden-fields": {"level": "warn"}},
    "a level of a stack": {"stacks": {"prod": {"no-delete": "fatal"}}},
}


def rule_problems(rules: object) -> list[str]:
    """Return what the schema of the rules finds wrong."""
    validator = jsonschema.Draft202012Validator(rules_schema())
    return [error.message for error in validator.iter_errors(rules)]


@pytest.mark.parametrize("name", GOOD_RULES)
def test_rules_that_can_be_used_fit_their_schema(name: str) -> None:
    """Levels, values, stacks, and ids that only a team knows."""
    assert rule_problems(GOOD_RULES[name]) == []


@pytest.mark.parametrize("name", BAD_RULES)
def test_rules_that_cannot_be_used_do_not(name: str) -> None:
    """An editor marks them."""
    assert rule_problems(BAD_RULES[name])


def test_the_committed_schema_of_the_rules_is_fresh_and_right() -> None:
    """`bin/lytics-ml schema` writes both; the rules of this repository fit."""
    text = (STACKS / "rules.schema.json").read_text(encoding="utf-8")
    assert text == rules_schema_text()
    jsonschema.Draft202012Validator.check_schema(rules_schema())
    rules = (STACKS / RULES_FILE).read_text(encoding="utf-8")
    assert rules.startswith("# yaml-language-server: $schema=rules.schema.json\n")
    assert rule_problems(yaml.safe_load(rules)) == []


OUTPUT_SCHEMAS = STACKS.parent / "docs" / "reference" / "json"


@pytest.mark.parametrize("command", OUTPUTS)
def test_the_committed_schemas_of_outputs_are_fresh_and_right(command: str) -> None:
    """`bin/lytics-ml schema --outputs docs/reference/json` writes what --json prints."""
    text = (OUTPUT_SCHEMAS / f"{command}.json").read_text(encoding="utf-8")
    assert text == output_schema_text(command)
    jsonschema.Draft202012Validator.check_schema(output_schema(command))


@pytest.mark.parametrize(
    "command",
    [
        ("review",),
        ("import",),
        ("promote", "dev", "prod"),
        ("list",),
        ("drift",),
        ("validate", "nobody"),
    ],
    ids=str,
)
def test_json_is_printed_on_errors_too(folder: Folder, run: Run, command: tuple[str, ...]) -> None:
    """A command that can't go on prints why, and its exit code, as JSON and nothing else."""
    folder.configure("dev", **{"lytics:apiUrl": "not an address"})
    answer = run(*command, "--json")
    assert answer.code in {1, 2}
    told = answer.json()
    jsonschema.validate(told, output_schema("error"))
    assert told["exit_code"] == answer.code
    assert told["error"] in answer.err
