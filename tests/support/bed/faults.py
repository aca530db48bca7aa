"""Every way in which a request fails, for the sandbox to play and for hypothesis to draw."""

import random
import ssl
from collections.abc import Mapping
from typing import Any

import httpx
from hypothesis import strategies as st

Json = dict[str, Any]
# Longer than the harness' clients wait for a reply, so that they have gone when it comes.
LATE_S = 0.3

WAYS: Mapping[str, Json] = {
    "500": {"status": 500},
    "500 as a page": {"status": 500, "body": "html"},
    "502": {"status": 502, "body": "html"},
    "503": {"status": 503},
    "503 with Retry-After": {"status": 503, "body": "html", "retry_after": 0},
    "504": {"status": 504, "body": "html"},
    "429": {"status": 429},
    "429 with Retry-After": {"status": 429, "retry_after": 0},
    "401": {"status": 401},
    "closed": {"what": "drop"},
    "reset": {"what": "reset"},
    "cut": {"what": "cut"},
    "reset midway": {"what": "reset_midway"},
    "late": {"what": "slow", "seconds": LATE_S},
    "wrong content type": {"what": "wrong_content_type"},
    "200 as a page": {"status": 200, "body": "html"},
}
MOMENTS = ("before", "after")
# As the request log calls them.
ALL = frozenset(f"{way}@{moment}" for way in WAYS for moment in MOMENTS)
# Made once: reading the certificates takes longer than a run against the sandbox.
TLS = ssl.create_default_context()
# The issue's measured mix: one request in four, lost before or after it took effect.
ISSUE_MIX = ("500", "502", "429", "drop@after", "cut@after", "cut@before")


def way(name: str, when: str) -> Json:
    """Return one way to fail, before or after the request takes effect."""
    return {**WAYS[name], "called": name, "when": when}


def ways() -> st.SearchStrategy[Json]:
    """Draw one way to fail; all are as likely, which hypothesis alone doesn't make them."""
    every = [way(name, moment) for name in WAYS for moment in MOMENTS]
    return st.integers(0, 10_000).map(lambda seed: random.Random(seed).choice(every))


def rules() -> st.SearchStrategy[list[Json]]:
    """Draw what goes wrong in one run: a share of all requests, or chosen ones."""
    share = st.builds(
        lambda rate, seed, kinds: {"rate": rate, "seed": seed, "kinds": kinds},
        st.sampled_from([0.1, 0.25, 0.5]),
        st.integers(0, 1000),
        st.lists(ways(), min_size=1, max_size=4),
    )
    chosen = st.builds(
        lambda way, what, skip, times: {**way, **what, "skip": skip, "times": times},
        ways(),
        st.sampled_from(
            [
                *[{"method": "POST", "path": "^/api/ml$"}] * 3,
                {"method": "POST", "path": "^/api/ml/"},
                {"method": "GET", "path": "^/api/ml$"},
                {"method": "GET", "path": "^/api/ml/"},
                {"method": "DELETE"},
            ]
        ),
        st.integers(0, 3),
        st.sampled_from([1, 2, None]),
    )
    return st.lists(st.one_of(share, chosen), max_size=3)


class Refusing(httpx.BaseTransport):
    """A network on which some connections are refused.

    Args:
        rate: share of the requests, 0 to 1.
        seed: which.
    """

    def __init__(self, rate: float, seed: int) -> None:
        self._real = httpx.HTTPTransport(verify=TLS)
        self._rate = rate
        self._dice = random.Random(seed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or refuse the connection."""
        if self._dice.random() < self._rate:
            message = "connection refused"
            raise httpx.ConnectError(message)
        return self._real.handle_request(request)

    def close(self) -> None:
        """Close every connection."""
        self._real.close()
