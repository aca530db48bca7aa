import pytest

from tests.simulation.drawing import drawn
from tests.simulation.judges import judge

SEED = 1
JUDGED, CHAOS_JUDGED = 25, 1000
ONLY_HERE = {"reorders", "shouts"}
"""What the account of this process can and the sandbox can't."""


@pytest.mark.slow
def test_the_real_sandbox_judges_alike() -> None:
    """A history against the real sandbox over HTTP is the same, line by line."""
    judged(0, JUDGED)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_the_real_sandbox_judges_alike_long() -> None:
    """The same, many times."""
    judged(JUDGED, CHAOS_JUDGED)


def judged(first: int, last: int) -> None:
    """Live through histories here and there, and hold that nothing differs."""
    count = 0
    with judge() as the_judge:
        for number in range(first, last):
            history = drawn(SEED, number)
            if ONLY_HERE.isdisjoint(history["variety"]):
                count += 1
                assert the_judge.differences(history) == [], f"SEED={SEED} ONLY={number}"
    assert count > (last - first) / 2
