"""`lytics-ml doctor --try` where a request of it fails: nothing is left, nothing was live."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Folder, Run
from tests.cli.doctor.test_doctor import Start
from tests.support.stub import script

# What the engine says of a stack that there isn't; it has no part in what is tried here.
NO_ENGINE = """#!/bin/sh
echo "error: no stack named 'test' found" >&2
exit 255
"""


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cli.workspace.pulumi.PULUMI", script(tmp_path / "pulumi", NO_ENGINE))


KINDS: tuple[dict[str, Any], ...] = (
    {"status": 500, "when": "before"},
    {"status": 500, "when": "after"},
    {"what": "drop", "when": "before"},
    {"what": "drop", "when": "after"},
)


@pytest.mark.parametrize("kind", KINDS, ids=["500", "500 after", "lost", "lost after"])
@pytest.mark.parametrize("number", range(0, 24, 2))
def test_a_fault_at_any_request_leaves_nothing(
    folder: Folder, run: Run, account_with: Start, kind: dict[str, Any], number: int
) -> None:
    """A lost reply or a 500 at any request: what was made is removed, and never was live."""
    account = account_with(build_s=4.0)
    account.fault(skip=number, times=1, **kind)
    folder.configure("test")
    report = run("doctor", "--stack", "test", "--try", "--json")
    assert account.hit(0)
    assert account.models() == {}, report.out
    assert all('"is_active": true' not in json.dumps(e["body"]) for e in account.writes(0))
