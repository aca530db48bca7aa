import os
import re
import shutil
import subprocess

import pytest

from tests.support.stub import ROOT, Answer, Stub, script

LOCAL = ("PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE")


@pytest.fixture
def project(stub: Stub) -> Stub:
    """Return a copy of the project in which everything is installed and nothing is real."""
    shutil.copy(ROOT / "Makefile", stub.root / "Makefile")
    (stub.root / ".venv" / ".installed-requirements-dev.txt").write_text("requirements-dev.txt\n")
    return stub


def make(project: Stub, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run make in the copy."""
    foreign = ("PULUMI_", "LYTICS_", "LIOKEY")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    own |= {"HOME": str(project.home), "REPORT": str(project.base / "report"), **env}
    for name in ("LYTICS_ML_CACHE", "XDG_CACHE_HOME", "MAKEFLAGS", "MAKELEVEL"):
        own.pop(name, None)
    return subprocess.run(
        ["make", *arguments],
        cwd=project.root,
        env=own,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_up_talks_to_the_sandbox_only(project: Stub) -> None:
    """A key and an address of a real account in the shell don't reach the local stack."""
    ran = make(project, "up", LIOKEY="real", LYTICS_API_URL="https://api.example")
    answer = Answer(ran.returncode, ran.stderr, project.base / "report")
    assert answer.exit_code == 0, ran.stderr
    assert answer.arguments == ["up", "--stack", "local", "--yes"]
    assert answer.env["LYTICS_API_URL"] == "http://127.0.0.1:8791/api"
    assert answer.env["PULUMI_CONFIG_PASSPHRASE"] == "local"
    assert "LIOKEY" not in answer.env
    assert "-P -m sandbox.daemon --port 8791 start" in answer.python_calls


def test_what_up_says_to_try_is_there(project: Stub) -> None:
    """Targets and files that the hints name are those of this project."""
    told = make(project, "up").stdout
    hints = told[told.index("What to try next:") :]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", hints)) == {"test", "down"} <= targets
    for file in re.findall(r"\b(?:stacks|bin)/[a-z.]+", hints):
        assert (ROOT / file).is_file(), file


def test_up_on_another_port_says_what_to_export(project: Stub) -> None:
    """Who moves the sandbox reads how later commands find it."""
    ran = make(project, "up", "SANDBOX_PORT=9000")
    assert ran.returncode == 0, ran.stderr
    assert "export LYTICS_API_URL=http://127.0.0.1:9000/api" in ran.stdout


@pytest.mark.parametrize(
    "own",
    [
        {"PULUMI_CONFIG_PASSPHRASE": "mine"},
        {"PULUMI_CONFIG_PASSPHRASE_FILE": "/mine"},
        {"PULUMI_BACKEND_URL": "s3://team-state"},
        {"PULUMI_ACCESS_TOKEN": "pul-1"},
        {"PULUMI_STACK": "prod", "PULUMI_HOME": "/somewhere"},
    ],
    ids=" ".join,
)
def test_local_stack_is_on_its_own(project: Stub, own: dict[str, str]) -> None:
    """What a Pulumi user has set neither reaches the local stack nor is written to by it."""
    ran = make(project, "up", **own)
    assert ran.returncode == 0, ran.stderr
    env = Answer(ran.returncode, ran.stderr, project.base / "report").env
    local = {name: value for name, value in env.items() if name in {*own, *LOCAL}}
    assert local == {
        "PULUMI_BACKEND_URL": f"file://{project.root}/.pulumi/state",
        "PULUMI_HOME": f"{project.root}/.pulumi/home",
        "PULUMI_CONFIG_PASSPHRASE": "local",
    }
    assert f"unset {' '.join(sorted(own))}" in ran.stdout


def test_up_ends_as_pulumi_ends(project: Stub) -> None:
    """An up that fails isn't followed by what to try next."""
    script(project.engine / "pulumi", '#!/bin/sh\n[ "$1" != up ]\n')
    ran = make(project, "up")
    assert ran.returncode != 0
    assert "try next" not in ran.stdout


def test_clean_removes_what_was_made(project: Stub) -> None:
    """After clean only what git knows is left, and the user reads what is kept elsewhere."""
    for made in (".pulumi/state/x", ".sandbox/log", "cli/__pycache__/x.pyc", ".mypy_cache/x"):
        script(project.root / made, "")
    project.cache.mkdir(parents=True)
    ran = make(project, "clean")
    assert ran.returncode == 0, ran.stderr
    assert f"rm -rf '{project.cache}'" in ran.stdout
    left = {entry.name for entry in project.root.iterdir() if entry.name.startswith(".")}
    assert left == set()
    assert list(project.root.rglob("__pycache__")) == []


@pytest.mark.parametrize("name", ["prod.json", "prod.json.gz"])
def test_clean_keeps_the_state_of_other_stacks(project: Stub, name: str) -> None:
    """The only record of models that exist elsewhere isn't removed."""
    stack = project.root / ".pulumi" / "state" / ".pulumi" / "stacks" / "shop" / name
    script(stack, "{}")
    ran = make(project, "clean")
    assert ran.returncode != 0
    assert str(stack.relative_to(project.root)) in ran.stdout
    assert stack.exists()


def test_clean_may_follow_clean(project: Stub) -> None:
    """Where nothing was made, clean has nothing to complain about."""
    assert make(project, "clean").returncode == 0
    assert make(project, "clean").returncode == 0
