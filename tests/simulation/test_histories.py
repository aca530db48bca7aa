import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.campaign import digest_of, lived_through
from tests.simulation.coverage import every_value, table
from tests.simulation.drawing import drawn
from tests.simulation.story import lived

SEED = 1
HISTORIES = 5000
ROOT = Path(__file__).parents[2]
FINDS = sorted((Path(__file__).parent / "finds").glob("*.json"))


def simulated(*arguments: str, hash_seed: str = "0") -> "subprocess.CompletedProcess[str]":
    """Run what `make simulate` runs."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_invariant_holds_in_five_thousand_histories() -> None:
    """Whatever fails, dies or is done by people: what must hold holds, and all of it was met."""
    campaign = lived_through(SEED, HISTORIES, os.cpu_count() or 1)
    told = "\n".join(
        f"make simulate SEED={SEED} ONLY={number}: {broken}"
        for number, broken in sorted(campaign.broken.items())
    )
    assert not campaign.broken, told
    assert campaign.histories == HISTORIES
    missed = [value for value in every_value() if not campaign.met[value]]
    assert missed == [], table(campaign.met)


@pytest.mark.slow
def test_same_seed_gives_the_same_histories_everywhere() -> None:
    """Neither the hashes of a process nor the number of processes changes a digest."""
    some = ("--seed", "5", "--histories", "60")
    one = simulated(*some, "--workers", "1", hash_seed="1")
    other = simulated(*some, "--workers", "2", hash_seed="2")
    for ran in (one, other):
        assert ran.returncode == 0, ran.stdout + ran.stderr
    digests = [ran.stdout.splitlines()[-1] for ran in (one, other)]
    assert digests[0] == digests[1]
    assert digests[0].startswith("digest: ")
    assert "60 histories in" in one.stdout.splitlines()[-2]
    # Another seed, another history.
    assert digest_of(lived(drawn(5, 0))) != digest_of(lived(drawn(6, 0)))


def test_one_history_is_told_step_by_step() -> None:
    """ONLY replays one history: what is edited, each request that writes, how each run ended."""
    ran = simulated("--seed", "5", "--only", "3")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "history 3 of seed 5: " in ran.stdout
    assert " POST /" in ran.stdout
    assert " ended: " in ran.stdout
    assert f"digest: {digest_of(lived(drawn(5, 3))).hex()}" in ran.stdout


@pytest.mark.parametrize("find", FINDS, ids=[find.stem for find in FINDS])
def test_histories_that_went_wrong_once_go_well(find: Path) -> None:
    """What the simulation has found stays mended."""
    life = lived(json.loads(find.read_text())["history"])
    assert life.broken == [], "\n".join([*life.told, *life.broken])
