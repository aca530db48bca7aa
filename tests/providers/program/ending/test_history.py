"""What an `up` shows of the models of a declaration."""

import asyncio
from pathlib import Path
from typing import Any

import pulumi
import pytest

from providers.lytics.domain.live.watch import Watch
from providers.lytics.history.record import Record
from providers.lytics.history.store import history_file, read_history
from providers.lytics.history.timeline import Timeline, news
from providers.lytics.program.ending import history as past
from providers.lytics.program.ending.history import Kept, keep_history, seen_by_up
from providers.lytics.program.program import Program
from tests.support.timing import QUICK

OLD, NEW = "1" * 32, "2" * 32
AT = "2026-03-01T04:00:00Z"
WANTED = Watch(auc=0.7)
FAILED = [{"number": "auc", "wanted": "at least 0.7", "measured": "0.6", "passed": False}]


def outputs(**changes: object) -> dict[str, Any]:
    """Return the outputs of an activation whose model is live."""
    given = {
        "model_id": NEW,
        "passed": True,
        "pending": False,
        "parts": [],
        "live": True,
        "live_model_id": NEW,
        "scores": {"auc": 0.8},
    }
    return {**given, **changes}


def timeline(*ids: str) -> Timeline:
    """Return a history in which some models are live."""
    return Timeline(Record(AT, "grow", i, f"name-{i[:1]}", "live", {"auc": 0.9}) for i in ids)


def events(known: Timeline, **changes: object) -> list[tuple[str, str]]:
    """Return what an `up` adds: ids and events."""
    seen = seen_by_up("grow", "name", outputs(**changes), WANTED, known)
    return [(record.id, record.event) for record in news(known, seen, AT)]


def test_a_model_that_goes_live_ends_the_one_before() -> None:
    """Both are events; one that was live already is none, whatever numbers the state keeps."""
    assert events(timeline()) == [(NEW, "live")]
    assert events(timeline(OLD)) == [(NEW, "live"), (OLD, "not live")]
    assert events(timeline(NEW)) == []


def test_what_stays_live_after_a_failed_gate_stays_so() -> None:
    """The one that failed is judged, the one before goes on; where nothing is judged nothing is."""
    failed = {"passed": False, "live": False, "live_model_id": OLD, "parts": FAILED}
    assert events(timeline(OLD), **failed) == [(NEW, "judged")]
    assert events(timeline(OLD), **failed | {"pending": True}) == []
    nothing = {"passed": False, "live": False, "live_model_id": None, "pending": True}
    assert events(timeline(OLD), **nothing) == [(OLD, "not live")]


class Output:
    """Stands for the outputs of resources: they are settled by themselves."""

    def __getattr__(self, name: str) -> str:
        return name


@pytest.mark.parametrize("is_known", [True, False])
def test_the_history_is_written_once_the_outputs_are_known(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_known: bool,  # noqa: FBT001
) -> None:
    """What this run leaves out stays unknown: nothing is said of it, and nothing waits for it."""
    monkeypatch.delenv("LYTICS_ML_HISTORY", raising=False)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")

    async def settled(asked: list[Any]) -> list[Any] | None:
        values = {"name": "grow-name", **outputs()}
        return [values[name] for name in asked] if is_known else None

    monkeypatch.setattr(past, "settled", settled)
    one = Kept("grow", Output(), Output(), WANTED)  # type: ignore[arg-type]
    assert asyncio.run(keep_history(Program(QUICK), tmp_path, [one])) == ()
    records = read_history(history_file(tmp_path, "test")).records
    assert [(record.name, record.event) for record in records] == [("grow-name", "live")] * is_known


def test_a_history_that_cannot_be_written_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on, and says that what went live is not kept."""
    monkeypatch.setenv("LYTICS_ML_HISTORY", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)

    async def settled(asked: list[Any]) -> list[Any]:
        return [{"name": "grow", **outputs()}[name] for name in asked]

    monkeypatch.setattr(past, "settled", settled)
    one = Kept("grow", Output(), Output(), WANTED)  # type: ignore[arg-type]
    assert asyncio.run(keep_history(Program(QUICK), tmp_path, [one])) == ()
    assert "What went live is not kept there" in said[0]
