"""A server between a stack and its account that nests chosen replies a hundred thousand deep."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import httpx

from tests.support.serving import serving

LEVELS = 100_000
DEEP = b'{"data":' + b"[" * LEVELS + b"]" * LEVELS + b"}"


@contextmanager
def deepening(root: str, what: str) -> Iterator[str]:
    """Start such a server, and return the API's address there.

    Args:
        root: where the account's sandbox listens.
        what: regular expression of method and path, for example `GET /api/ml$`.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Pass a request on, and its reply back or a deep one in its place."""
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            sent = {name: self.headers[name] for name in ("authorization", "content-type")}
            kept = {name: value for name, value in sent.items() if value is not None}
            got = httpx.request(self.command, root + self.path, content=body, headers=kept)
            is_chosen = re.search(what, f"{self.command} {self.path}")
            reply = DEEP if is_chosen else got.content
            self.send_response(got.status_code)
            self.send_header("Content-Type", got.headers["content-type"])
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}/api"
