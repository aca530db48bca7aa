from itertools import pairwise

import pytest

from providers.lytics.api.pace import Pace
from providers.lytics.timing import REAL
from tests.support.timing import Clock


@pytest.fixture
def clock() -> Clock:
    """The clock that a pace goes by."""
    return Clock()


def test_nothing_waits_until_the_api_limits(clock: Clock) -> None:
    """Requests that are all answered are sent without any distance."""
    one = Pace(clock.timing())
    for _ in range(100):
        one.wait()
        one.speed_up()
    assert clock.now_s == 1000.0


def test_refusal_slows_all_down_once(clock: Clock) -> None:
    """Of many refusals of one pace the first counts; the next requests keep a distance."""
    one = Pace(clock.timing())
    sent = [one.wait() for _ in range(10)]
    clock.sleep(0.01)
    for sent_s in sent:
        one.slow_down(sent_s, None)
    assert one.gap_s == REAL.gaps.first_s
    turns = [one.wait() for _ in range(5)]
    assert all(later - earlier >= 0.09 for earlier, later in pairwise(turns))
    for _ in range(300):
        one.speed_up()
    assert one.gap_s == 0.0


def test_nobody_sends_while_the_api_asks_to_wait(clock: Clock) -> None:
    """A Retry-After holds every thread, and is never longer than two minutes."""
    one = Pace(clock.timing())
    one.slow_down(one.wait(), 7)
    assert one.wait() >= 1007.0
    one.slow_down(clock.now_s, 1e9)
    assert one.wait() <= clock.now_s + REAL.longest_hold_s + 1
