"""A key service that stands for Vault: it keeps nothing secret, and answers at once.

For a stack with a passphrase, each command of the engine derives its key anew, by a million hashes:
a quarter of the processor's time of a test's `up`. With a key service, which many teams have, the
engine asks for the stack's key instead. What protects the secrets is the engine itself either way.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.support.serving import serving

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


@contextmanager
def key_service() -> Iterator[dict[str, str]]:
    """Run the service; yield the environment in which the engine finds it."""
    with serving(_Transit) as port:
        yield {"VAULT_SERVER_URL": f"http://127.0.0.1:{port}", "VAULT_SERVER_TOKEN": "tests"}
