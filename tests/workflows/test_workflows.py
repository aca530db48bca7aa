import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.support.engine.project import environment, run_pulumi
from tests.support.review.workflows import FOLDER, ROOT, Runner, steps, workflows

Json = dict[str, Any]
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")


def test_every_action_is_pinned_by_its_commit() -> None:
    """An action is what was reviewed, not what its tag points to today; the version is told."""
    for path in FOLDER.glob("*.yml"):
        for line in path.read_text().splitlines():
            if "uses:" in line:
                action, _, version = line.split("uses:")[1].partition("#")
                assert PINNED.match(action.strip()), line
                assert version.strip().startswith("v"), line


def test_workflows_may_do_as_little_as_they_need() -> None:
    """All may read the code; one job may comment, one may write issues, none may push."""
    more = set()
    for name, data in workflows().items():
        assert data["permissions"] == {"contents": "read"}, name
        for job, one in data["jobs"].items():
            granted = {k: v for k, v in one.get("permissions", {}).items() if v == "write"}
            more |= {(name, job, scope) for scope in granted}
    assert more == {("pull-request", "review", "pull-requests"), ("drift", "drift", "issues")}


def test_scripts_hold_no_expressions_and_call_what_runs_anywhere() -> None:
    """Nobody's title or branch becomes a command, and every step can be run by hand."""
    for name, data in workflows().items():
        for job, step in steps(data):
            if "run" not in step:
                continue
            assert "${{" not in step["run"], (name, job)
            assert step["run"].split()[0].startswith(("make", "bin/", ".github/scripts/"))


def test_ups_are_one_at_a_time_and_begin_with_recover() -> None:
    """A stack has one up at a time, never cancelled, after what a killed one left is in order."""
    groups = {}
    for data in workflows().values():
        for name, job in data["jobs"].items():
            runs = [step["run"] for step in job["steps"] if "run" in step]
            ups = [run for run in runs if "pulumi up" in run]
            if not ups:
                continue
            assert "recover" in runs[0]
            assert "--yes" in runs[0]
            assert "--plan" in ups[0]
            assert job["concurrency"]["cancel-in-progress"] is False
            groups[name] = (job["concurrency"]["group"], job["environment"])
    assert groups == {
        "staging": ("lytics-ml-staging", "staging"),
        "production": ("lytics-ml-prod", "production"),
    }


def test_keys_come_from_secrets_and_only_environments_have_those_that_write() -> None:
    """Whatever runs before an approval has a key that can only read."""
    for data in workflows().values():
        for job in data["jobs"].values():
            text = json.dumps(job)
            assert ("secrets.LIOKEY }}" in text) == ("environment" in job)


def test_actionlint_finds_nothing() -> None:
    """The workflows are what GitHub takes, scripts and expressions included."""
    found = shutil.which("actionlint")
    if found is None:
        pytest.skip("no actionlint on PATH: go install github.com/rhysd/actionlint/cmd/actionlint")
    done = subprocess.run(
        [found, "-no-color", *map(str, FOLDER.glob("*.yml"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    """The scripts of the workflows have no shell mistakes."""
    tool = ROOT / ".venv" / "bin" / "shellcheck"
    if not tool.exists():
        pytest.skip("shellcheck isn't installed")
    done = subprocess.run(
        [str(tool), *map(str, (ROOT / ".github" / "scripts").iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


STAGING = """\
models:
  grow:
    label: Grow
    source: all_users
    target: high_value
    is_active: true
    config: {use_scores: true}
    gate: {auc: 0.6}
"""
PROD = "models: {}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the project with the stacks staging and prod."""
    folder = tmp_path / "clone"
    (folder / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, folder)
    for name in ("bin", ".github"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(
        ROOT / "providers", folder / "providers", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "state").mkdir()
    (folder / "stacks" / "staging.yaml").write_text(STAGING)
    (folder / "stacks" / "prod.yaml").write_text(PROD)
    for stack in ("staging", "prod"):
        made = run_pulumi(
            folder, ("stack", "init", stack, "--non-interactive"), environment(folder)
        )
        assert made.code == 0, str(made)
        with (folder / "stacks" / f"Pulumi.{stack}.yaml").open("a") as config:
            config.write("config: {'lytics:settleSeconds': 2, 'lytics:patienceSeconds': 3}\n")
    return folder


def machine(folder: Path, forge: Path) -> dict[str, str]:
    """Return the environment of a runner: its `gh` talks to a file."""
    tools = folder.parent / "tools"
    tools.mkdir()
    shutil.copy(ROOT / "tests/support/review/gh", tools / "gh")
    own = environment(folder)
    own.pop("PULUMI_CONFIG_PASSPHRASE")
    return {
        **own,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "FORGE": str(forge),
        "GITHUB_REPOSITORY": "acme/models",
        "GITHUB_ACTIONS": "true",
    }


@pytest.mark.engine
@pytest.mark.slow
def test_the_pipeline_as_one_story(clone: Path, tmp_path: Path) -> None:
    """Pull request, merge, staging, promotion, approval, production, drift: every step's script."""
    forge = tmp_path / "forge.json"
    with serve_in_thread(Settings(train=False)) as sandbox:

        def sandbox_ids(aid: int) -> dict[str, Json]:
            records = {i: m.as_record() for i, m in sandbox.world.store.models.items()}
            return {i: record for i, record in records.items() if record["aid"] == aid}

        runner = Runner(
            clone,
            secrets={
                "staging.LIOKEY": "sandbox",
                "production.LIOKEY": "sandbox-other",
                "LIOKEY_STAGING_READ": "sandbox-readonly",
                "LIOKEY_PROD_READ": "sandbox-other",
                "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            },
            values={
                "vars.PULUMI_BACKEND_URL": f"file://{clone / 'state'}",
                "vars.LYTICS_API_URL": sandbox.url,
                "github.token": "t",
                "github.event.pull_request.number": "7",
                "contains(github.event.pull_request.labels.*.name, 'large change')"
                " && '--force' || ''": "",
            },
            env=machine(clone, forge),
        )

        def well(file: str, job: str) -> None:
            assert runner.job(file, job), runner.log[-1]

        # A pull request: a comment per stack.
        for job in ("validate", "review", "promotion"):
            well("pull-request", job)
        comments = json.loads(forge.read_text())["comments"]
        assert len(comments) == 2
        assert "1 created" in comments[0]["body"].splitlines()[0]
        assert sandbox_ids(1234) == {}

        # Merged: staging is up.
        well("main", "staging")
        assert [m["is_active"] for m in sandbox_ids(1234).values()] == [True]
        assert sandbox_ids(5678) == {}

        # Promotion by somebody, then the same way again.
        env = {**os.environ, **runner.env, "LIOKEY_STAGING": "sandbox"}
        env |= {"LIOKEY_PROD": "sandbox-other", "LYTICS_API_URL": sandbox.url}
        promoted = subprocess.run(
            ["bin/lytics-ml", "promote", "staging", "prod"],
            cwd=clone,
            env={**env, "PWD": str(clone), "PULUMI_CONFIG_PASSPHRASE": "correct horse"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert promoted.returncode == 0, promoted.stdout + promoted.stderr
        assert "label: Grow" in (clone / "stacks" / "prod.yaml").read_text()
        well("pull-request", "promotion")
        well("pull-request", "review")
        said = json.loads(forge.read_text())
        assert len(said["comments"]) == 2
        assert said["writes"][-2:] == ["PATCH comments", "PATCH comments"]
        assert "1 created" in said["comments"][1]["body"].splitlines()[0]
        for job in ("plan", "production"):
            well("main", job)
        assert [m["is_active"] for m in sandbox_ids(5678).values()] == [True]
        assert "1 created" in (clone / "summary.md").read_text()

        # What isn't proved in staging doesn't get as far as a plan.
        prod = clone / "stacks" / "prod.yaml"
        right = prod.read_text()
        prod.write_text(right.replace("label: Grow", "label: By hand"))
        assert not runner.job("main", "plan")
        assert "label differs from staging" in runner.log[-1][3]
        prod.write_text(right)

        # At night: one issue about what was changed outside, closed when all is well again.
        model_id = next(iter(sandbox_ids(5678)))
        change = f"{sandbox.root}/_sandbox/models/{model_id}"
        httpx.post(change, json={"label": "Clicked"}).raise_for_status()
        well("drift", "drift")
        (issue,) = json.loads(forge.read_text())["issues"]
        assert "Clicked" in issue["body"]
        assert "prod" in issue["title"]
        httpx.post(change, json={"label": "Grow"}).raise_for_status()
        well("drift", "drift")
        assert [one["state"] for one in json.loads(forge.read_text())["issues"]] == ["closed"]
