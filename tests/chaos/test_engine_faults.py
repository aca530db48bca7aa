import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.faults import ISSUE_MIX
from tests.chaos.figures import Figures
from tests.engine.account import Account
from tests.engine.project import copy_of
from tests.engine.shapes import model

pytestmark = [pytest.mark.engine, pytest.mark.chaos]
SEED = int(os.environ.get("CHAOS_SEED", "1"))
STACKS = 6
MODELS = 12
MOST_RUNS = 8
RATE = 0.25
# A quarter of the default, which would be waited out nowhere here.
PATIENT = {"lytics:patienceSeconds": 20, "lytics:settleSeconds": 2}


@pytest.mark.parametrize("number", range(STACKS))
def test_twelve_models_come_up_while_one_request_in_four_fails(
    number: int,
    account_with: Callable[..., Account],
    template: Path,
    tmp_path: Path,
    figures: Figures,
) -> None:
    """With one request in four failing, `up` settles by itself, with each model there once."""
    account = account_with()
    project = copy_of(template, tmp_path / "program", account)
    project.configure(PATIENT)
    keys = [f"model-{i:02}" for i in range(MODELS)]
    project.declare({key: model(is_active=False, label="declared") for key in keys})
    account.fault(rate=RATE, seed=SEED * 100 + number, kinds=list(ISSUE_MIX))
    runs = 0
    settled = False
    while not settled and runs < MOST_RUNS:
        runs += 1
        settled = project.up(code=None).code == 0
    hits = sum(1 for entry in account.requests() if entry["fault"])
    account.mend()
    names = [str(found["name"]).rsplit("-", 2)[0] for found in account.models().values()]
    lost = sum(key not in names for key in keys)
    twice = sum(names.count(key) > 1 for key in keys)
    figures.add(stacks=1, models=MODELS, runs=runs, faults=hits, lost=lost, twice=twice)
    figures.add(person=int(not settled))
    assert (lost, twice, settled) == (0, 0, True)
    project.expect_no_changes()
