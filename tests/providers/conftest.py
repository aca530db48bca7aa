"""Sandboxes and runs for the tests of the provider; nothing here waits as long as a user would."""

from collections.abc import Callable, Iterator

import pytest

from providers.lytics.api import client, pace
from providers.lytics.host import lifecycle, run
from tests.support.lab import Lab, start_lab


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon: how long the pauses are has tests of its own."""
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.002)
    monkeypatch.setattr(client, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(lifecycle, "FIRST_PAUSE_S", 0.002)
    monkeypatch.setattr(lifecycle, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(pace, "LONGEST_HOLD_S", 0.02)
    monkeypatch.setattr(run, "GATHER_STEP_S", 0.002)
    monkeypatch.setattr(pace, "FIRST_GAP_S", 0.002)
    monkeypatch.setattr(pace, "LONGEST_GAP_S", 0.02)


@pytest.fixture
def lab_with() -> Iterator[Callable[..., Lab]]:
    """Start sandboxes with settings of one's own."""
    labs: list[Lab] = []

    def start(**settings: object) -> Lab:
        labs.append(start_lab(**settings))
        return labs[-1]

    yield start
    for lab in labs:
        lab.close()


@pytest.fixture(scope="session")
def _shared_lab() -> Iterator[Lab]:
    lab = start_lab()
    yield lab
    lab.close()


@pytest.fixture
def lab(_shared_lab: Lab) -> Lab:
    """A sandbox with nothing in it, and runs against it."""
    _shared_lab.reset()
    return _shared_lab
