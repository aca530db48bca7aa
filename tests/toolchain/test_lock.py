import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stub import ROOT
from toolchain import lock
from toolchain.lock import only_one

HANGS_AFTER_S = 500.0
HOLD = "import sys\nfrom pathlib import Path\nfrom toolchain.lock import only_one\n"
HOLD += "with only_one(Path(sys.argv[1]), 'at it'):\n    print('held', flush=True)\n"
HOLD += "    sys.stdin.readline()\n"


def holder(lock: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock until it reads a line; return once it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_second_waits_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another installs, a command says what it waits for, and goes on afterwards."""
    said: list[str] = []
    with holder(tmp_path / "lock") as process:

        def let_go(text: str) -> None:
            said.append(text)
            assert process.poll() is None
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()

        monkeypatch.setattr(lock, "say", let_go)
        with only_one(tmp_path / "lock", "at it"):
            assert said == ["another command is at it; waiting for it"]


def test_killed_holder_leaves_no_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An installation that was killed is in nobody's way."""
    with holder(tmp_path / "lock") as process:
        process.kill()
        process.wait()
        with only_one(tmp_path / "lock", "at it"):
            pass
    assert capsys.readouterr().err == ""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a project that needs no packages."""
    project = tmp_path / "a clone"
    shutil.copytree(ROOT / "toolchain", project / "toolchain")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (project / name).write_text("# none\n")
    return project


def install(project: Path) -> subprocess.Popen[str]:
    """Start the installation of a project's environment."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "toolchain", "venv"],
        env={"PYTHONPATH": str(project), "HOME": str(project.parent), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_at_once_make_one_environment(clone: Path) -> None:
    """Two first commands at once end with one environment that works."""
    with install(clone) as first, install(clone) as second:
        said = [process.communicate(timeout=HANGS_AFTER_S)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert sum("waiting for it" in text for text in said) == 1
    subprocess.run([clone / ".venv" / "bin" / "python", "-m", "pip", "--version"], check=True)
    assert (clone / ".venv" / ".installed-requirements.txt").read_text() == "# none\n"


@pytest.mark.slow
def test_broken_environment_is_made_anew(clone: Path) -> None:
    """An environment whose making was interrupted is repaired by the next command."""
    broken = clone / ".venv" / "bin"
    broken.mkdir(parents=True)
    (broken / "python").symlink_to("/nowhere")
    (broken.parent / "leftover").write_text("")
    with install(clone) as process:
        process.communicate(timeout=HANGS_AFTER_S)
    assert process.returncode == 0
    assert (broken / "python").exists()
    assert not (broken.parent / "leftover").exists()


@pytest.mark.slow
def test_failed_installation_says_why(clone: Path) -> None:
    """Where packages can't be installed, the user reads pip's own words, and no stamp is left."""
    (clone / "requirements.txt").write_text("no-hash-is-given==1.0\n")
    with install(clone) as process:
        _, said = process.communicate(timeout=HANGS_AFTER_S)
    assert process.returncode == 1
    assert "Could not install requirements.txt" in said
    assert "hash" in said.lower()
    assert not (clone / ".venv" / ".installed-requirements.txt").exists()
