"""Where the project is that a command works on, and what its folders hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.errors import CliError
from providers.lytics.stack_file.yaml_reader import stack_files

ROOT = Path(__file__).resolve().parents[2]
"""The folder of this tool, with `bin/` and the example project."""


@dataclass(frozen=True)
class Project:
    """A folder with a Pulumi.yaml.

    Attributes:
        folder: that folder.
        name: the project's name, part of what every lineage is made from.
        config_folder: where Pulumi keeps `Pulumi.<stack>.yaml`.
    """

    folder: Path
    name: str
    config_folder: Path

    @property
    def stacks(self) -> Path:
        """The folder of the stack files."""
        return self.folder / "stacks"

    def stack_file(self, stack: str) -> Path:
        """Return where a stack's declarations are; the organisation before a name doesn't count."""
        return self.stacks / f"{short_name(stack)}.yaml"

    def config_file(self, stack: str) -> Path:
        """Return where Pulumi keeps a stack's own settings."""
        return self.config_folder / f"Pulumi.{short_name(stack)}.yaml"

    def stack_files(self) -> list[Path]:
        """Return every stack file, by name."""
        return stack_files(self.stacks)


def short_name(stack: str) -> str:
    """Return a stack's name without organisation and project."""
    return stack.rsplit("/", 1)[-1]


def find_project(start: Path | None = None) -> Project:
    """Return the project around a folder; outside of any, the one that this tool lies in.

    Args:
        start: a folder; None is the current one.

    Raises:
        CliError: there is none, or its Pulumi.yaml can't be read.
    """
    here = start or Path.cwd()
    for folder in (here, *here.parents, ROOT):
        file = folder / "Pulumi.yaml"
        if file.is_file():
            return _read(file)
    message = f"There is no Pulumi.yaml in {here} or above it. Run this in a project's folder."
    raise CliError(message)


def _read(file: Path) -> Project:
    data = read_yaml(file)
    if not isinstance(data.get("name"), str):
        message = f"{file} has no name. Write one, for example: name: lytics-ml"
        raise CliError(message)
    config = data.get("stackConfigDir") or "."
    return Project(file.parent, data["name"], file.parent / str(config))


def read_yaml(file: Path) -> dict[str, Any]:
    """Return what one of Pulumi's own files holds.

    Raises:
        CliError: it can't be read.
    """
    try:
        data = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        why = getattr(exc, "strerror", None) or str(exc).split("\n", maxsplit=1)[0]
        message = f"{file} can't be read: {why}"
        raise CliError(message) from exc
    return data if isinstance(data, dict) else {}
