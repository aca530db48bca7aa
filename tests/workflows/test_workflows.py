import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.support.engine.project import environment, run_pulumi
from tests.support.git import git
from tests.support.review.workflows import FOLDER, ROOT, Runner, steps, workflows

Json = dict[str, Any]
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")


def test_every_action_is_pinned_by_its_commit() -> None:
    """An action is what was reviewed, not what its tag points to today; the version is told."""
    for path in (*FOLDER.glob("*.yml"), *FOLDER.parent.glob("actions/*/action.yml")):
        for line in path.read_text().splitlines():
            if "uses:" in line and "uses: ./" not in line:
                action, _, version = line.split("uses:")[1].partition("#")
                assert PINNED.match(action.strip()), line
                assert version.strip().startswith("v"), line


def test_workflows_may_do_as_little_as_they_need() -> None:
    """All may read the code; one job may comment, one may write issues and propose a roll-back.

    Whoever reaches the state may say who they are to the cloud that keeps it.
    """
    more = set()
    for name, data in workflows().items():
        assert data["permissions"] == {"contents": "read"}, name
        for job, one in data["jobs"].items():
            granted = {k: v for k, v in one.get("permissions", {}).items() if v == "write"}
            more |= {(name, job, scope) for scope in granted if scope != "id-token"}
            reaches_state = "PULUMI_CONFIG_PASSPHRASE" in json.dumps(one)
            assert ("id-token" in granted) == reaches_state, job
    nightly = {("nightly", "nightly", scope) for scope in ("contents", "issues", "pull-requests")}
    assert more == {("pull-request", "review", "pull-requests"), *nightly}


def test_scripts_hold_no_expressions_and_call_what_runs_anywhere() -> None:
    """Nobody's title or branch becomes a command, and every step can be run by hand."""
    for name, data in workflows().items():
        for job, step in steps(data):
            if "run" not in step:
                continue
            assert "${{" not in step["run"], (name, job)
            assert step["run"].split()[0].startswith(("make", "bin/", ".ci/", ".github/scripts/"))


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


def test_nothing_runs_where_it_was_not_set_up() -> None:
    """Who copies the workflows into a repository without keys gets no failing runs."""
    pipeline = {name: data for name, data in workflows().items() if name != "ci"}
    for name, data in pipeline.items():
        first = {job for job, one in data["jobs"].items() if "needs" not in one}
        for job in first:
            assert "vars.LYTICS_ML_PIPELINE == 'on'" in data["jobs"][job]["if"], name


def test_what_is_not_merged_reaches_no_account() -> None:
    """A run that is started by hand on another branch deploys nothing."""
    jobs = workflows()["main"]["jobs"]
    deploying = {name for name, job in jobs.items() if "environment" in job}
    assert deploying == {"staging", "production"}
    assert "github.ref == 'refs/heads/main'" in jobs["staging"]["if"]
    assert jobs["plan"]["needs"] == "staging"
    assert jobs["production"]["needs"] == "plan"


def test_a_label_starts_the_review_again() -> None:
    """The label "large change" is an answer to a refused review, so it starts another."""
    text = (FOLDER / "pull-request.yml").read_text()
    pull_request = yaml.load(text, Loader=yaml.BaseLoader)["on"]["pull_request"]  # noqa: S506
    assert {"opened", "synchronize", "labeled"} <= set(pull_request["types"])


def test_zizmor_finds_nothing() -> None:
    """The workflows have none of the known holes."""
    done = subprocess.run(
        [
            str(ROOT / ".venv" / "bin" / "zizmor"),
            "--offline",
            "--no-progress",
            str(ROOT / ".github"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


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
    for name in ("bin", ".github", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(
        ROOT / "providers", folder / "providers", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "state").mkdir()
    git(folder.parent, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", str(folder.parent / "origin.git"))
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


def machine(folder: Path, forge: Path, venv: Path) -> dict[str, str]:
    """Return the environment of a runner: its `gh` talks to a file, its Pythons are forked."""
    tools = folder.parent / "tools"
    tools.mkdir()
    shutil.copy(ROOT / "tests/support/review/gh", tools / "gh")
    own = environment(folder)
    own.pop("PULUMI_CONFIG_PASSPHRASE")
    return {
        **own,
        "PULUMI_PYTHON_CMD": str(venv / "bin" / "python"),
        "PATH": f"{tools}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "FORGE": str(forge),
        "GITHUB_REPOSITORY": "acme/models",
        "GITHUB_ACTIONS": "true",
    }


@pytest.mark.engine
@pytest.mark.slow
def test_the_pipeline_as_one_story(clone: Path, tmp_path: Path, venv: Path) -> None:
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
                "github.event.pull_request.head.sha": "0123456789abcdef",
                "github.server_url": "https://github.test",
                "github.repository": "acme/models",
                "github.run_id": "42",
                "github.event.repository.default_branch": "main",
                "steps.page.outputs.artifact-url": "https://github.test/page",
                "contains(github.event.pull_request.labels.*.name, 'large change')"
                " && '--force' || ''": "",
            },
            env=machine(clone, forge, venv),
        )

        def well(file: str, job: str) -> None:
            assert runner.job(file, job), runner.log

        # A pull request: a comment per stack.
        for job in ("validate", "review", "promotion"):
            well("pull-request", job)
        comments = json.loads(forge.read_text())["comments"]
        assert len(comments) == 2
        assert "1 created" in comments[0]["body"].splitlines()[0]
        assert (
            "Commit 0123456789ab, [this run](https://github.test/acme/models/actions/runs/42)"
            in (comments[0]["body"])
        )
        assert (
            "**Rehearsed twice: 2 writes if the gates pass, 1 if none does; "
            in (comments[0]["body"])
        )
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
        well("nightly", "nightly")
        (issue,) = json.loads(forge.read_text())["issues"]
        assert "Clicked" in issue["body"]
        assert "prod" in issue["title"]
        httpx.post(change, json={"label": "Grow"}).raise_for_status()
        well("nightly", "nightly")
        assert [one["state"] for one in json.loads(forge.read_text())["issues"]] == ["closed"]


def comment(folder: Path, forge: Path, review: str | None, **more: str) -> list[Json]:
    """Run the script that comments on a pull request, and return the comments there are."""
    if review is not None:
        (folder / "review-prod.md").write_text(review)
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    shutil.copy(ROOT / "tests/support/review/gh", tools / "gh")
    path = f"{tools}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    about = {"GITHUB_REPOSITORY": "acme/models", "PULL_REQUEST": "7", "COMMIT": "c0ffee" * 7}
    env = {
        **os.environ,
        "PATH": path,
        "FORGE": str(forge),
        **about,
        "RUN_URL": "https://run",
        **more,
    }
    script = ROOT / ".github" / "scripts" / "comment"
    done = subprocess.run([script, "prod"], cwd=folder, env=env, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    comments: list[Json] = json.loads(forge.read_text())["comments"]
    return comments


REVIEW = "Stack prod: 1 model\n\n<!-- lytics-ml review prod -->\n"


def test_a_marker_in_somebodys_text_is_no_marker(tmp_path: Path) -> None:
    """A label that holds another stack's marker doesn't get that stack's comment overwritten."""
    forge = tmp_path / "forge.json"
    hostile = "label <!-- lytics-ml review prod -->\nmore\n\n<!-- lytics-ml review staging -->\n"
    author = {"login": "github-actions[bot]"}
    others = [
        {"id": 1, "user": author, "body": hostile},
        {"id": 2, "user": {"login": "somebody"}, "body": REVIEW},
    ]
    forge.write_text(json.dumps({"comments": others, "issues": []}))
    assert [one["body"] for one in comment(tmp_path, forge, REVIEW)[:2]] == [hostile, REVIEW]
    again = comment(tmp_path, forge, REVIEW.replace("1 model", "2 models"))
    assert len(again) == 3
    assert "2 models" in again[2]["body"]


def test_a_comment_says_what_it_is_about(tmp_path: Path) -> None:
    """The reader of a comment sees commit, run and page; its last line stays the marker."""
    (made,) = comment(tmp_path, tmp_path / "forge.json", REVIEW, PAGE_URL="https://page")
    assert (
        "Commit c0ffeec0ffee, [this run](https://run), [page with charts](https://page)"
        in made["body"]
    )
    assert made["body"].splitlines()[-1] == "<!-- lytics-ml review prod -->"


def test_a_comment_has_the_rehearsal_as_far_as_there_is_room(tmp_path: Path) -> None:
    """The rehearsal stands below the review: whole, or in a sentence, never at its cost."""
    forge = tmp_path / "forge.json"
    rehearsal = tmp_path / "rehearsal-prod.md"
    rehearsal.write_text(f"**Rehearsed twice.**\n\n<details>\n{'timeline ' * 2000}\n</details>\n")
    (made,) = comment(tmp_path, forge, REVIEW)
    assert made["body"].startswith("Stack prod: 1 model\n")
    assert "**Rehearsed twice.**\n" in made["body"]
    assert "</details>" in made["body"]

    longer = REVIEW.replace("1 model", "1 model" + " and more" * 6000)
    (made,) = comment(tmp_path, forge, longer)
    assert made["body"].startswith(longer.splitlines()[0])
    assert "**Rehearsed twice.**" in made["body"]
    assert "timeline" not in made["body"]
    assert len(made["body"]) < 65_536

    rehearsal.unlink()
    (made,) = comment(tmp_path, forge, REVIEW)
    assert "could not be rehearsed" in made["body"]
    assert made["body"].splitlines()[-1] == "<!-- lytics-ml review prod -->"


def test_a_review_that_failed_replaces_the_old_one(tmp_path: Path) -> None:
    """What was reviewed of an earlier commit doesn't stand as the review of this one."""
    forge = tmp_path / "forge.json"
    comment(tmp_path, forge, REVIEW)
    (tmp_path / "review-prod.md").unlink()
    (made,) = comment(tmp_path, forge, None)
    assert "could not be reviewed" in made["body"]
    assert "1 model" not in made["body"]


@pytest.mark.parametrize(("config", "code"), [("lytics:apiKey: {secure: v1:x}", 1), ("a: b", 0)])
def test_a_stored_key_stops_the_pipeline(tmp_path: Path, config: str, code: int) -> None:
    """A key in a stack's settings opens with the passphrase that a pull request's job has."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(f"config:\n  {config}\n")
    script = ROOT / ".github" / "scripts" / "no-stored-key"
    done = subprocess.run(
        [script, "staging", "prod"], cwd=tmp_path, check=False, capture_output=True
    )
    assert done.returncode == code
