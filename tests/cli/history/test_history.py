"""`lytics-ml history`."""

from pathlib import Path

import pytest

from cli.history.report import sparks
from tests.cli.conftest import Folder, Run
from tests.support.browser import opened
from tests.support.pasts import HOSTILE, NEW, OLD, write_past

NOW = "2026-04-11T04:00:00Z"


@pytest.fixture
def past(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project whose stack `test` has a past, on a day in April."""
    monkeypatch.delenv("LYTICS_ML_HISTORY", raising=False)
    monkeypatch.setenv("LYTICS_ML_NOW", NOW)
    return write_past(folder.path, "test", "grow", "other")


def test_live_periods_are_told(past: Path, run: Run) -> None:
    """Who was live from when to when, for how long, how often trained anew, and the scores."""
    assert past.is_file()
    answer = run("history", "grow", "--stack", "test")
    assert answer.code == 0, answer.err
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert "grow trained anew 4 times" in lines
    first = f"2026-03-01T04:00:00Z 2026-04-01T09:00:00Z 31 days {OLD} auc 0.82, accuracy 6, reach 4"
    assert first in lines
    assert any(line.startswith(f"2026-04-01T09:00:00Z now 9 days {NEW}") for line in lines)
    assert any(line.startswith("auc 0.82 → 0.85") and "▁" in line for line in lines)
    assert "other" not in answer.out


def test_json_has_periods_and_records(past: Path, run: Run) -> None:
    """A program finds periods with both ends, and every line of the file."""
    told = run("history", "--stack", "test", "--json").json()
    assert [one["key"] for one in told["models"]] == ["grow", "other"]
    grow = told["models"][0]
    assert [(p["id"], p["from"][:10], p["to"] and p["to"][:10]) for p in grow["live"]] == [
        (OLD, "2026-03-01", "2026-04-01"),
        (NEW, "2026-04-01", None),
    ]
    assert len(grow["records"]) == 7
    assert len(past.read_text().splitlines()) == 14


def test_since_leaves_out_what_was_before(past: Path, run: Run) -> None:
    """Only what was live or seen from a day on; a day that is none is refused."""
    assert past
    told = run("history", "grow", "--stack", "test", "--since", "2026-04-05", "--json").json()
    (grow,) = told["models"]
    assert [one["id"] for one in grow["live"]] == [NEW]
    assert grow["records"] == []
    wrong = run("history", "--stack", "test", "--since", "April")
    assert wrong.code == 2
    assert 'for example 2026-03-01, got "April"' in wrong.err


def test_what_is_not_there_is_said(past: Path, run: Run) -> None:
    """An unknown key is near a known one; a stack without a past has nothing to show."""
    assert past
    answer = run("history", "grwo", "--stack", "test")
    assert answer.code == 2
    assert 'has no model "grwo". Did you mean grow?' in answer.err
    empty = run("history", "--stack", "never")
    assert empty.code == 0
    assert "Nothing has been seen of stack never yet" in empty.out


def test_a_cut_off_line_is_told(past: Path, run: Run) -> None:
    """What can't be read is left out, with a word on it."""
    with past.open("a") as file:
        file.write('{"at": "2026-04')
    answer = run("history", "--stack", "test")
    assert answer.code == 0
    assert "1 line of history/test.jsonl can't be read" in answer.err


def test_sparks_go_from_low_to_high() -> None:
    """The lowest number is the lowest bar, the highest the highest; equal ones are even."""
    assert sparks([1, 8, 4]) == "▁█▄"
    assert sparks([2, 2]) == "▁▁"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works_in_a_real_browser(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Charts, bands and bounds are drawn, nothing is wider than 400 px, all is reached by keys."""
    monkeypatch.setenv("LYTICS_ML_NOW", NOW)
    monkeypatch.delenv("LYTICS_ML_HISTORY", raising=False)
    write_past(folder.path, "test", "grow", HOSTILE)
    page = folder.path / "history.html"
    assert run("history", "--stack", "test", "--html", page).code == 0
    text = page.read_text()
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    seen = opened(page, scheme, width=400)
    assert seen["dark"] is (scheme == "dark")
    assert seen["back"] == ("rgb(15, 20, 25)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert seen["images"] == 0
    assert seen["fits"]
    assert seen["loaded"] == 0
    assert (seen["svg"], seen["bands"], seen["bounds"]) == (8, 16, 2)
    assert seen["labelled"]
    assert seen["smallest_text_px"] >= 10
    assert seen["toggled"]
    assert seen["unreachable"] == []
