from pathlib import Path

import pytest

from toolchain import virtualenv
from toolchain.virtualenv import DEVELOP, RUN


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with an environment into which anything installs at once."""
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(virtualenv, "ROOT", tmp_path)
    monkeypatch.setattr(virtualenv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(virtualenv, "_is_usable", lambda: True)
    monkeypatch.setattr(virtualenv, "run_watched", lambda *_: [])
    monkeypatch.setattr(virtualenv, "_keep_packages", lambda: None)
    pin(tmp_path, "old")
    return tmp_path


def pin(project: Path, version: str) -> None:
    """Pin other versions."""
    for name in (RUN, DEVELOP):
        (project / name).write_text(f"{name} {version}\n")


def test_going_back_to_earlier_pins_installs_them(project: Path) -> None:
    """What was installed two changes ago isn't taken for what is installed now."""
    virtualenv.ensure(dev=False)
    assert virtualenv.has_installed(RUN)
    pin(project, "new")
    virtualenv.ensure(dev=True)
    pin(project, "old")
    assert not virtualenv.has_installed(RUN)
    assert not virtualenv.has_installed(DEVELOP)


def test_developers_environment_stays_one(project: Path) -> None:
    """New pins that a run installs don't take the tests' packages out of step."""
    virtualenv.ensure(dev=True)
    pin(project, "new")
    virtualenv.ensure(dev=False)
    assert virtualenv.has_installed(DEVELOP)
