"""The only way to clock, sleep and chance: code that needs them is handed a `Timing`.

So a test shortens every pause with one object, and a simulation runs hours in a moment on a clock
of its own. Nothing else in `providers` may ask for time or randomness; ruff's TID251 holds that.
"""

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Pauses:
    """Pauses that grow from one to the next.

    Attributes:
        first_s: the first one, in seconds.
        longest_s: how long they get at most.
    """

    first_s: float
    longest_s: float


@dataclass(frozen=True)
class Timing:
    """Clock, sleep and chance, and how long everything waits, in seconds.

    Attributes:
        monotonic: tells the time on a clock that is never set back.
        wall: tells the seconds since 1970, to which dates in replies refer.
        sleep: lets a thread wait.
        sleep_async: lets a coroutine wait.
        uniform: draws a number between two others.
        lock: makes a lock that may be held by a thread that waits.
        retries: between two tries of a request that is safe to repeat.
        gaps: the distance between requests once the API limits them.
        longest_hold_s: how long a Retry-After is obeyed at most.
        recovery_s: how long one thread's patience in vain holds for all threads of a client.
        looks: between two looks into ML List for a model that was just made.
        recent_s: how old a look at the account may be where a write depends on it.
        gather_step_s: between two looks whether creates that share a look have arrived.
        longest_gather_s: how long a create waits for others to share a look with.
        polls: between two looks into ML List while models are being built.
        live_line_s: between two changes of the line that shows builds on a terminal.
        log_line_s: between two such lines in a log.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform
    lock: Callable[[], AbstractContextManager[bool]] = threading.Lock

    retries: Pauses = Pauses(0.25, 20.0)
    gaps: Pauses = Pauses(0.1, 5.0)
    longest_hold_s: float = 120.0
    recovery_s: float = 30.0

    looks: Pauses = Pauses(0.1, 2.0)
    recent_s: float = 10.0
    gather_step_s: float = 0.02
    longest_gather_s: float = 0.5

    polls: Pauses = Pauses(0.5, 30.0)
    live_line_s: float = 1.0
    log_line_s: float = 30.0

    def stamp(self) -> str:
        """Return the date and time now, in UTC; later ones sort after earlier ones."""
        at = datetime.fromtimestamp(self.wall(), UTC)
        return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


REAL = Timing()
