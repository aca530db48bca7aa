"""An HTTPS server whose certificate nobody signed whom this machine trusts."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import trustme

from tests.support.serving import serving

EMPTY = b'{"data": []}'


@contextmanager
def untrusted(ca_file: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Start such a server, which has an API without models.

    Args:
        ca_file: gets the certificate of the CA that signed the server's.

    Yields:
        The API's address there, and what was asked so far: path and key.
    """
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer that there is nothing."""
            asked.append((self.path, self.headers["authorization"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(EMPTY)))
            self.end_headers()
            self.wfile.write(EMPTY)

    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(context)
    with serving(Handler, context) as port:
        yield f"https://localhost:{port}/api", asked
