"""The file of a history: `history/<stack>.jsonl`, only ever appended to.

A write that is cut off leaves half a line at the end. The next write ends that line first, and
reading skips it. Writers of one machine wait for each other; those of two branches of git are
merged by keeping the lines of both (`merge=union` in .gitattributes).
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from providers.lytics.errors import HistoryError
from providers.lytics.history.record import Read, Record, as_lines, read_lines
from providers.lytics.timing import Timing

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where a short append is not torn either
    fcntl = None  # type: ignore[assignment]

FOLDER_VARIABLE = "LYTICS_ML_HISTORY"
NOW_VARIABLE = "LYTICS_ML_NOW"


def history_file(folder: Path, stack: str) -> Path:
    """Return where the history of a stack is.

    Args:
        folder: the project's folder.
        stack: the stack's name without organisation.
    """
    own = os.environ.get(FOLDER_VARIABLE, "").strip()
    return (Path(own) if own else folder / "history") / f"{stack}.jsonl"


def now(timing: Timing | None = None) -> datetime:
    """Return the time in UTC, to the second; LYTICS_ML_NOW in the environment goes before it.

    Raises:
        HistoryError: LYTICS_ML_NOW is no time.
    """
    given = os.environ.get(NOW_VARIABLE, "").strip()
    if not given:
        return datetime.fromtimestamp(int((timing or Timing()).wall()), UTC)
    try:
        return as_utc(given)
    except ValueError as exc:
        message = (
            f'{NOW_VARIABLE}: expected a time, for example 2026-03-01T04:00:00Z, got "{given}"'
        )
        raise HistoryError(message) from exc


def as_utc(text: str) -> datetime:
    """Return a time or a date in UTC, to the second; one without a zone is UTC.

    Raises:
        ValueError: it is neither.
    """
    read = datetime.fromisoformat(text)
    return (
        (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    )


def stamp(moment: datetime) -> str:
    """Return a time as a history has it: `2026-03-01T04:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_history(file: Path) -> Read:
    """Return what a history holds; nothing where there is no file.

    Raises:
        HistoryError: the file can't be read.
    """
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            return read_lines(line.rstrip("\r\n") for line in lines)
    except FileNotFoundError:
        return Read()
    except OSError as exc:
        message = f"The history {file} can't be read: {exc.strerror}"
        raise HistoryError(message) from exc


def append(file: Path, records: Iterable[Record]) -> None:
    """Add records to a history; its folder is made where there is none.

    Raises:
        HistoryError: it can't be written; what is in it stays as it is.
    """
    append_text(file, as_lines(records))


def append_text(file: Path, text: str) -> None:
    """Add whole lines to a file that is only appended to.

    Raises:
        HistoryError: it can't be written.
    """
    if not text:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab+") as opened:
            if fcntl is not None:  # pragma: no branch - Windows
                fcntl.flock(opened, fcntl.LOCK_EX)
            opened.seek(0, os.SEEK_END)
            if opened.tell():
                opened.seek(-1, os.SEEK_END)
                text = text if opened.read(1) == b"\n" else f"\n{text}"
            opened.write(text.encode("utf-8"))
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as exc:
        message = f"The history {file} can't be written: {exc.strerror}"
        raise HistoryError(message) from exc
