# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Sandboxes for the tests of the sandbox, asked over a real socket."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from sandbox.segments import segment_id
from sandbox.server import Handle, serve_in_thread
from sandbox.settings import Settings

BUILD_TIMEOUT_S = 300.0
Json = dict[str, Any]


def client_of(handle: Handle, key: str = "sandbox") -> httpx.Client:
    """Return a client of a sandbox, with /api and /v2 below its base."""
    return httpx.Client(base_url=handle.root, headers={"Authorization": key}, timeout=120)


@pytest.fixture(scope="session")
def shared() -> Iterator[Handle]:
    """One sandbox for all tests that don't mind, without training."""
    with serve_in_thread(Settings(train=False)) as handle:
        yield handle


@pytest.fixture(scope="session")
def shared_client(shared: Handle) -> Iterator[httpx.Client]:
    """One client for all these tests: each new one reads the machine's certificates."""
    with client_of(shared) as client:
        yield client


@pytest.fixture
def sandbox(shared: Handle, shared_client: httpx.Client) -> Handle:
    """The shared sandbox as if it had just started."""
    shared_client.post("/_sandbox/reset").raise_for_status()
    return shared


@pytest.fixture
def api(sandbox: Handle, shared_client: httpx.Client) -> httpx.Client:
    """A client of that sandbox with the key of account 1234."""
    assert sandbox.root == str(shared_client.base_url).rstrip("/")
    return shared_client


@pytest.fixture
def start() -> Iterator[Callable[..., httpx.Client]]:
    """Start a sandbox with settings of one's own and return a client of it."""
    running: list[tuple[httpx.Client, Handle]] = []

    def begin(**settings: Any) -> httpx.Client:  # noqa: ANN401 - whatever Settings takes
        handle = serve_in_thread(Settings(**{"train": False, **settings}))
        running.append((client_of(handle), handle))
        return running[-1][0]

    yield begin
    for client, handle in running:
        client.close()
        handle.stop()


def create_model(client: httpx.Client, base: str = "/api", **changes: Any) -> Json:  # noqa: ANN401 - JSON
    """Create a model of all_users and high_value, or of other slugs."""
    slugs = {"source": "all_users", "target": "high_value"}
    slugs |= {key: changes.pop(key) for key in slugs if key in changes}
    body = {key: segment_id(1234, slug) for key, slug in slugs.items()}
    config = changes.pop("config", {"use_scores": True})
    reply = client.post(f"{base}/ml", json={**body, "config": config, **changes})
    assert reply.status_code == 201, reply.text
    created: Json = reply.json()["data"]
    return created


def wait_for_model(client: httpx.Client, model_id: str) -> Json:
    """Wait until a model is built, and return it."""
    end = time.monotonic() + BUILD_TIMEOUT_S
    while time.monotonic() < end:
        model: Json = client.get(f"/v2/ml/{model_id}").json()["data"]
        if model["state"] != "building":
            return model
        time.sleep(0.02)
    pytest.fail(f"model {model_id} is still building after {BUILD_TIMEOUT_S:.0f} s")


@pytest.fixture
def create() -> Callable[..., Json]:
    """``create_model`` for test files, which can't import this one."""
    return create_model


@pytest.fixture
def wait_for() -> Callable[[httpx.Client, str], Json]:
    """``wait_for_model`` for test files, which can't import this one."""
    return wait_for_model
