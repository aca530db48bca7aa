"""Runs Pulumi, the pinned one, in a project's folder."""

import os
import subprocess

from cli.errors import CliError
from cli.workspace.project import ROOT, Project

PULUMI = ROOT / "bin" / "pulumi"
_MOST_LINES = 12


class PulumiError(CliError):
    """Pulumi failed.

    Attributes:
        said: what it wrote to stderr, or to stdout where that was empty.
    """

    def __init__(self, arguments: tuple[str, ...], said: str) -> None:
        self.said = said
        words = " ".join(word for word in arguments[:2] if not word.startswith("-"))
        super().__init__(f"pulumi {words}: {_shortened(said)}{remedy(said)}")


def remedy(said: str) -> str:
    """Return what to do about a failure whose own words name no command, as a line to add."""
    if "passphrase" not in said:
        return ""
    return (
        "\nSet the passphrase that was chosen at `bin/pulumi stack init`: "
        "export PULUMI_CONFIG_PASSPHRASE=... (the stack local of `make up` has its own: "
        "unset PULUMI_CONFIG_PASSPHRASE)"
    )


def run_pulumi(project: Project, *arguments: str, stdin: str | None = None) -> str:
    """Run Pulumi without asking anything and return what it wrote to stdout.

    Args:
        project: where.
        arguments: its command and options.
        stdin: what it reads; None is nothing.

    Raises:
        PulumiError: it failed; the error holds its own words.
    """
    answer = subprocess.run(
        [str(PULUMI), *arguments, "--non-interactive", "--color", "never"],
        cwd=project.folder,
        # The engine names a project by the path that PWD says.
        env=os.environ | {"PWD": str(project.folder)},
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if answer.returncode:
        raise PulumiError(arguments, answer.stderr.strip() or answer.stdout.strip())
    return answer.stdout


def _shortened(said: str) -> str:
    lines = [line.removeprefix("error: ") for line in said.splitlines() if line.strip()]
    kept = lines[-_MOST_LINES:]
    return "\n".join(kept) if kept else "it failed and said nothing"


def selected_stack(project: Project) -> str:
    """Return the stack that is selected.

    Raises:
        CliError: none is.
    """
    try:
        name = run_pulumi(project, "stack", "--show-name").strip()
    except PulumiError as exc:
        if "no stack" not in exc.said.lower():
            raise
        name = ""
    if not name:
        message = (
            "No stack is selected. Name one with --stack, or select one with: "
            "bin/pulumi stack select NAME"
        )
        raise CliError(message)
    return name
