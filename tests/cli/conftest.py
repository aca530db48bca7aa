"""A project in a folder of its own, and the command line run in it."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cli.__main__ import main
from cli.schema.outputs import OUTPUTS, output_schema
from tests.support.engine.account import Account
from tests.support.engine.project import Project

ROOT = Path(__file__).parents[2]
TIMES = {"lytics:settleSeconds": 2, "lytics:patienceSeconds": 2}


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Return what it printed on stdout, which must be JSON and nothing else."""
        return json.loads(self.out)


Run = Callable[..., Answer]


def holds_its_schema(arguments: Sequence[str], out: str) -> None:
    """Let no test print JSON that its schema in the reference doesn't have, key for key."""
    if "--json" not in arguments or arguments[0] not in OUTPUTS:
        return
    either = [closed(output_schema(name)) for name in (arguments[0], "error")]
    found = json.loads(out)
    problems = [list(Draft202012Validator(one).iter_errors(found)) for one in either]
    assert not all(problems), problems[0]


def closed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a schema that allows no key that it doesn't name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return inner | ({"additionalProperties": False} if "properties" in inner else {})


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `lytics-ml` with arguments, in a wide window unless a test says otherwise."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("COLUMNS", "160")

    def lytics_ml(*arguments: str) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        holds_its_schema(arguments, said.out)
        return Answer(code, said.out, said.err)

    return lytics_ml


@dataclass(frozen=True)
class Folder:
    """A project's folder without an engine; stacks are files in it."""

    path: Path

    def write(self, stack: str, content: str | dict[str, Any]) -> Path:
        """Write a stack file: its text, or what it holds."""
        file = self.path / "stacks" / f"{stack}.yaml"
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        file.write_bytes(text.encode())
        return file

    def configure(self, stack: str, **config: object) -> Path:
        """Write a stack's config file."""
        file = self.path / "stacks" / f"Pulumi.{stack}.yaml"
        file.write_text(yaml.safe_dump({"config": {**TIMES, **config}}))
        return file

    def read(self, stack: str) -> str:
        """Return a stack file's text."""
        return (self.path / "stacks" / f"{stack}.yaml").read_bytes().decode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Be in a project without stacks, with no key in the environment."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "stacks").mkdir()
    for name in ("LIOKEY", "LYTICS_API_URL", "PULUMI_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    (tmp_path / "state").mkdir()
    return Folder(tmp_path)


@pytest.fixture
def account_with(
    account_with: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Account]:
    """Start an account in a sandbox; the environment then holds its address and key."""

    def start(**settings: object) -> Account:
        account = account_with(**settings)
        monkeypatch.setenv("LIOKEY", "sandbox")
        monkeypatch.setenv("LYTICS_API_URL", account.url)
        return account

    return start


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Be in a copy of the program with its stack `test`, which the real engine can bring up."""
    for name, value in project.env.items():
        if name.startswith(("PULUMI_", "LYTICS_", "LIOKEY")):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)
    return project
