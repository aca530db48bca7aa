"""What a reply means, without any network."""

import json
from email.utils import formatdate
from typing import Any

import pytest

from providers.lytics.api import protocol
from providers.lytics.api.requests import Request, Requests
from providers.lytics.errors import (
    ForbiddenError,
    NotAuthorizedError,
    NotFoundError,
    RateLimitedError,
    RedirectedError,
    RejectedError,
    ServerFaultError,
    StatusError,
    UnreadableReplyError,
)

GET = Requests().list_models()
POST = Requests().create_model({"name": "x"})
DELETE = Requests().delete_model("a")
NOW_S = 1_800_000_000.0


def decipher(request: Request, status: int, body: object, **headers: str) -> Any:  # noqa: ANN401
    """Decipher a reply whose body is given as JSON, text or bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return protocol.decipher(request, status, headers, raw, NOW_S)


@pytest.mark.parametrize(
    "envelope",
    [
        {"data": [1]},
        {"data": [1], "status": 200, "message": "success"},
        {"data": [1], "status": "success"},
        {"data": [1], "status": 200, "request_id": "r", "_meta": {"has_more": False}},
        {"data": [1], "status": 500, "message": "no"},
    ],
)
def test_both_envelopes_are_read(envelope: dict[str, Any]) -> None:
    """The HTTP status decides, whatever status and message stand in the body."""
    assert decipher(GET, 200, envelope) == [1]
    assert decipher(POST, 201, envelope) == [1]


@pytest.mark.parametrize(
    ("status", "body"), [(204, b""), (200, b""), (200, b" \n"), (200, b"{}"), (200, b"null")]
)
def test_a_delete_needs_no_body(status: int, body: bytes) -> None:
    """A delete is done with 200 or 204, with a body or without."""
    assert decipher(DELETE, status, body) is None


def test_a_page_is_no_reply_to_a_delete() -> None:
    """A page with 200 comes from something between us and the API: nothing may be deleted yet."""
    with pytest.raises(UnreadableReplyError, match="a web page instead of the API"):
        decipher(DELETE, 200, b"<html></html>")


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (204, b"", "GET /api/ml: 204 without a body"),
        (200, b"", "GET /api/ml: 200 without a body"),
        (200, b'{"data": [', "GET /api/ml: 200, but the body isn't the API's JSON (t/x, 10 bytes)"),
        (
            200,
            b"<html></html>",
            "GET /api/ml: 200 and a web page instead of the API; is lytics:apiUrl right?",
        ),
        (200, b"[1]", "GET /api/ml: 200, but the body isn't the API's JSON (t/x, 3 bytes)"),
        (200, b'{"a": 1}', "GET /api/ml: 200, but the body isn't the API's JSON (t/x, 8 bytes)"),
        (200, b"\xff\xfe", "GET /api/ml: 200, but the body isn't the API's JSON (t/x, 2 bytes)"),
    ],
)
def test_an_unreadable_reply_says_so(status: int, body: bytes, what: str) -> None:
    """What isn't the API's JSON is an error of its own, also with status 200."""
    with pytest.raises(UnreadableReplyError) as caught:
        protocol.decipher(GET, status, {"content-type": "t/x"}, body, NOW_S)
    assert str(caught.value) == what


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://login.example/path?key=secret", "https://login.example"),
        ("//login.example:8080/x", "login.example"),
        ("https://user:secret@login.example/", "https://login.example"),
        ("/api/v3/ml?key=secret", "another path of this host"),
        ("https://a\x07b.example/", "https://a b.example"),
        ("https://[broken", "another address"),
        ("", "another address"),
        (None, "another address"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_says_where_it_points(status: int, location: str | None, where: str) -> None:
    """A redirect is no reply of the API's: its host is named, never a path, query or password."""
    headers = {} if location is None else {"location": location}
    with pytest.raises(RedirectedError) as caught:
        protocol.decipher(GET, status, headers, b'{"data": []}', NOW_S)
    assert str(caught.value) == (
        f"GET /api/ml: {status}, which points to {where} instead of answering; the key is not "
        "sent there. Set lytics:apiUrl to the API's own address"
    )


def test_deep_json_is_unreadable_not_a_crash() -> None:
    """JSON that is nested too deeply is an unreadable reply."""
    deep = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(UnreadableReplyError, match="no content type"):
        protocol.decipher(GET, 200, {}, deep, NOW_S)


@pytest.mark.parametrize(
    "status_and_kind",
    [
        (400, RejectedError),
        (401, NotAuthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, RejectedError),
        (422, RejectedError),
        (429, RateLimitedError),
        (500, ServerFaultError),
        (502, ServerFaultError),
        (503, ServerFaultError),
        (599, ServerFaultError),
    ],
)
@pytest.mark.parametrize(
    ("body", "message", "code", "request_id"),
    [
        (b'{"data":null,"status":0,"message":"words"}', "words", None, None),
        (b'{"message":"words","status":401}', "words", None, None),
        (
            b'{"errors":[{"code":"X-1","message":"words"}],"request_id":"r1"}',
            "words",
            "X-1",
            "r1",
        ),
        (b'{"status":1,"message":"words","request_id":"r1"}', "words", None, "r1"),
        (b"<html>proxy</html>", "", None, None),
        (b"", "", None, None),
        (b'{"errors":[]}', "", None, None),
        (b'{"errors":["odd"],"message":7}', "", None, None),
        (b"[]", "", None, None),
    ],
)
def test_errors_keep_the_apis_words(
    status_and_kind: tuple[int, type[StatusError]],
    body: bytes,
    message: str,
    code: str | None,
    request_id: str | None,
) -> None:
    """An error has the status' class, the API's own words, its code and its request id."""
    status, kind = status_and_kind
    with pytest.raises(StatusError) as caught:
        protocol.decipher(GET, status, {}, body, NOW_S)
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.api_message, error.code, error.request_id) == (
        status,
        message,
        code,
        request_id,
    )
    assert str(error).startswith(f"GET /api/ml: {status}")


def test_an_error_says_everything_in_one_sentence() -> None:
    """An error names request, status, words, code and request id, and what to do."""
    body = {"errors": [{"code": "FORBIDDEN-026", "message": "no"}], "request_id": "r9"}
    with pytest.raises(ForbiddenError) as caught:
        decipher(GET, 403, body)
    assert str(caught.value) == (
        'GET /api/ml: 403 "no" (FORBIDDEN-026, request r9). '
        "The key needs the permissions Manage Lookalike Models and Audience View. "
        "See docs/guides/keys.md"
    )


def test_hostile_words_become_one_short_line() -> None:
    """Control characters and endless text of the API reach no terminal."""
    words = "a\x1b[31mred\r\nnext\x00\u202e" + "x" * 10_000_000
    with pytest.raises(RejectedError) as caught:
        decipher(GET, 400, {"message": words})
    told = str(caught.value)
    assert told.isprintable()
    assert told.startswith('GET /api/ml: 400 "a [31mred next ')
    assert len(told) < 350
    assert told.endswith('x…"')


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("\u00b2", None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    """Retry-After is read as seconds or a date; anything else is passed over."""
    assert protocol.retry_after_s({"retry-after": header}, NOW_S) == seconds
    with pytest.raises(RateLimitedError) as caught:
        protocol.decipher(GET, 429, {"retry-after": header}, b"", NOW_S)
    assert caught.value.retry_after_s == seconds


def test_retry_after_as_a_date() -> None:
    """A date is so many seconds from now."""
    header = formatdate(NOW_S + 100, usegmt=True)
    assert protocol.retry_after_s({"retry-after": header}, NOW_S) == 100


def test_no_retry_after() -> None:
    """Without the header nothing is asked for."""
    assert protocol.retry_after_s({}, NOW_S) is None
