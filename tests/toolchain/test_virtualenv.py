from pathlib import Path

import pytest

from toolchain import virtualenv


def test_a_link_to_another_folders_environment_is_replaced_by_one_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where .venv is a link, only the link goes: what it points to is another folder's."""
    other, venv = tmp_path / "other" / ".venv", tmp_path / "own" / ".venv"
    for folder in (other, venv.parent):
        folder.mkdir(parents=True)
    (other / ".made-in").write_text(f"{other.parent}\n")
    (other / "kept").write_text("theirs")
    venv.symlink_to(other)
    monkeypatch.setattr(virtualenv, "ROOT", venv.parent)
    monkeypatch.setattr(virtualenv, "VENV", venv)
    monkeypatch.setattr(virtualenv, "run_watched", lambda *_: None)
    monkeypatch.setattr(virtualenv, "_install", lambda _: None)
    virtualenv.ensure(dev=False)
    assert (other / "kept").read_text() == "theirs"
    assert not venv.is_symlink()
    assert (venv / ".made-in").read_text() == f"{venv.parent}\n"
