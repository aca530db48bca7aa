"""What a key may do is asked without a write, and never guessed."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from cli.workspace.rights import rights_of
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from tests.support.timing import QUICK

TOKEN = "at.4f2.s3cret"


@contextmanager
def account(reply: httpx.Response, asked: list[httpx.Request]) -> Iterator[LyticsClient]:
    """Be an account that answers everything with one reply."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return reply

    with LyticsClient(settings(TOKEN), httpx.MockTransport(answer), QUICK) as client:
        yield client


def settings(key: str) -> Settings:
    """Return settings with a key."""
    return Settings(api_url="https://api.lytics.io/api", api_key=key)


@pytest.mark.parametrize(
    ("reply", "may_write", "seen"),
    [
        (["v2_lookalike_manage", "v2_segment_view"], True, "its scopes are v2_lookalike_manage"),
        (["v2_lookalike_view", "v2_segment_view"], False, "v2_lookalike_view, v2_segment_view"),
        ([], False, "its scopes are none"),
        (["admin"], None, "its scopes are admin"),
        (["v2_lookalike_view", "discovery"], None, "its scopes are discovery"),
        (None, None, "Lytics doesn't tell it its own scopes (200)"),
        (403, None, "Lytics doesn't tell it its own scopes (403)"),
        (404, None, "Lytics doesn't tell it its own scopes (404)"),
    ],
)
def test_scopes_say_whether_a_key_may_write(
    reply: list[str] | int | None, *, may_write: bool | None, seen: str
) -> None:
    """Where they don't, or aren't told, nothing is claimed."""
    answer = httpx.Response(reply if isinstance(reply, int) else 200, json={"data": {}})
    if isinstance(reply, list):
        answer = httpx.Response(200, json={"data": {"id": "4f2", "scopes": reply}})
    asked: list[httpx.Request] = []
    with account(answer, asked) as client:
        rights = rights_of(settings(TOKEN), client)
    assert (rights.may_write, seen in rights.seen) == (may_write, True), rights
    [request] = asked
    assert (request.method, request.url.path) == ("GET", "/v2/auth/4f2")
    assert "s3cret" not in f"{request.url} {rights}"


@pytest.mark.parametrize("key", ["sandbox", "at.only-two", "at.a.b.c", "ey.a.b"])
def test_of_another_key_nothing_is_asked(key: str) -> None:
    """What its parts mean isn't known, and a part of it may be secret."""
    asked: list[httpx.Request] = []
    with account(httpx.Response(200, json={"data": {}}), asked) as client:
        rights = rights_of(settings(key), client)
    assert rights.may_write is None
    assert "isn't known: Lytics tells it only for a key of the form at.ID.SECRET" in str(rights)
    assert asked == []
