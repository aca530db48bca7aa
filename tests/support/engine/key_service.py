"""A key service that stands for Vault: it keeps nothing secret, and answers at once.

For a stack with a passphrase, each command of the engine derives its key anew, by a million hashes:
a quarter of the processor's time of a test's `up`. With a key service, which many teams have, the
engine asks for the stack's key instead. What protects the secrets is the engine itself either way.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRETS_PROVIDER = "hashivault://tests"
_SEALED = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    """Vault's transit engine: https://developer.hashicorp.com/vault/api-docs/secret/transit."""

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "plaintext" in asked:
            data = {"ciphertext": f"{_SEALED}{asked['plaintext']}"}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(_SEALED)}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Write nothing to the test's screen."""


@contextmanager
def key_service() -> Iterator[dict[str, str]]:
    """Run the service; yield the environment in which the engine finds it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield {
            "VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}",
            "VAULT_SERVER_TOKEN": "tests",
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
