import errno
import os
from pathlib import Path

import pytest

from toolchain import __main__ as command
from toolchain.disk import in_words
from toolchain.engine import get
from toolchain.places import VENV


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk of {} is full. Make room on it, and run this again"),
        (errno.EROFS, "{} can't be written: it is mounted read-only. Name a cache folder of your"),
        (errno.EACCES, "LYTICS_ML_CACHE=FOLDER"),
        (errno.EIO, "{}: Input/output error"),
    ],
)
def test_trouble_with_the_disk_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    """What can't be written, why, and what helps."""
    monkeypatch.setenv("LYTICS_ML_CACHE", str(tmp_path))
    place = str(tmp_path / "engine.lock")
    assert said.format(place) in in_words(OSError(number, os.strerror(number), place))


def test_a_project_that_cant_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever was being installed: no traceback, and 1."""

    def fail() -> Path:
        raise OSError(errno.EROFS, "Read-only file system", str(VENV))

    monkeypatch.setattr(command, "get_engine", fail)
    assert command.main(["get", "x"]) == 1
    said = capsys.readouterr().err
    assert "it is mounted read-only. Use a clone of this project in a folder of your own" in said


def test_an_engine_in_a_cache_that_can_only_be_read_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written where the engine is there already."""
    engine = tmp_path / "engine"
    engine.mkdir()
    (engine / "pulumi").write_text("")
    monkeypatch.setattr(get, "engine_folder", lambda: engine)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert get.get_engine() == engine
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["engine"]
