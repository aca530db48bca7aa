import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from sandbox.models import Config, Model
from sandbox.store import Store
from tests.support.engine.account import Account
from tests.support.engine.project import ROOT, STACK, Project, copy_of, run_pulumi
from tests.support.engine.shapes import model

pytestmark = pytest.mark.engine

STATES = sorted((Path(__file__).parent / "states").glob("*.json"))

Json = dict[str, Any]


@pytest.fixture(params=STATES, ids=lambda path: str(path.stem))
def recorded(request: pytest.FixtureRequest) -> Json:
    """A stack as an earlier version left it: declarations, models of the account, state."""
    content: Json = json.loads(request.param.read_text())
    return content


@pytest.fixture
def yesterday(
    template: Path, tmp_path: Path, recorded: Json, account_with: Callable[..., Account]
) -> Project:
    """That stack in a new backend, and an account that holds its models."""
    data = tmp_path / "data"
    data.mkdir()
    store = Store(data)
    for record in recorded["models"]:
        store.save(Model(**{**record, "config": Config(**record["config"])}))
    store.close()
    project = copy_of(template, tmp_path / "program", account_with(data=data))
    project.declare(recorded["declared"])
    state = tmp_path / "state.json"
    state.write_text(json.dumps(recorded["state"]))
    project.pulumi("stack", "import", "--file", str(state))
    return project


def test_state_of_an_earlier_version_is_up_to_date(yesterday: Project) -> None:
    """What an earlier version made true is true: nothing to preview, nothing to write."""
    # It was recorded while models were being built: a refresh shows that they are complete.
    shown = yesterday.preview("--refresh=false", "--expect-no-changes", "--diff")
    assert "MlModel" not in shown.output.split("Diagnostics")[0], str(shown)
    yesterday.preview("--expect-no-changes")
    yesterday.expect_no_changes()
    yesterday.refresh()
    yesterday.expect_no_changes()


def test_state_of_an_earlier_version_can_be_changed_and_destroyed(
    yesterday: Project, recorded: Json
) -> None:
    """Its models are relabelled, rolled back to what was trained before, and retired."""
    account = yesterday.account
    before = set(account.models())
    ids = {key: yesterday.id(key) for key in recorded["declared"]}
    changed = dict(recorded["declared"])
    changed["gated"] = {**changed["gated"], "label": "New"}
    changed["plain"] = model(source="mobile_users")
    yesterday.declare(changed)
    mark = account.mark()
    ran = yesterday.up()
    assert account.creates(mark) == [], str(ran)
    assert account.model(ids["gated"])["label"] == "New"
    assert yesterday.id("plain") in before - set(ids.values())

    ran = yesterday.destroy()
    assert yesterday.resources() == [], str(ran)
    assert set(account.models()) == before - {ids["gated"]}, "gated says on_delete: delete"
    assert account.live_ids() == set()


def install(venv: Path) -> None:
    """Make an environment with what requirements.txt pins, as this one has it, and nothing else."""
    # With pip, of which the engine asks what is installed.
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    lines = re.findall(r"^\w.*==.*(?= \\$)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    pins = [Requirement(line) for line in lines]
    assert len(pins) > 5
    for pin in pins:
        if pin.marker and not pin.marker.evaluate():
            continue
        package = distribution(pin.name)
        assert package.version in pin.specifier, pin
        for file in package.files or ():
            # Scripts lie outside, and the program needs none.
            if ".." not in file.parts and file.suffix != ".pyc":
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), target)


def test_program_runs_with_only_its_requirements(project: Project, tmp_path: Path) -> None:
    """An environment with nothing but requirements.txt runs the program."""
    venv = tmp_path / "venv"
    install(venv)
    engine = (ROOT / ".venv" / ".engine").read_text().splitlines()[0]
    path = os.pathsep.join([str(venv / "bin"), engine, os.environ["PATH"]])
    project.declare({"grow": model(is_active=True, gate={"auc": 0.5})})
    up = ("up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive")
    env = {**project.env, "PATH": path, "VIRTUAL_ENV": str(venv)}
    ran = run_pulumi(project.folder, up, env, executable=f"{engine}/pulumi")
    assert ran.code == 0, str(ran)
    assert project.account.live_ids() == {project.id("grow")}
