"""How fast requests are sent: one distance for all threads, learnt from refusals."""

from itertools import pairwise

import pytest

from providers.lytics.api.pace import Pace
from tests.support.timing import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock in place of the machine's."""
    return Clock()


def test_nothing_is_held_back_until_the_api_limits(clock: Clock) -> None:
    """An API that refuses nothing is asked without a pause."""
    one = Pace(clock.timing())
    for _ in range(10):
        assert one.wait() == 1000.0
        one.speed_up()
    assert (one.gap_s, clock.now_s) == (0.0, 1000.0)


def test_a_refusal_makes_a_distance_with_jitter(clock: Clock) -> None:
    """After a refusal requests follow each other at a distance, which isn't always the same."""
    one = Pace(clock.timing())
    one.slow_down(one.wait(), None)
    sent = [one.wait() for _ in range(20)]
    gaps = [later - sooner for sooner, later in pairwise(sent)]
    assert sent[0] == pytest.approx(1000.1)
    assert all(0.09 <= gap <= 0.11 + 1e-9 for gap in gaps)
    assert len({round(gap, 6) for gap in gaps}) > 10
    assert clock.now_s == sent[-1]


def test_the_distance_grows_with_each_refusal_up_to_a_limit(clock: Clock) -> None:
    """Refusals that follow each other make the distance longer, up to a limit."""
    one = Pace(clock.timing())
    found = []
    for _ in range(12):
        one.slow_down(one.wait(), None)
        found.append(one.gap_s)
    assert found[:3] == pytest.approx([0.1, 0.15, 0.225])
    assert found[-1] == 5.0
    assert clock.now_s > 1000.0


def test_refusals_at_one_pace_count_once(clock: Clock) -> None:
    """Of requests that were under way together the first refusal counts."""
    one = Pace(clock.timing())
    sent = [one.wait() for _ in range(5)]
    clock.now_s += 1
    for sent_s in sent:
        one.slow_down(sent_s, None)
    assert one.gap_s == pytest.approx(0.1)


def test_replies_make_the_distance_shorter(clock: Clock) -> None:
    """With each reply the distance shrinks, and in the end there is none."""
    one = Pace(clock.timing())
    one.slow_down(one.wait(), None)
    one.speed_up()
    assert one.gap_s == pytest.approx(0.098)
    for _ in range(200):
        one.speed_up()
    assert one.gap_s == 0.0
    assert clock.now_s == 1000.0


@pytest.mark.parametrize(("asked", "held"), [(0, 0.1), (7, 7), (86400, 120)])
def test_what_the_api_asks_for_holds_for_all(clock: Clock, asked: float, held: float) -> None:
    """A Retry-After holds every thread of the client, within reason."""
    one = Pace(clock.timing())
    one.slow_down(one.wait(), asked)
    assert one.wait() == pytest.approx(1000 + held)
    assert clock.now_s == pytest.approx(1000 + held)
