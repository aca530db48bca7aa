"""How fast requests are sent, learnt from the API's refusals.

Dozens of threads that each back off by themselves still come back together: at a limit of 5
requests a second most of what they send is refused. So after a 429 all threads of a client share
one rate limit: each refusal makes the pause between requests longer, each reply shorter.
"""

import threading

from providers.lytics.timing import REAL, Timing

SLOWER = 1.5
FASTER = 0.98


class Pace:
    """The distance between the requests of all threads of one client.

    Args:
        timing: clock, sleep, chance, and how long the distance may get.
        longest_hold_s: the longest that all requests are held back because the API asks for it.
    """

    def __init__(self, timing: Timing = REAL, longest_hold_s: float = float("inf")) -> None:
        self._timing = timing
        self._longest_hold_s = min(longest_hold_s, timing.longest_hold_s)
        self._lock = threading.Lock()
        self._gap_s = 0.0
        self._next_s = 0.0
        self._slowed_s = 0.0

    @property
    def gap_s(self) -> float:
        """The distance now, in seconds."""
        return self._gap_s

    def wait(self) -> float:
        """Wait for this request's turn; return when that was, on the monotonic clock."""
        with self._lock:
            now_s = self._timing.monotonic()
            turn_s = max(now_s, self._next_s)
            self._next_s = turn_s + self._gap_s * self._timing.uniform(0.9, 1.1)
        self._timing.sleep(turn_s - now_s)
        return turn_s

    def slow_down(self, sent_s: float, asked_s: float | None) -> None:
        """Take note that a request was refused.

        Args:
            sent_s: when it was sent; of those sent at one pace only the first refusal counts.
            asked_s: seconds for which the API asks to send nothing, if it does.
        """
        with self._lock:
            if sent_s < self._slowed_s:
                return
            now_s = self._timing.monotonic()
            self._slowed_s = now_s
            gaps = self._timing.gaps
            self._gap_s = min(max(self._gap_s * SLOWER, gaps.first_s), gaps.longest_s)
            hold_s = min(asked_s or 0.0, self._longest_hold_s)
            self._next_s = max(self._next_s, now_s + max(hold_s, self._gap_s))

    def speed_up(self) -> None:
        """Take note that a request was answered."""
        with self._lock:
            smallest_s = self._timing.gaps.first_s / 10
            self._gap_s = self._gap_s * FASTER if self._gap_s > smallest_s else 0.0
