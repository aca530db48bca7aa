"""What a history comes to, and what a look adds to it."""

import json
import random

import pytest

from providers.lytics.domain.live.judging import Part
from providers.lytics.history.record import Read, Record, Shortfall, as_lines, read_lines
from providers.lytics.history.timeline import Seen, Timeline, news

OLD, NEW = "1" * 32, "2" * 32
HUGE = f"""{{"at": "a", "key": "b", "id": "c", "name": "d", "event": "live",
 "scores": {{"x": {"9" * 400}}}}}""".replace("\n", "")
SHORT = (Part("auc", "at least 0.75", "0.7", passed=False),)
GOOD = (Part("auc", "at least 0.75", "0.8", passed=True),)


def seen(model_id: str = OLD, *, live: bool = True, auc: float = 0.8, **fields: object) -> Seen:
    """Return what a look shows of a model."""
    given = {"scores": {"auc": auc}, "updated": "u1", "parts": GOOD, **fields}
    return Seen("grow", model_id, f"grow-{model_id[:6]}", live, **given)  # type: ignore[arg-type]


class History:
    """A history to which looks are added, a day apart."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.day = 0

    def look(self, *shown: Seen) -> list[str]:
        """Add what a look shows; return the events that it was."""
        self.day += 1
        new = news(Timeline(self.records), shown, f"2026-03-{self.day:02d}T04:00:00Z")
        self.records += new
        return [record.event for record in new]

    @property
    def timeline(self) -> Timeline:
        """What it comes to."""
        return Timeline(read_lines(as_lines(self.records).splitlines()).records)


def test_only_what_changed_is_added() -> None:
    """A night on which all is as it was adds nothing."""
    history = History()
    assert history.look(seen()) == ["live"]
    assert history.look(seen()) == []
    assert history.look(seen(scores={}, parts=None)) == []


def test_a_retraining_is_known_by_its_numbers() -> None:
    """`updated` with other numbers is a retraining; with the same ones somebody wrote a label."""
    history = History()
    history.look(seen())
    assert history.look(seen(updated="u2")) == ["judged"]
    assert history.look(seen(updated="u2")) == []
    assert history.look(seen(updated="u3", auc=0.79)) == ["retrained"]
    last = history.timeline.last(OLD)
    assert last is not None
    assert (last.updated, last.scores) == ("u3", {"auc": 0.79})


def test_a_verdict_is_added_when_it_changes() -> None:
    """That a number sinks further below its bound is no news; that it is back above is."""
    history = History()
    history.look(seen())
    stale = (Part("stale", "updated within 10d", "11 days ago", passed=False),)
    older = (Part("stale", "updated within 10d", "12 days ago", passed=False),)
    assert history.look(seen(parts=stale)) == ["judged"]
    assert history.look(seen(parts=older)) == []
    assert history.look(seen(parts=GOOD)) == ["judged"]


def test_a_swap_and_a_roll_back_are_periods() -> None:
    """The old model's time ends, the new one's begins; the old one's second time is its own."""
    history = History()
    history.look(seen())
    assert history.look(seen(NEW, auc=0.85), seen(live=False)) == ["live", "not live"]
    assert history.look(seen(auc=0.82), seen(NEW, live=False)) == ["live", "not live"]
    periods = history.timeline.keys["grow"].periods
    assert [(p.id, p.begin[8:10], p.end and p.end[8:10], p.scores["auc"]) for p in periods] == [
        (OLD, "01", "02", 0.8),
        (NEW, "02", "03", 0.85),
        (OLD, "03", None, 0.82),
    ]
    assert history.timeline.live_ids("grow") == [OLD]


def test_a_model_that_was_live_before_keeps_what_it_went_live_with() -> None:
    """The first look at a model that has sunk meanwhile notes both numbers."""
    history = History()
    first = seen(auc=0.7, went_live_with={"auc": 0.8}, parts=SHORT)
    assert history.look(first) == ["live", "retrained"]
    period = history.timeline.live(OLD)
    assert period is not None
    assert period.scores == {"auc": 0.8}
    assert history.look(first) == []
    unchanged = History()
    assert unchanged.look(seen(went_live_with={"auc": 0.8})) == ["live", "judged"]


def test_being_seen_live_twice_is_one_time() -> None:
    """Two runs at once that both saw a model go live leave one period, with what was first."""
    history = History()
    history.look(seen())
    again = Record("2026-03-02T04:00:00Z", "grow", OLD, "grow", "live", {"auc": 0.5})
    history.records.append(again)
    (period,) = history.timeline.keys["grow"].periods
    assert (period.begin[:10], period.scores) == ("2026-03-01", {"auc": 0.8})


def test_a_failed_gate_is_noted_once() -> None:
    """A model that isn't live and is judged is no period, and told once."""
    history = History()
    assert history.look(seen(NEW, live=False, parts=SHORT)) == ["judged"]
    assert history.look(seen(NEW, live=False, parts=SHORT)) == []
    assert history.timeline.keys["grow"].periods == []


def test_a_renamed_key_goes_on_with_its_model() -> None:
    """The model's time under the new key begins with what it scored when it went live."""
    history = History()
    history.look(seen())
    history.look(seen(updated="u2", auc=0.7))
    moved = Seen("growth", OLD, "grow", live=True, scores={"auc": 0.7}, updated="u2", parts=GOOD)
    assert history.look(moved) == ["live"]
    assert history.look(moved) == []
    timeline = history.timeline
    assert timeline.keys["grow"].periods[0].end is not None
    assert timeline.keys["growth"].periods[0].scores == {"auc": 0.8}


def test_what_was_live_on_a_day() -> None:
    """A date means its end; before the first time and after the last nothing was live."""
    history = History()
    history.look(seen())
    history.look(seen(updated="u2", auc=0.7))
    history.look(seen(live=False))
    timeline = history.timeline
    found = {day: timeline.at("grow", f"2026-03-{day:02d}") for day in (1, 2, 3)}
    assert {day: r and r.scores["auc"] for day, r in found.items()} == {1: 0.8, 2: 0.7, 3: None}
    assert timeline.at("grow", "2026-02-28") is None
    assert timeline.at("other", "2026-03-01") is None
    assert timeline.live_ids() == []


def many(number: int) -> list[Record]:
    """Return records of a random past of two models."""
    rng = random.Random(number)
    history = History()
    for _ in range(20):
        history.look(
            *(
                seen(
                    i, live=rng.random() < 0.7, auc=rng.choice([0.7, 0.8]), updated=rng.choice("ab")
                )
                for i in (OLD, NEW)
            )
        )
    return history.records


@pytest.mark.parametrize("number", range(5))
def test_order_and_doubles_do_not_matter(number: int) -> None:
    """Two branches of git that both appended are merged by keeping all lines, in any order."""
    records = many(number)
    lines = as_lines(records).splitlines()
    shuffled = [*lines, *lines[::2]]
    random.Random(number).shuffle(shuffled)
    assert read_lines(shuffled) == read_lines(lines)
    assert len(read_lines(lines).records) == len(records)


@pytest.mark.parametrize(
    "line",
    [
        '{"at": "2026-03-01T04:00:00Z", "key": "gr',
        "<<<<<<< HEAD",
        "[]",
        "null",
        '{"at": 1, "key": "a", "id": "b", "name": "c", "event": "live"}',
        '{"at": "x", "key": "a", "id": "b", "name": "c", "event": "exploded"}',
        "[" * 100_000,
        HUGE,
    ],
)
def test_what_cannot_be_read_is_left_out_and_counted(line: str) -> None:
    """Half a line, a merge's mark or a foreign line hides no other."""
    good = as_lines(many(0)).splitlines()
    read = read_lines([*good, line, ""])
    assert len(read.records) == len(good)
    assert read.unreadable == 1


def test_a_record_comes_back_as_it_was() -> None:
    """Every field survives the file; text of others holds no control characters then."""
    record = Record(
        at="2026-03-01T04:00:00Z",
        key="grow",
        id=OLD,
        name="grow\x1b[31m",
        event="retrained",
        scores={"auc": 0.7, "reach": 3},
        verdict=(Shortfall("auc", "at least 0.75", "0.7"),),
        updated="2026-02-28T23:00:00.5Z",
        health="healthy",
        bounds={"auc": 0.75},
        held_out={"tp": 10, "fp": 2},
    )
    (back,) = read_lines(as_lines([record]).splitlines()).records
    assert back.name == "grow?[31m"
    assert back == Record(**{**vars(record), "name": back.name})
    odd = {**record.as_dict(), "scores": {"auc": "high", "reach": 3}, "bounds": 7}
    (read,) = read_lines([json.dumps(odd)]).records
    assert (read.scores, read.bounds) == ({"reach": 3}, {})
    assert read_lines(['{"event": "live", "scores": {"auc": NaN}}']) == Read((), 1)
