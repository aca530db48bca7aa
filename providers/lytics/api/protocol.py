"""What a reply of the API means, whichever generation it is of; without any network."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from providers.lytics.api.requests import Request
from providers.lytics.errors import (
    NotTheApiError,
    PagedListError,
    RedirectedError,
    UnreadableReplyError,
    class_for_status,
)

_FIRST_REDIRECT_STATUS = 300
_FIRST_ERROR_STATUS = 400
_NO_CONTENT = 204
_NOT_FOUND = 404
_NOT_AUTHORIZED = 401
_RENEW = ". Check {}; keys expire and can be renewed in Lytics"


def decipher(  # noqa: PLR0913 - the parts of one reply
    request: Request,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    now_s: float,
    *,
    setting: str = "lytics:apiUrl",
    key_setting: str = "lytics:apiKey",
) -> Any:  # noqa: ANN401 - JSON
    """Return the `data` of a reply, or raise what the reply means.

    The HTTP status decides; `status`, `message` and `request_id` inside the body are optional and
    come in two envelopes (`/api` and `/v2`), which a rejected key mixes up.

    Args:
        request: what was asked.
        status: the HTTP status.
        headers: the reply's headers, by lower-case name.
        body: the reply's body.
        now_s: when it came, in seconds since 1970; a Retry-After may be a date.
        setting: what a user changes to change the address.
        key_setting: what a user changes to change the key.

    Returns:
        The value under `data`; None for a reply without a body.

    Raises:
        StatusError: the API answered with an error.
        RedirectedError: the reply points to another address.
        PagedListError: the reply is a part of a list.
        NotTheApiError: the reply is a web page.
        UnreadableReplyError: the reply isn't what the API sends.
    """
    if status >= _FIRST_ERROR_STATUS:
        envelope = _envelope_or_none(body)
        message, code = _words(envelope)
        hints = {_NOT_FOUND: request.if_missing, _NOT_AUTHORIZED: _RENEW.format(key_setting)}
        raise class_for_status(status)(
            request.method,
            request.path,
            status=status,
            api_message=message,
            code=code,
            request_id=_text_or_none(envelope.get("request_id")),
            retry_after_s=retry_after_s(headers, now_s),
            hint=hints.get(status, ""),
        )
    if status >= _FIRST_REDIRECT_STATUS:
        what = (
            f"{status}, which points to {_host_of(headers)} instead of answering; the key is not "
            f"sent there. Set {setting} to the API's own address"
        )
        raise RedirectedError(request.method, request.path, what)
    if status == _NO_CONTENT or not body.strip():
        if request.method == "DELETE":
            return None
        raise UnreadableReplyError(request.method, request.path, f"{status} without a body")
    envelope = _envelope_or_none(body)
    # A delete's reply need not hold anything; but a page with 200 comes from something in between.
    is_readable = _is_json(body) if request.method == "DELETE" else "data" in envelope
    if not is_readable:
        kind = headers.get("content-type", "no content type")
        what = f"{status}, but the body isn't the API's JSON ({kind}, {len(body)} bytes)"
        is_page = "html" in kind or body.lstrip().startswith(b"<")
        if is_page and not _is_json(body):
            what = f"{status} and a web page instead of the API; is {setting} right?"
            raise NotTheApiError(request.method, request.path, what)
        raise UnreadableReplyError(request.method, request.path, what)
    data = envelope.get("data")
    if isinstance(data, list) and (mark := _mark_of_a_page(envelope, len(data))):
        what = (
            f"the list comes in pages ({mark}), which no document of this API says and lytics-ml "
            "can't read: a model on another page would look as if it were gone. Nothing is done"
        )
        raise PagedListError(request.method, request.path, what)
    return data


def _mark_of_a_page(envelope: Mapping[str, Any], length: int) -> str:
    """Return what says that a list isn't whole, "" where nothing does.

    Lytics' agent skills know `_meta.has_more`, go-lytics knows `_next` and `total`.
    """
    meta = envelope.get("_meta")
    if isinstance(meta, dict) and meta.get("has_more"):
        return "_meta.has_more"
    if envelope.get("_next"):
        return "_next"
    total = envelope.get("total")
    is_more = isinstance(total, int) and total > length
    return f"{length} of total {total}" if is_more else ""


def _host_of(headers: Mapping[str, str]) -> str:
    """Return where a redirect points: scheme and host, since a path or query may hold secrets."""
    try:
        parts = urlsplit(headers.get("location", ""))
    except ValueError:
        return "another address"
    if not parts.hostname:
        return "another path of this host" if parts.path else "another address"
    return _plain(f"{parts.scheme}://{parts.hostname}".removeprefix("://"), 100)


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or a date), or None."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except ValueError:
        return None


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _envelope_or_none(body: bytes) -> dict[str, Any]:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _text_or_none(value: object) -> str | None:
    return str(value) if value else None


def _words(envelope: Mapping[str, Any]) -> tuple[str, str | None]:
    errors = envelope.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return _plain(errors[0].get("message")), _text_or_none(errors[0].get("code"))
    return _plain(envelope.get("message")), None


def _plain(value: object, longest: int = 300) -> str:
    """Return one printable line: the API's words go to terminals and logs."""
    if not isinstance(value, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in value[: longest * 2]).split())
    return line if len(line) <= longest else f"{line[:longest]}…"
