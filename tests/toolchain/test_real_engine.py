import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.stub import ROOT
from toolchain.places import cache_folder, engine_folder

pytestmark = pytest.mark.engine


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a folder with a program that declares nothing."""
    folder = tmp_path / "a program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: empty\nruntime: python\n")
    (folder / "__main__.py").write_text('import pulumi\n\npulumi.export("answer", 42)\n')
    return folder


def run(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the stub as someone with an empty home who has set nothing."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    own |= {"HOME": str(home), "PWD": str(folder), "LYTICS_ML_CACHE": str(cache_folder())}
    return subprocess.run(
        [ROOT / "bin" / "pulumi", *arguments],
        cwd=folder,
        env=own | dict(env or {}),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_stub_is_the_pinned_engine(program: Path) -> None:
    """`bin/pulumi version` is a version that we support; the pinned one where we got it."""
    answer = run(program, "version")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("v3.")
    noted = (ROOT / ".venv" / ".engine").read_text().splitlines()[0]
    if noted == str(engine_folder()):
        version = (ROOT / "toolchain" / "VERSION").read_text()
        assert answer.stdout == f"v{version}"


def test_local_stack_comes_up_with_nothing_set(program: Path) -> None:
    """The local stack is made, selected and brought up without backend, login or passphrase."""
    steps = [
        ("stack", "select", "--stack", "local", "--create"),
        ("config", "set", "--secret", "key", "value"),  # of the selected stack, so the engine's own
        ("up", "--yes"),
        ("stack", "output", "answer"),
    ]
    for step in steps:
        answer = run(program, *step)
        assert answer.returncode == 0, answer.stderr + answer.stdout
    assert answer.stdout.strip() == "42"
    assert list((program / ".pulumi" / "state").rglob("local.json"))


def test_nothing_is_left_in_the_home_folder(program: Path) -> None:
    """State, logs and plugins go into the project; the user's home stays as it was."""
    assert run(program, "stack", "init", "--stack", "local").returncode == 0
    assert run(program, "up", "--yes", "--stack", "local").returncode == 0
    assert list((program.parent / "home").rglob("*")) == []


def test_other_stacks_need_their_passphrase(program: Path) -> None:
    """Pulumi itself asks for the passphrase of every stack but the local one."""
    answer = run(program, "stack", "init", "prod")
    assert answer.returncode != 0
    assert "passphrase must be set" in answer.stderr
