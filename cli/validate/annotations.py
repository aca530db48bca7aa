"""Annotations of a pull request, as GitHub Actions reads them from a step's output.

GitHub docs, "Workflow commands for GitHub Actions", setting an error message; how values are
escaped is in actions/toolkit, packages/core/src/command.ts.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from cli.validate.validation import Finding


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this runs in GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotation(finding: Finding, environment: Mapping[str, str] = os.environ) -> str:
    """Return the line that puts a problem beside its place in the pull request."""
    places = {"file": _from_workspace(finding.file, environment)}
    if finding.line is not None:
        places["line"] = str(finding.line)
    if finding.column is not None:
        places["col"] = str(finding.column)
    written = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    return f"::error {written}::{_message(finding.message)}"


def _from_workspace(file: str, environment: Mapping[str, str]) -> str:
    workspace = environment.get("GITHUB_WORKSPACE")
    path = Path(file).resolve()
    if workspace and path.is_relative_to(Path(workspace).resolve()):
        return str(path.relative_to(Path(workspace).resolve()))
    return file


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
