import os
from collections.abc import Iterator

import pytest

from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.support.bed.figures import Figures
from tests.support.bed.stacks import Stacks
from tests.support.engine.account import Account

HISTORIES = 40
CHAOS_HISTORIES = int(os.environ.get("CHAOS_EXAMPLES", "2000")) // 4
SEED = int(os.environ.get("CHAOS_SEED", "1"))
STEPS = 7


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account whose models are built at once, emptied before each history."""
    with serve_in_thread(Settings(train=False)) as handle:
        account = Account(handle)
        yield account
        account.close()


def lived(account: Account, seed: int, figures: Figures) -> None:
    """Go through one history of two stacks, and hold what must be true at its end."""
    stacks = Stacks(account, seed, figures.counts)
    stacks.live(STEPS)
    figures.add(histories=1, person=int(bool(stacks.broken)))
    assert stacks.broken == [], "\n".join([f"seed {seed}", *stacks.told, *stacks.world.said])


def test_two_stacks_stay_apart_whatever_happens_to_them(account: Account, figures: Figures) -> None:
    """Renames, moves, people, kills, refreshes: each stack ends as declared, on its own models."""
    for seed in range(SEED, SEED + HISTORIES):
        lived(account, seed, figures)


# 250: a model was moved under the name that the first stack gave it, and the second one's swap took
# the first one's live model for the one before.
@pytest.mark.parametrize("seed", [250])
def test_histories_that_went_wrong_once(account: Account, figures: Figures, seed: int) -> None:
    """What random histories have found stays mended."""
    lived(account, seed, figures)


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_two_stacks_stay_apart_whatever_happens_to_them_long(
    account: Account, figures: Figures
) -> None:
    """The same, many times."""
    for seed in range(SEED + HISTORIES, SEED + HISTORIES + CHAOS_HISTORIES):
        lived(account, seed, figures)
