"""Sends a message, a few times if need be; the address is a secret and is shown nowhere."""

import time
from collections.abc import Sequence
from typing import Any

import httpx

TIMEOUT_S = 10.0
PAUSES_S = (1.0, 4.0)
"""Between the tries: there is one more of these."""
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}
_OK = range(200, 300)


def send(address: str, body: dict[str, Any], pauses_s: Sequence[float] = PAUSES_S) -> str:
    """Send a message; return why it could not be sent, "" if it was.

    No error of the library is repeated: it could hold the address.

    Args:
        address: where to.
        body: what.
        pauses_s: seconds before each further try.
    """
    why = ""
    try:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            for pause_s in (0.0, *pauses_s):
                time.sleep(pause_s)
                why, again = _try(client, address, body)
                if not again:
                    break
    except (httpx.InvalidURL, ValueError):
        return "what LYTICS_ML_NOTIFY holds is no address"
    return why


def _try(client: httpx.Client, address: str, body: dict[str, Any]) -> tuple[str, bool]:
    """Return why a try failed, and whether another one may not."""
    try:
        status = client.post(address, json=body).status_code
    except httpx.UnsupportedProtocol:
        return "what LYTICS_ML_NOTIFY holds is no address", False
    except httpx.TimeoutException:
        return f"no answer within {TIMEOUT_S:g} s", True
    except httpx.HTTPError as exc:
        return f"no connection ({type(exc).__name__})", True
    if status in _OK:
        return "", False
    return f"the answer was {status}", status in _TRY_AGAIN
