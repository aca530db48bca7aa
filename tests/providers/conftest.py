"""Sandboxes and runs for the tests of the provider; nothing here waits as long as a user would."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.lab import Lab, start_lab


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
