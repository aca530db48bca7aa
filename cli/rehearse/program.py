"""The copy of a project in which the real engine runs: the program's own files, another state."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.errors import CliError
from cli.rehearse.room import Room
from cli.rehearse.sandbox import KEY
from cli.rehearse.state import KEY_SETTING, holds_secrets
from cli.workspace.project import Project, read_yaml, short_name
from cli.workspace.pulumi import PULUMI, PulumiError, run_pulumi
from cli.workspace.state import StackState, parse_state
from providers.lytics.api.settings import Settings
from providers.lytics.history.store import FOLDER_VARIABLE as HISTORY

_SETTINGS = ".rehearsal"
# The program reads it (providers/lytics/program/rules.py), and loads much that isn't needed here.
_REHEARSAL = "LYTICS_ML_REHEARSAL"
_OURS = ("PULUMI_", "LYTICS_", "LIOKEY")
_KEPT = ("LYTICS_ML_CACHE", "LYTICS_ML_NOW", "PULUMI_PYTHON_CMD")
_PROGRAM = "program"
_LEFT_OUT = {"Pulumi.yaml", "Pulumi.yml", "history", ".pulumi", _SETTINGS}
_PASSPHRASE = "rehearsal"  # noqa: S105 - it guards a copy without secrets of its own
_ADDRESSES = (KEY_SETTING, "lytics:apiUrl", "lytics:api")

Json = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """What an `up` came to."""

    exit: int
    output: str


def clean_environment(key: str | None) -> dict[str, str]:
    """Return the environment without what is of the stack: address, key, backend, passphrase.

    Args:
        key: the real key: no variable that holds it is passed on, whatever its name.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if (name in _KEPT or not name.startswith(_OURS)) and not (key and key in value)
    }


def settings_to_copy(project: Project, stack: str) -> Json:
    """Return a stack's own settings without address and key, with all secrets in clear.

    Raises:
        CliError: they can't be read or decrypted.
    """
    file = project.config_file(stack)
    config = (read_yaml(file).get("config") or {}) if file.is_file() else {}
    kept = {name: value for name, value in config.items() if name not in _ADDRESSES}
    if not holds_secrets(kept):
        return kept
    try:
        told = run_pulumi(project, "config", "--stack", stack, "--show-secrets", "--json")
    except PulumiError as exc:
        message = (
            f"Encrypted settings of {short_name(stack)} can't be decrypted, so it can't be "
            f"rehearsed: {exc}"
        )
        raise CliError(message) from exc
    values = {
        name: one.get("objectValue", one.get("value")) for name, one in json.loads(told).items()
    }
    return {name: values.get(name, value) for name, value in kept.items()}


class Program:
    """A copy of a project; several at once don't disturb each other.

    Args:
        room: whose folder and processes.
        name: of its folder in the room.
        stack: the stack's name, without organisation.
        env: the environment, without anything of the stack.
    """

    def __init__(self, room: Room, name: str, stack: str, env: Mapping[str, str]) -> None:
        self._room = room
        self._stack = stack
        self.folder = room.folder / name
        self._env = dict(env)

    def make(
        self, project: Project, state: StackState, config: Json, beside: Mapping[str, Json]
    ) -> None:
        """Make the folder, with the stack as it is.

        Args:
            project: what is copied.
            state: the stack's state.
            config: the stack's own settings.
            beside: by name, what the states of the project's other stacks have.

        Raises:
            CliError: the engine can't make the stack.
        """
        self.folder.mkdir()
        (self.folder / "state").mkdir()
        _link(project, self.folder / _PROGRAM)
        settings = self.folder / _PROGRAM / _SETTINGS
        settings.mkdir()
        (settings / f"Pulumi.{self._stack}.yaml").write_text(yaml.safe_dump({"config": config}))
        self._pulumi("stack", "init", self._stack)
        if state.exported:
            self._put(self._stack, {**state.exported, "deployment": self._sealed(state.exported)})
        for name, deployment in beside.items():
            self._put(name, {"deployment": deployment})

    def _sealed(self, exported: Mapping[str, Any]) -> Json:
        """Return a deployment whose secrets are in clear with the manager that this copy has."""
        deployment: Json = exported["deployment"]
        if not holds_secrets(exported):
            return deployment
        settings = self.folder / _PROGRAM / _SETTINGS / f"Pulumi.{self._stack}.yaml"
        salt = {"salt": read_yaml(settings).get("encryptionsalt")}
        return {**deployment, "secrets_providers": {"type": "passphrase", "state": salt}}

    @property
    def _kept(self) -> Path:
        """Where the copy's backend keeps the stack."""
        return next((self.folder / "state" / ".pulumi" / "stacks").glob(f"*/{self._stack}.json"))

    def _put(self, name: str, exported: Mapping[str, Any]) -> None:
        """Have the copy's backend know a stack; an import of each would take half a second.

        Args:
            name: of the stack, without organisation.
            exported: its state, as an export shows it.
        """
        made = json.loads(self._kept.read_text(encoding="utf-8"))
        organization = str(made["checkpoint"]["stack"]).rpartition("/")[0]
        about = {part: value for part, value in exported.items() if part != "deployment"}
        checkpoint = {"stack": f"{organization}/{name}", "latest": exported["deployment"]}
        text = json.dumps({**made, **about, "checkpoint": checkpoint})
        self._kept.with_stem(name).write_text(text, encoding="utf-8")

    def copied(self, name: str) -> "Program":
        """Return another copy, as this one is."""
        other = Program(self._room, name, self._stack, self._env)
        shutil.copytree(self.folder, other.folder, symlinks=True)
        return other

    def connect(self, url: str, settings: Settings) -> None:
        """Let the program talk to a sandbox, and to nobody else."""
        self._env |= {"LIOKEY": KEY, "LYTICS_API_URL": url, "LYTICS_API": settings.api}

    def up(self) -> Ran:
        """Bring the stack up, refresh included."""
        return self._run("up", "--yes", "--skip-preview", "--refresh", "--stack", self._stack)

    def state(self) -> StackState:
        """Return the state as it is now."""
        kept = json.loads(self._kept.read_text(encoding="utf-8"))
        return parse_state(self._stack, {"deployment": kept["checkpoint"].get("latest") or {}})

    def _pulumi(self, *arguments: str) -> str:
        ran = self._run(*arguments, stderr=subprocess.PIPE)
        if ran.exit:
            message = f"The copy of {self._stack} can't be made: {ran.output.strip()}"
            raise CliError(message)
        return ran.output

    def _run(self, *arguments: str, stderr: int = subprocess.STDOUT) -> Ran:
        folder = str(self.folder)
        program = self.folder / _PROGRAM
        command = [str(PULUMI), *arguments, "--cwd", str(program)]
        env = {
            **self._env,
            "PWD": str(program),
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # A program that declares resources of others must not really make them.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            HISTORY: f"{folder}/history",
            _REHEARSAL: "1",
        }
        process = self._room.start(
            [*command, "--non-interactive", "--color", "never"], program, env, stderr
        )
        out, err = process.communicate()
        return Ran(process.returncode, out if not process.returncode or not err else f"{out}{err}")


def _link(project: Project, folder: Path) -> None:
    """Make a folder with links to the program's files, and a Pulumi.yaml of its own."""
    folder.mkdir()
    for entry in project.folder.iterdir():
        is_settings = entry.name.startswith("Pulumi.") and entry.suffix in {".yaml", ".yml"}
        if entry.name not in _LEFT_OUT and not is_settings:
            (folder / entry.name).symlink_to(entry.resolve())
    described = read_yaml(project.folder / "Pulumi.yaml")
    described.pop("backend", None)
    described["stackConfigDir"] = _SETTINGS
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
