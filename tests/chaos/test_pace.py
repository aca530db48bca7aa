from itertools import pairwise

import pytest

from providers.lytics.api import pace
from providers.lytics.api.pace import Pace


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that a pace goes by."""
    clock = Clock()
    monkeypatch.setattr(pace, "monotonic", lambda: clock.now_s)
    monkeypatch.setattr(pace, "sleep", clock.sleep)
    return clock


def test_nothing_waits_until_the_api_limits(clock: Clock) -> None:
    """Requests that are all answered are sent without any distance."""
    one = Pace()
    for _ in range(100):
        one.wait()
        one.speed_up()
    assert clock.now_s == 100.0


def test_refusal_slows_all_down_once(clock: Clock) -> None:
    """Of many refusals of one pace the first counts; the next requests keep a distance."""
    one = Pace()
    sent = [one.wait() for _ in range(10)]
    clock.sleep(0.01)
    for sent_s in sent:
        one.slow_down(sent_s, None)
    assert one.gap_s == pace.FIRST_GAP_S
    turns = [one.wait() for _ in range(5)]
    assert all(later - earlier >= 0.09 for earlier, later in pairwise(turns))
    for _ in range(300):
        one.speed_up()
    assert one.gap_s == 0.0


def test_nobody_sends_while_the_api_asks_to_wait(clock: Clock) -> None:
    """A Retry-After holds every thread, and is never longer than two minutes."""
    one = Pace()
    one.slow_down(one.wait(), 7)
    assert one.wait() >= 107.0
    one.slow_down(clock.now_s, 1e9)
    assert one.wait() <= clock.now_s + pace.LONGEST_HOLD_S + 1
