"""Many histories of one seed, on every core; the digest is the same however many work on it."""

import gc
import hashlib
import math
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.simulation.coverage import Met, met_in
from tests.simulation.drawing import drawn
from tests.simulation.living import Life
from tests.simulation.story import lived

CHUNK = 50
"""Histories that one process lives through before it tells."""
DIGITS = 16


@dataclass
class Chunk:
    """What some histories came to.

    Attributes:
        first: the number of the first of them.
        digests: one of each history.
        broken: what didn't hold, by number.
    """

    first: int
    digests: list[bytes] = field(default_factory=list)
    broken: dict[int, list[str]] = field(default_factory=dict)
    met: "Counter[Met]" = field(default_factory=Counter)
    runs: int = 0
    requests: int = 0


@dataclass
class Campaign:
    """What all histories came to.

    Attributes:
        histories: how many there were.
        digest: of all of them.
        took_s: how long they took, in seconds.
    """

    histories: int = 0
    broken: dict[int, list[str]] = field(default_factory=dict)
    met: "Counter[Met]" = field(default_factory=Counter)
    runs: int = 0
    requests: int = 0
    digest: str = ""
    took_s: float = 0.0

    @property
    def summary(self) -> str:
        """The line that says it all."""
        said = [what for broken in self.broken.values() for what in broken]
        lost = sum("is lost" in one for one in said)
        twice = sum("is there twice" in one for one in said)
        rate = self.histories / self.took_s if self.took_s else 0.0
        return (
            f"{self.histories} histories in {self.took_s:.0f} s: {lost} lost, {twice} twice, "
            f"{len(self.broken)} wrong; {self.runs} runs, {self.requests} requests, "
            f"{rate:.0f} histories/s"
        )


def digest_of(life: Life) -> bytes:
    """Return a hash of all that happened in a history."""
    text = "\n".join([*life.told, *map(str, life.asked), *life.broken])
    return hashlib.sha256(text.encode()).digest()[:DIGITS]


def _chunk(job: tuple[int, int, int]) -> Chunk:
    seed, first, count = job
    # What a history leaves behind goes all at once: looking for it after each is a tenth of it all.
    gc.disable()
    chunk = Chunk(first)
    for number in range(first, first + count):
        try:
            life = lived(drawn(seed, number))
        except Exception:  # noqa: BLE001 - told with the number that replays it
            chunk.broken[number] = [traceback.format_exc()]
            chunk.digests.append(b"?" * DIGITS)
            continue
        chunk.digests.append(digest_of(life))
        chunk.met += met_in(life)
        chunk.runs += len(life.runs)
        chunk.requests += len(life.asked)
        if life.broken:
            chunk.broken[number] = life.broken
    gc.collect()
    return chunk


def _chunks(seed: int, histories: int, workers: int) -> Iterator[Chunk]:
    jobs = [(seed, first, min(CHUNK, histories - first)) for first in range(0, histories, CHUNK)]
    if workers == 1:
        yield from map(_chunk, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(_chunk, jobs)


def lived_through(
    seed: int,
    histories: int,
    workers: int,
    show: Callable[[Campaign], None] = lambda _: None,
    within_s: float = math.inf,
) -> Campaign:
    """Live through so many histories of a seed.

    Args:
        seed: from which all is drawn.
        histories: how many, from 0.
        workers: processes that share them.
        show: is told how far it is.
        within_s: seconds after which no more are begun; the digest is that of those that were.
    """
    campaign, whole, started_s = Campaign(), hashlib.sha256(), time.monotonic()
    for chunk in _chunks(seed, histories, workers):
        campaign.histories += len(chunk.digests)
        campaign.broken |= chunk.broken
        campaign.met += chunk.met
        campaign.runs += chunk.runs
        campaign.requests += chunk.requests
        whole.update(b"".join(chunk.digests))
        campaign.took_s = time.monotonic() - started_s
        show(campaign)
        if campaign.took_s > within_s:
            break
    campaign.digest = whole.hexdigest()[:DIGITS]
    return campaign
