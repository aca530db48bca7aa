"""Waiting for builds: one list per poll, and every wait ends."""

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from providers.lytics.errors import RequestError
from providers.lytics.program.builds import waiting
from providers.lytics.program.builds import watcher as watcher_module
from providers.lytics.program.builds.watcher import BuildWatcher, Built
from providers.lytics.shapes import Model
from providers.lytics.timing import Timing
from tests.support.timing import QUICK, Clock


class Account:
    """A list of models that changes from poll to poll.

    Args:
        polls: what each poll shows, the last one again and again; an error is raised.
    """

    def __init__(self, *polls: list[Model] | Exception) -> None:
        self.polls = list(polls)
        self.asked = 0
        self.shown: list[str] = []

    def __call__(self) -> list[Model]:
        """Ask once."""
        poll = self.polls[min(self.asked, len(self.polls) - 1)]
        self.asked += 1
        if isinstance(poll, Exception):
            raise poll
        return poll

    def watcher(self, *, live: bool = False, timing: Timing = QUICK, **asks: Any) -> BuildWatcher:  # noqa: ANN401 - as BuildWatcher takes them
        """Return a watcher of this account."""
        return BuildWatcher(self, self.shown.append, live=live, timing=timing, **asks)


def model(id_: str = "a", state: str = "building", **shown: Any) -> Model:  # noqa: ANN401 - JSON
    """Return a model as ML List shows it."""
    return Model.model_validate({"id": id_, "state": state, **shown})


def run(wait: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - what the coroutine returns
    """Run a wait to its end; one that doesn't end fails."""
    return asyncio.run(asyncio.wait_for(wait, 20))


@pytest.mark.parametrize("state", ["complete", "completed"])
def test_a_build_ends(state: str) -> None:
    """A model is waited for until it is complete, or completed."""
    account = Account([], [model()], [model(state=state)])
    assert run(account.watcher().built("churn", "a", 60)) == Built(
        model(state=state), was_awaited=True
    )
    assert account.asked == 3


@pytest.mark.parametrize("shown", [{"is_active": True}, {"is_healthy": True}, {"type": "rf"}])
def test_what_was_once_complete_is_not_waited_for(shown: dict[str, Any]) -> None:
    """A model that is trained again is used as it is."""
    account = Account([model(**shown)])
    assert run(account.watcher().built("churn", "a", 60)).problem == ""
    assert account.asked == 1


def test_a_known_model_needs_no_poll() -> None:
    """What an earlier look showed complete isn't asked for again."""
    account = Account([model(state="complete")])

    async def twice() -> None:
        watcher = account.watcher()
        assert watcher.look() == {}
        assert set(await watcher.look_again()) == {"a"}
        assert (await watcher.built("churn", "a", 60)).problem == ""
        assert watcher.look()["a"].is_complete

    run(twice())
    assert account.asked == 1


@pytest.mark.parametrize(
    ("shown", "why"),
    [({"reason": "too few users"}, ": too few users"), ({}, ", Lytics gives no reason")],
)
def test_an_invalid_build_ends_with_the_reason(shown: dict[str, Any], why: str) -> None:
    """An invalid model is told with the API's reason and the command that retrains."""
    account = Account([model(state="invalid", **shown)])
    ended = run(account.watcher().built("churn", "a", 60))
    assert ended.problem == (f"model a is invalid{why}. bin/lytics-ml retrain churn trains it anew")
    assert not ended.is_late


def test_a_model_that_is_gone_is_waited_for_no_more() -> None:
    """A model that isn't listed, and that the API doesn't know by its id, ends its own wait."""
    account = Account([], [], [model("b", "complete")])
    asked: list[str] = []

    def is_gone(model_id: str) -> bool:
        asked.append(model_id)
        return model_id == "a"

    async def both() -> tuple[Built, Built]:
        watcher = account.watcher(is_gone=is_gone)
        return await asyncio.gather(watcher.built("a", "a", 60), watcher.built("b", "b", 60))

    gone, late = run(both())
    assert gone.problem == (
        "model a is gone from the account. pulumi up --refresh trains what is declared anew"
    )
    assert not gone.is_late
    assert late.problem == ""
    assert asked == ["a", "b", "b"]


def test_a_list_that_lags_takes_no_model_for_gone() -> None:
    """Until ML List must show a new model nobody asks whether it is there."""
    account = Account([], [], [model(state="complete")])
    watcher = account.watcher(is_gone=lambda _: True, settle_s=60)
    assert run(watcher.built("a", "a", 60)).problem == ""


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ([model()], "is in state 'building'"),
        ([model(state="retraining")], "is in state 'retraining'"),
        ([model(id_="b", state="complete")], "isn't in ML List"),
    ],
)
def test_a_wait_has_a_limit(listed: list[Model], words: str) -> None:
    """A build that takes too long, in a state known or not, ends the wait with what to do."""
    ended = run(Account(listed).watcher().built("churn", "a", 0.02))
    assert ended.problem == (
        f"model a {words} after 0s. pulumi up goes on waiting; build_timeout gives it longer"
    )
    assert ended.is_late


def test_many_models_cost_one_list_a_poll() -> None:
    """Two hundred waits cost as many lists as the slowest one alone."""
    ids = [f"m{number}" for number in range(200)]
    building = [model(i) for i in ids]
    half = [model(i, "complete" if n % 2 else "building") for n, i in enumerate(ids)]
    account = Account(building, half, building, [model(i, "complete") for i in ids])

    async def all_of_them() -> list[Built]:
        watcher = account.watcher()
        return await asyncio.gather(*(watcher.built(i, i, 60) for i in ids))

    ended = run(all_of_them())
    assert [built.model.id for built in ended] == ids
    assert all(built.problem == "" for built in ended)
    assert account.asked == 4


def test_the_good_go_on_beside_the_bad() -> None:
    """A wait that ends with a problem ends no other."""
    account = Account([model("a"), model("b", "invalid")], [model("a", "complete")])

    async def both() -> tuple[Built, Built]:
        watcher = account.watcher()
        return await asyncio.gather(watcher.built("a", "a", 60), watcher.built("b", "b", 60))

    good, bad = run(both())
    assert good.problem == ""
    assert "is invalid" in bad.problem


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RequestError("GET", "/api/ml", "503"), "GET /api/ml: 503"),
        (RuntimeError("the client is closed"), "the client is closed"),
    ],
)
def test_a_failing_api_ends_every_wait(error: Exception, words: str) -> None:
    """What can't be watched any more is told for every model, whatever went wrong."""
    account = Account([model("a"), model("b")], error)

    async def both() -> tuple[Built, Built]:
        watcher = account.watcher()
        return await asyncio.gather(watcher.built("a", "a", 60), watcher.built("b", "b", 60))

    for ended, id_ in zip(run(both()), "ab", strict=True):
        assert ended.problem == (f"could not be watched: {words}. pulumi up goes on waiting for it")
        assert ended.is_late
        assert ended.model == model(id_)


def test_a_display_that_fails_ends_no_wait() -> None:
    """A line that can't be shown leaves nobody waiting for ever."""

    def broken(_: str) -> None:
        message = "the engine is gone"
        raise RuntimeError(message)

    watcher = BuildWatcher(
        Account([model()]), broken, live=False, timing=replace(QUICK, log_line_s=0.0)
    )
    assert "the engine is gone" in run(watcher.built("churn", "a", 60)).problem


def test_who_comes_late_joins() -> None:
    """A model that is declared while others are waited for is watched by the same polls."""
    account = Account([model("a")], [model("a")], [model("a", "complete"), model("b", "complete")])

    async def one_after_the_other() -> tuple[Built, Built]:
        watcher = account.watcher()
        first = asyncio.ensure_future(watcher.built("a", "a", 60))
        await asyncio.sleep(0.003)
        return await watcher.built("b", "b", 60), await first

    assert all(ended.problem == "" for ended in run(one_after_the_other()))
    assert account.asked == 3


def test_who_comes_after_the_end_starts_anew() -> None:
    """After all waits have ended the next one polls again."""
    account = Account([model("a", "complete")], [model("b", "complete")])

    async def one_after_the_other() -> None:
        watcher = account.watcher()
        assert (await watcher.built("a", "a", 60)).problem == ""
        assert (await watcher.built("b", "b", 60)).problem == ""

    run(one_after_the_other())
    assert account.asked == 2


def test_the_longest_limit_holds() -> None:
    """Two waits for one model end as one, when the longer limit is over."""
    account = Account([model()], [model()], [model()], [model(state="complete")])

    async def twice() -> tuple[Built, Built]:
        watcher = account.watcher()
        return await asyncio.gather(watcher.built("a", "a", 0), watcher.built("a", "a", 60))

    assert [ended.problem for ended in run(twice())] == ["", ""]


def test_a_wait_that_is_cancelled_cancels_no_other() -> None:
    """Who no longer waits takes the wait from nobody else."""
    account = Account([model()], [model()], [model(state="complete")])

    async def cancelled() -> Built:
        watcher = account.watcher()
        first = asyncio.ensure_future(watcher.built("a", "a", 60))
        second = asyncio.ensure_future(watcher.built("a", "a", 60))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert run(cancelled()).problem == ""


@pytest.mark.parametrize("live", [True, False])
def test_a_line_shows_how_far_the_builds_are(*, live: bool) -> None:
    """The line says how many are done, which are building and for how long, the oldest first."""
    live_s, log_s = (0.0, 1000.0) if live else (1000.0, 0.0)
    timing = replace(QUICK, live_line_s=live_s, log_line_s=log_s)
    ids = ["a", "b", "c", "d", "e"]
    building = [model(i) for i in ids]
    account = Account(
        building, [model("e", "complete"), *building[:4]], [model(i, "complete") for i in ids]
    )

    async def all_of_them() -> None:
        watcher = account.watcher(live=live, timing=timing)
        await asyncio.gather(*(watcher.built(f"key-{i}", i, 60) for i in ids))

    run(all_of_them())
    shown = [re.sub(r"\b\d+s", "0s", line) for line in account.shown]
    assert "0 of 5 built, key-a 0s, key-b 0s, key-c 0s and 2 more" in shown
    assert "1 of 5 built, key-a 0s, key-b 0s, key-c 0s and 1 more" in shown


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.9, "0s"), (59, "59s"), (61, "1m01s"), (3600, "1h00m"), (7322, "2h02m")]
)
def test_durations(seconds: float, text: str) -> None:
    """A duration is written as people read it."""
    assert watcher_module._duration(seconds) == text


def test_polls_slow_down() -> None:
    """The pause between polls grows, with jitter, up to a limit."""
    clock = Clock()
    asked_s: list[float] = []

    class Noting(Account):
        def __call__(self) -> list[Model]:
            asked_s.append(clock.now_s)
            return super().__call__()

    account = Noting(*[[model()]] * 30, [model(state="complete")])
    watcher = account.watcher(timing=clock.timing())
    assert run(watcher.built("a", "a", 3600)).problem == ""
    pauses = [later - sooner for sooner, later in pairwise(asked_s)]
    assert 0.4 <= pauses[0] <= 0.6
    assert all(24 <= pause <= 36 for pause in pauses[-5:])
    assert len({round(pause, 6) for pause in pauses[-5:]}) == 5


def test_a_model_that_isnt_listed_has_no_predecessor() -> None:
    """Whether a model takes a live one's place shows in its name."""
    assert not waiting._has_live_predecessor({}, "a")
    live = model("b", name="churn", is_active=True)
    assert waiting._has_live_predecessor({"a": model(name="churn"), "b": live}, "a")
    assert not waiting._has_live_predecessor({"a": model(name="other"), "b": live}, "a")
