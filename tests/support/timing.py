"""Timings for tests: pauses that nobody waits for, and a clock that only sleeping moves."""

import asyncio
from dataclasses import replace
from typing import Any

from providers.lytics.timing import REAL, Pauses, Timing

# The machine's clock, and pauses as short as tests want them: how long they are has its own tests.
QUICK = replace(
    REAL,
    retries=Pauses(0.002, 0.02),
    gaps=Pauses(0.002, 0.02),
    longest_hold_s=0.02,
    looks=Pauses(0.002, 0.02),
    gather_step_s=0.002,
    polls=Pauses(0.005, 0.01),
)


class Clock:
    """A clock that moves when somebody sleeps.

    Attributes:
        now_s: what it shows.
        slept: every sleep, in seconds.
    """

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Move on."""
        assert seconds >= 0
        self.slept.append(seconds)
        self.now_s += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Move on, and let others have a turn."""
        self.sleep(seconds)
        await asyncio.sleep(0)

    def timing(self, base: Timing = REAL, **changes: Any) -> Timing:  # noqa: ANN401 - any field
        """Return a timing that goes by this clock, with the pauses that users get."""
        by_clock = {name: getattr(self, name) for name in ("monotonic", "sleep", "sleep_async")}
        return replace(base, **by_clock, **changes)
