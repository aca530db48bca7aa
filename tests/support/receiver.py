"""A real HTTP server that receives messages, as a chat does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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

        def log_message(self, *_arguments: object) -> None:
            """Write nothing to the test's screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    kept.address = f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
