"""What a user is told where the API can't be reached, and what is tried again."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from providers.lytics.api import client as client_module
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.errors import (
    ConnectError,
    NotFoundError,
    NotTheApiError,
    RateLimitedError,
    RequestError,
    ServerFaultError,
    WrongAddressError,
)
from tests.support.bed.untrusted import untrusted
from tests.support.ports import free_port

LONG_S = 60.0
ORIGINS = {"apiUrl": "LYTICS_API_URL"}


def failure(url: str) -> RequestError:
    """Return how a look at an address fails; with a patience that no test could sit out."""
    settings = Settings(api_url=url, api_key="k", patience_s=LONG_S, origins=ORIGINS)
    with LyticsClient(settings) as client, pytest.raises(RequestError) as caught:
        client.list_models()
    return caught.value


@contextmanager
def page(body: bytes, status: str = "200 OK", kind: str = "text/html") -> Iterator[str]:
    """Serve a web page at every path of an address."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(head.encode() + body)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_a_host_that_does_not_exist_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped host is named with the setting that holds it; nothing is tried again."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure("https://api.lytic.example/api")
    assert isinstance(error, WrongAddressError)
    assert error.what == (
        "there is no host api.lytic.example; correct LYTICS_API_URL, whose default is "
        "https://api.lytics.io/api, or check the network"
    )


def test_https_spoken_to_http_is_told_at_once() -> None:
    """A server that speaks plain http only isn't tried again over https."""
    with page(b"") as place:
        error = failure(f"https://{place}/api")
    assert isinstance(error, WrongAddressError)
    assert error.what.startswith(f"{place} doesn't speak https; check LYTICS_API_URL")


def test_a_certificate_of_nobody_is_told_at_once(tmp_path: Path) -> None:
    """A certificate that nobody signed isn't tried again, and no key is sent."""
    with untrusted(tmp_path / "ca.pem") as (url, asked):
        error = failure(url)
    assert isinstance(error, WrongAddressError)
    assert "the certificate of localhost isn't trusted" in error.what
    assert "LYTICS_API_URL" in error.what
    assert "SSL_CERT_FILE" in error.what
    assert asked == []


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "text/plain"])
def test_a_web_page_is_told_at_once(kind: str) -> None:
    """A page with status 200 at an address that never answered otherwise isn't the API."""
    with page(b"\n<html>Welcome</html>", kind=kind) as place:
        error = failure(f"http://{place}/api")
    assert isinstance(error, NotTheApiError)
    assert error.what == "200 and a web page instead of the API; is LYTICS_API_URL right?"


def test_a_page_after_good_replies_is_tried_again() -> None:
    """Where the API has answered before, a page comes from something in between."""
    replies = iter(
        [
            httpx.Response(200, json={"data": []}),
            httpx.Response(200, html="<html>Back soon</html>"),
            httpx.Response(200, json={"data": []}),
        ]
    )
    transport = httpx.MockTransport(lambda _: next(replies))
    with LyticsClient(Settings(api_key="k", patience_s=5), transport) as client:
        assert client.list_models() == []
        assert client.list_models() == []


def test_a_refused_connection_is_told_while_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again says what is wrong, which setting it is, and for how long; once."""
    monkeypatch.setattr(client_module, "QUIET_S", 0.0)
    port = free_port()
    settings = Settings(api_url=f"http://127.0.0.1:{port}/api", api_key="k", patience_s=1.5)
    told: list[str] = []
    with LyticsClient(settings, tell_trouble=told.append) as client, pytest.raises(ConnectError):
        client.list_models()
    (line,) = told
    start = (
        f"can't reach 127.0.0.1:{port}: refused; start the sandbox with `make sandbox`, or check "
        "lytics:apiUrl; trying for "
    )
    assert line.removeprefix(start) in {"1 s more, Ctrl-C ends", "2 s more, Ctrl-C ends"}


def test_short_trouble_is_not_told() -> None:
    """What is over after the first repetition is nothing to read about."""
    replies = iter([httpx.Response(503), httpx.Response(200, json={"data": []})])
    told: list[str] = []
    transport = httpx.MockTransport(lambda _: next(replies))
    settings = Settings(api_key="k", patience_s=5)
    with LyticsClient(settings, transport, tell_trouble=told.append) as client:
        client.list_models()
    assert told == []


def test_no_pause_outlasts_the_patience() -> None:
    """An API that asks to wait longer than the patience is believed at once, not after the wait."""
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429, headers={"Retry-After": "120"})

    settings = Settings(api_key="k", patience_s=15)
    client = LyticsClient(settings, httpx.MockTransport(reply))
    with client, pytest.raises(RateLimitedError) as caught:
        client.list_models()
    assert len(asked) == 1
    assert str(caught.value).endswith("limiting this account's requests; try again in 120 s")


@pytest.mark.parametrize(("api", "other"), [("v1", "v2"), ("v2", "v1")])
def test_a_generation_that_is_not_served_names_the_setting(api: str, other: str) -> None:
    """404 for a whole list says which setting to change."""
    transport = httpx.MockTransport(lambda _: httpx.Response(404, json={"message": "Not Found"}))
    settings = Settings.read({"api": api, "apiKey": "k"}.get, {})
    with LyticsClient(settings, transport) as client, pytest.raises(NotFoundError) as caught:
        client.list_models()
    assert f"set lytics:api to {other}" in str(caught.value)
    settings = Settings.read({"apiKey": "k"}.get, {"LYTICS_API": api})
    with LyticsClient(settings, transport) as client, pytest.raises(NotFoundError) as caught:
        client.list_segments()
    assert f"set LYTICS_API to {other}" in str(caught.value)


def test_a_down_api_is_told_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's own error is what is told while it is tried."""
    monkeypatch.setattr(client_module, "QUIET_S", 0.0)
    transport = httpx.MockTransport(lambda _: httpx.Response(503, json={"message": "resting"}))
    told: list[str] = []
    settings = Settings(api_key="k", patience_s=1.5)
    client = LyticsClient(settings, transport, tell_trouble=told.append)
    with client, pytest.raises(ServerFaultError):
        client.list_models()
    assert len(told) == 1
    assert told[0].startswith('503 "resting"')
