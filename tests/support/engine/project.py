"""A copy of the program in a folder of its own, run by the real engine against a sandbox."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.engine.account import Account
from tests.support.forked import PLAIN_VARIABLE

ROOT = Path(__file__).parents[3]
STACK = "test"
PROJECT = "lytics-ml"
PASSPHRASE = "correct horse"
MODEL = "pulumi-python:dynamic/lytics:MlModel"
ACTIVATION = "pulumi-python:dynamic/lytics:MlModelActivation"
RUN_TIMEOUT_S = 500.0
# Waits and retries that take long only where something is wrong.
SETTINGS = {"lytics:settleSeconds": 2, "lytics:patienceSeconds": 3}

Json = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """What one command came to."""

    command: str
    code: int
    output: str

    def __str__(self) -> str:
        return f"{self.command}\nended with {self.code}:\n{self.output}"

    @property
    def words(self) -> str:
        """The output as one line, so that a wrapped sentence is still found."""
        return " ".join(self.output.split())


def run_pulumi(
    folder: Path,
    arguments: Iterable[str],
    env: Mapping[str, str],
    executable: str = str(ROOT / "bin" / "pulumi"),
) -> Ran:
    """Run the real engine, or another program, in a folder, and return what it came to."""
    command = [executable, *arguments]
    name = Path(executable).name
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(env),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_TIMEOUT_S,
    )
    return Ran(" ".join([name, *arguments]), done.returncode, done.stdout)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of someone who keeps state, home and secrets in this folder."""
    # Where Python may not keep what it compiled, each run compiles the program anew, three times.
    foreign = ("PULUMI_", "LYTICS_", "LIOKEY", "PYTHONDONTWRITEBYTECODE")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept = {name: os.environ[name] for name in ("LYTICS_ML_CACHE",) if name in os.environ}
    return {
        **own,
        **kept,
        "PWD": str(folder),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


class Project:
    """One stack of the program, with a backend and an account of its own.

    Args:
        folder: holds the program; made by `make_template` or copied from what it made.
        account: the account that it talks to.
    """

    def __init__(self, folder: Path, account: Account) -> None:
        self.folder = folder
        self.account = account
        self.env = environment(folder) | {
            "LIOKEY": "sandbox",
            "LYTICS_API_URL": account.url,
        }
        venv = (folder / ".venv").resolve()
        if venv != (ROOT / ".venv").resolve():
            self.env["PULUMI_PYTHON_CMD"] = str(venv / "bin" / "python")
        self.configure({})

    # --- what is declared -------------------------------------------------------------------

    @property
    def stack_file(self) -> Path:
        """The declarations."""
        return self.folder / "stacks" / f"{STACK}.yaml"

    def declare(self, models: Mapping[str, Json] | str, **rest: object) -> None:
        """Write the stack file: models by key, or the file's whole text."""
        if isinstance(models, str):
            self.stack_file.write_text(models)
        else:
            content = {**rest, "models": dict(models)}
            self.stack_file.write_text(yaml.safe_dump(content, sort_keys=False))

    def configure(self, config: Mapping[str, object]) -> None:
        """Set the stack's config, besides what keeps tests short."""
        path = self.folder / "stacks" / f"Pulumi.{STACK}.yaml"
        content = yaml.safe_load(path.read_text()) | {"config": {**SETTINGS, **config}}
        path.write_text(yaml.safe_dump(content))

    def program(self, text: str) -> None:
        """Put another program in the place of `__main__.py`."""
        (self.folder / "__main__.py").unlink()
        (self.folder / "__main__.py").write_text(text)

    # --- running ----------------------------------------------------------------------------

    def pulumi(
        self, *arguments: str, code: int | None = 0, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Run a command on the stack; it must end with `code`, None allows any."""
        every = (*arguments, "--stack", STACK, "--non-interactive", "--color", "never")
        ran = run_pulumi(self.folder, every, {**self.env, **(env or {})})
        assert code in {None, ran.code}, str(ran)
        assert "Traceback" not in ran.output, str(ran)
        return ran

    def up(
        self, *arguments: str, code: int | None = 0, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Bring the stack up."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, code=code, env=env)

    def preview(
        self, *arguments: str, code: int | None = 0, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Show what an `up` would do."""
        return self.pulumi("preview", *arguments, code=code, env=env)

    def refresh(
        self, *arguments: str, code: int | None = 0, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Take what the API shows into the state."""
        return self.pulumi("refresh", "--yes", "--skip-preview", *arguments, code=code, env=env)

    def destroy(
        self, *arguments: str, code: int | None = 0, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Let every resource of the stack leave."""
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, code=code, env=env)

    def lytics_ml(self, *arguments: str, code: int | None = 0) -> Ran:
        """Run a command of `lytics-ml` on the stack; it must end with `code`, None allows any."""
        command = (*arguments, "--stack", STACK)
        env = {**self.env, "TERM": "dumb"}
        ran = run_pulumi(self.folder, command, env, str(ROOT / "bin" / "lytics-ml"))
        assert code in {None, ran.code}, str(ran)
        return ran

    def killed_up(self, when: str, **request: object) -> str:
        """Start an `up`, and kill it with all its children at a request; return its output.

        Args:
            when: `before` the request takes effect, or `after` it did and before it is answered.
            request: which one, as the sandbox's faults say it; it must come.
        """
        account = self.account
        mark = account.mark()
        account.fault(what="hang", when=when, times=1, **request)
        process = self.start_up()
        try:
            account.wait(lambda: account.hit(mark) or process.poll() is not None)
        finally:
            output = kill_tree(process)
            account.mend()
        assert account.hit(mark), f"the up ended without such a request\n{output}"
        return output

    def start_up(self) -> "subprocess.Popen[str]":
        """Start an `up` on plain Pythons and return at once; the caller ends it."""
        command = [str(ROOT / "bin" / "pulumi"), "up", "--yes", "--skip-preview"]
        return subprocess.Popen(
            [*command, "--stack", STACK, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**self.env, PLAIN_VARIABLE: "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    # --- what came of it --------------------------------------------------------------------

    @property
    def state_file(self) -> Path:
        """Where the backend keeps the stack's state."""
        return self.folder / "state" / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"

    def state(self) -> Json:
        """Return the state as the backend keeps it."""
        checkpoint = json.loads(self.state_file.read_text())["checkpoint"]
        latest: Json = checkpoint.get("latest") or {}
        return latest

    def resources(self, kind: str = MODEL) -> list[Json]:
        """Return the resources of a type that the state holds, those marked for deletion too."""
        return [r for r in self.state().get("resources", []) if r["type"] == kind]

    def resource(self, key: str, kind: str = MODEL) -> Json:
        """Return the one resource of a key that is not marked for deletion."""
        found = [
            r for r in self.resources(kind) if r["urn"].endswith(f"::{key}") and not r.get("delete")
        ]
        assert len(found) == 1, f"{key}: {found}"
        return found[0]

    def id(self, key: str) -> str:
        """Return the id of the model that the state holds under a key."""
        return str(self.resource(key)["id"])

    def activation(self, key: str) -> Json:
        """Return the outputs of an activation."""
        outputs: Json = self.resource(key, ACTIVATION)["outputs"]
        return outputs

    def outputs(self) -> Json:
        """Return the stack's output `models`."""
        stack = next(r for r in self.state()["resources"] if r["type"] == "pulumi:pulumi:Stack")
        models: Json = stack["outputs"]["models"]
        return models

    def live(self, *keys: str) -> dict[str, bool]:
        """Return, by key, whether the API shows the model of the state as live."""
        return {key: self.account.model(self.id(key))["is_active"] for key in keys}

    def expect_no_changes(self) -> None:
        """Hold that an `up` finds nothing to do, and writes nothing."""
        mark = self.account.mark()
        self.up("--expect-no-changes")
        assert self.account.writes(mark) == []


def make_template(
    folder: Path, venv: Path = ROOT / ".venv", secrets_provider: str = "passphrase"
) -> None:
    """Make a project with an empty stack, for `copy_of` to copy: `stack init` costs a second.

    Args:
        folder: where; it isn't there yet.
        venv: the virtual environment with the Python that the engine starts.
        secrets_provider: what keeps the key of the stack's secrets.
    """
    folder.mkdir(parents=True)
    (folder / "stacks").mkdir()
    (folder / "state").mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    shutil.copy(ROOT / "__main__.py", folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "providers", folder / "providers", ignore=ignored)
    (folder / ".venv").symlink_to(venv)
    command = ("stack", "init", STACK, "--secrets-provider", secrets_provider, "--non-interactive")
    ran = run_pulumi(folder, command, environment(folder))
    assert ran.code == 0, str(ran)


def copy_of(template: Path, folder: Path, account: Account) -> Project:
    """Return a project of its own; only the provider's code is shared."""
    ignored = shutil.ignore_patterns("providers")
    shutil.copytree(template, folder, ignore=ignored, symlinks=True)
    (folder / "providers").symlink_to(template / "providers")
    return Project(folder, account)


def processes_below(pid: int) -> list[int]:
    """Return the ids of a process and of all that it started, directly or not."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.decode().splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, parent_of in pairs if parent_of == parent]
    return found


def kill_tree(process: "subprocess.Popen[str]") -> str:
    """Kill a process and all that it started, as a machine that goes away does; return its output.

    All are stopped before the first is killed, so that none can tidy up after another, and none
    that is started meanwhile is overlooked.
    """
    stopped: list[int] = []
    while new := [pid for pid in processes_below(process.pid) if pid not in stopped]:
        _signal(new, signal.SIGSTOP)
        stopped += new
    _signal(stopped, signal.SIGKILL)
    return process.communicate(timeout=RUN_TIMEOUT_S)[0]


def _signal(pids: Iterable[int], kind: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, kind)
