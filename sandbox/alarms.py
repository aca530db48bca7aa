"""What is to happen when a sandbox's clock says so."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.clock import NS, Clock


@dataclass(slots=True)
class _Alarm:
    due_ns: int
    act: Callable[[], None]
    timer: asyncio.TimerHandle


class Alarms:
    """Calls back on the event loop at a time of the clock; at most one call for a key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._set: dict[str, _Alarm] = {}

    def set(self, key: str, due_ns: int, act: Callable[[], None]) -> None:
        """Act at a time in nanoseconds since 1970, or soon if that is past."""
        self.cancel(key)
        wait_s = max(0.0, (due_ns - self._clock.now_ns()) / NS)
        timer = asyncio.get_running_loop().call_later(wait_s, self._ring, key)
        self._set[key] = _Alarm(due_ns, act, timer)

    def _ring(self, key: str) -> None:
        self._set.pop(key).act()

    def cancel(self, key: str) -> None:
        """Don't act."""
        if alarm := self._set.pop(key, None):
            alarm.timer.cancel()

    def clock_moved(self) -> None:
        """Act at once where that is due by now, in the order of the due times."""
        for key, alarm in sorted(self._set.items(), key=lambda item: item[1].due_ns):
            if self._set.get(key) is not alarm:
                continue  # what came before it has cancelled it
            alarm.timer.cancel()
            if alarm.due_ns <= self._clock.now_ns():
                self._ring(key)
            else:
                self.set(key, alarm.due_ns, alarm.act)

    def close(self) -> None:
        """Never act again."""
        for key in list(self._set):
            self.cancel(key)
