"""A project in a folder of its own, and the command line run in it."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.__main__ import main
from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.engine.account import Account
from tests.engine.project import Project, copy_of, make_template

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


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let the engine be interrupted: where SIGINT is ignored it takes 5 s longer to end."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
def account_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Account]]:
    """Start an account in a sandbox; the environment then holds its address and key."""
    accounts: list[Account] = []

    def start(**settings: Any) -> Account:  # noqa: ANN401 - whatever Settings takes
        handle = serve_in_thread(Settings(**{"train": False, **settings}))
        accounts.append(Account(handle))
        monkeypatch.setenv("LIOKEY", "sandbox")
        monkeypatch.setenv("LYTICS_API_URL", handle.url)
        return accounts[-1]

    yield start
    for account in accounts:
        account.close()
        account.handle.stop()


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """An account whose models are built at once."""
    return account_with()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and an empty stack `test`."""
    path = tmp_path_factory.mktemp("template") / "program"
    make_template(path)
    return path


@pytest.fixture
def project(
    template: Path, tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """Be in a copy of the program with its stack `test`, which the real engine can bring up."""
    made = copy_of(template, tmp_path / "program", account)
    for name, value in made.env.items():
        if name.startswith(("PULUMI_", "LYTICS_", "LIOKEY")):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.folder)
    return made
