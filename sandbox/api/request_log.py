"""The log of API requests that tests read back."""

import json
import re
import time
from collections import deque
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

from sandbox.clock import NS, Clock

KEPT = 100_000
"""Requests kept; the oldest go first."""
_KEYS = re.compile(r"\b(key|access_token)=[^&]*")


@dataclass(slots=True)
class Entry:
    """One request, written when it arrives and completed when it is answered.

    Attributes:
        seq: 1, 2, 3 … in order of arrival; never starts again.
        monotonic_s: arrival on the server's monotonic clock, in seconds.
        epoch_s: arrival on the sandbox's clock, in seconds since 1970; the reply's ``Date``.
        query: with keys masked.
        body: parsed JSON; text if it is none.
        status: what the caller saw; None while it waits, or if it saw none.
        fault: e.g. ``drop@after``.
        aid: the key's account.
        took_s: from arrival to the end of the answer, in seconds.
        model: id of the model that it made, changed or deleted.
        live: ids of the models that were live once it had taken effect; None for a read.
    """

    seq: int
    monotonic_s: float
    epoch_s: float
    method: str
    path: str
    query: str
    body: Any
    aid: int | None
    status: int | None = None
    fault: str | None = None
    took_s: float | None = None
    model: str | None = None
    live: list[str] | None = None


class RequestLog:
    """What was asked, in order of arrival.

    Attributes:
        clock: what tells when.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._seq = 0

    def open(self, method: str, path: str, query: str, body: bytes, aid: int | None) -> Entry:
        """Take down a request that has just arrived."""
        self._seq += 1
        masked = _KEYS.sub(r"\1=***", query)
        epoch_s = self.clock.now_ns() / NS
        entry = Entry(
            self._seq, time.monotonic(), epoch_s, method, path, masked, _parsed(body), aid
        )
        self._entries.append(entry)
        return entry

    def since(self, seq: int) -> list[dict[str, Any]]:
        """Return the requests after a sequence number, oldest first."""
        newer = takewhile(lambda entry: entry.seq > seq, reversed(self._entries))
        return [asdict(entry) for entry in newer][::-1]

    def clear(self) -> None:
        """Forget all requests; the numbers go on."""
        self._entries.clear()


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
