"""A real HTTP server that receives messages, as a chat does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.serving import serving

SECRET = "T000-very-secret"


class Receiver:
    """What was received.

    Attributes:
        address: where to send, with a secret in it.
        received: the bodies, in order.
        answers: the status of the next replies; 200 once they are used up.
    """

    def __init__(self) -> None:
        self.address = ""
        self.received: list[dict[str, Any]] = []
        self.answers: list[int] = []


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a server on this machine until the test is done."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            kept.received.append(json.loads(self.rfile.read(length)))
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    with serving(Handler) as port:
        kept.address = f"http://127.0.0.1:{port}/services/{SECRET}"
        yield kept
