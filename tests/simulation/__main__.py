"""`make simulate`: lives through histories of a seed, or tells one of them step by step."""

import argparse
import json
import math
import os
import sys

from tests.simulation.campaign import Campaign, digest_of, lived_through
from tests.simulation.coverage import every_pair, table
from tests.simulation.drawing import drawn
from tests.simulation.shrinking import shrunk
from tests.simulation.story import lived

MOST_TOLD = 5
"""Wrong histories that are told in full."""


def say(*lines: str, sep: str = "\n") -> None:
    """Write lines."""
    sys.stdout.write(sep.join(lines) + "\n")


def main() -> int:
    """Return 0 if every invariant holds in every history, else 1."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=5000)
    parser.add_argument("--only", type=int, help="replay one history, and tell it")
    parser.add_argument("--every-pair", action="store_true", help="fail where a pair isn't met")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--within", type=float, default=math.inf, help="seconds for all of them")
    chosen = parser.parse_args()
    if chosen.only is not None:
        return _replay(chosen.seed, chosen.only)
    campaign = lived_through(chosen.seed, chosen.histories, chosen.workers, _show, chosen.within)
    sys.stderr.write("\n")
    for number, broken in sorted(campaign.broken.items())[:MOST_TOLD]:
        say(f"history {number} is wrong:\n  " + "\n  ".join(broken))
        say(f"  replay it: make simulate SEED={chosen.seed} ONLY={number}")
    if campaign.broken:
        say(f"wrong: {', '.join(map(str, sorted(campaign.broken)))}")
    say(table(campaign.met))
    missed = [pair for pair in every_pair() if not campaign.met[pair]] if chosen.every_pair else []
    if missed:
        say("never met:", *map(str, missed), sep="\n  ")
    say(campaign.summary)
    say(f"digest: {campaign.digest}")
    return 1 if campaign.broken or missed else 0


def _replay(seed: int, number: int) -> int:
    history = drawn(seed, number)
    life = lived(history)
    say(f"history {number} of seed {seed}: {json.dumps(history['variety'])}")
    if not life.broken:
        say(*life.told, sep="\n")
        say(f"every invariant holds; digest: {digest_of(life).hex()}")
        return 0
    smaller = shrunk(history)
    life = lived(smaller)
    say("made as short as it can be while the same is wrong:")
    say(json.dumps(smaller, indent=1))
    say(*life.told, sep="\n")
    say("what doesn't hold:", *life.broken, sep="\n  ")
    return 1


def _show(campaign: Campaign) -> None:
    line = f"{campaign.histories} histories, {len(campaign.broken)} wrong, {campaign.took_s:.0f} s"
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{line}")
    elif campaign.histories % 1000 == 0:
        wrong = ", ".join(map(str, sorted(campaign.broken)))
        sys.stderr.write(f"{line}{f' ({wrong})' if wrong else ''}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
