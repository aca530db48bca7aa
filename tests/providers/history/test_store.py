"""The file of a history."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from providers.lytics.errors import HistoryError
from providers.lytics.history.record import Record
from providers.lytics.history.store import (
    FOLDER_VARIABLE,
    NOW_VARIABLE,
    append,
    history_file,
    now,
    read_history,
    stamp,
)
from providers.lytics.timing import Timing
from tests.support.git import git

ROOT = Path(__file__).parents[3]


def record(number: int = 0, key: str = "grow") -> Record:
    """Return a record of a second of its own."""
    at = stamp(datetime.fromtimestamp(1_770_000_000 + number, UTC))
    return Record(at, key, "1" * 32, "grow", "judged", {"auc": 0.7})


def test_the_file_is_the_stacks_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`history/<stack>.jsonl` in the project, or in the folder that the environment names."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert history_file(tmp_path, "prod") == tmp_path / "history" / "prod.jsonl"
    monkeypatch.setenv(FOLDER_VARIABLE, "/elsewhere")
    assert history_file(tmp_path, "prod") == Path("/elsewhere/prod.jsonl")


def test_nothing_is_there_before_the_first_record(tmp_path: Path) -> None:
    """No file reads as an empty history, and adding nothing makes none."""
    file = tmp_path / "history" / "prod.jsonl"
    assert read_history(file).records == ()
    append(file, [])
    assert not file.parent.exists()
    append(file, [record()])
    assert read_history(file).records == (record(),)


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_an_interrupted_write_leaves_a_file_to_go_on_with(tmp_path: Path, cut: int) -> None:
    """Half a line at the end is left out, and what is appended after it is whole."""
    file = tmp_path / "prod.jsonl"
    append(file, [record(1), record(2)])
    file.write_bytes(file.read_bytes()[:-cut])
    before = file.read_bytes()
    assert record(1) in read_history(file).records
    append(file, [record(3)])
    read = read_history(file)
    assert file.read_bytes().startswith(before)
    assert all(one in read.records for one in (record(1), record(3)))
    assert len(read.records) + read.unreadable == 3


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    """Threads and processes that append at one time leave every line whole."""
    file = tmp_path / "prod.jsonl"
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.providers.history.test_store import append, record\n"
        "for n in range(60):\n"
        "    append(Path(sys.argv[1]), [record(n, sys.argv[2]), record(n, sys.argv[2] + 'x')])\n"
    )
    commands = [[sys.executable, "-c", script, str(file), f"process-{n}"] for n in range(2)]
    started = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: append(file, [record(n, "thread")]), range(60)))
    assert [process.wait() for process in started] == [0, 0]
    read = read_history(file)
    assert (len(read.records), read.unreadable) == (2 * 120 + 60, 0)


def test_two_branches_are_merged_by_git(tmp_path: Path) -> None:
    """Both sides' lines are kept without a conflict, as .gitattributes says."""
    file = tmp_path / "history" / "prod.jsonl"
    (tmp_path / ".gitattributes").write_text((ROOT / ".gitattributes").read_text())
    git(tmp_path, "init", "-q", "-b", "main")
    append(file, [record(0)])
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "checkout", "-qb", "night")
    append(file, [record(1)])
    git(tmp_path, "commit", "-qam", "night")
    git(tmp_path, "checkout", "-q", "main")
    append(file, [record(2)])
    git(tmp_path, "commit", "-qam", "up")
    git(tmp_path, "merge", "-q", "night")
    assert read_history(file).records == (record(0), record(1), record(2))


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A folder in its place is an error with the file's name, not a traceback."""
    file = tmp_path / "prod.jsonl"
    file.mkdir()
    with pytest.raises(HistoryError, match=r"prod\.jsonl can't be read"):
        read_history(file)
    with pytest.raises(HistoryError, match=r"prod\.jsonl can't be written"):
        append(file, [record()])


def test_the_time_is_of_the_clock_unless_the_environment_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LYTICS_ML_NOW goes before the clock; what is no time is refused."""
    monkeypatch.delenv(NOW_VARIABLE, raising=False)
    assert stamp(now(Timing(wall=lambda: 1_770_000_000.9))) == "2026-02-02T02:40:00Z"
    monkeypatch.setenv(NOW_VARIABLE, "2026-03-01T05:00:00+01:00")
    assert stamp(now()) == "2026-03-01T04:00:00Z"
    monkeypatch.setenv(NOW_VARIABLE, "soon")
    with pytest.raises(HistoryError, match=r'LYTICS_ML_NOW: expected a time.*"soon"'):
        now()
