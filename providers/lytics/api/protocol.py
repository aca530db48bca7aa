"""What is sent to the API and what a reply means, without any network.

Paths are below the API's address: `https://api.lytics.io` + `/api/ml`. Requests follow the API
page; `DELETE /v2/ml/{id}` and the v2 error shape follow Lytics' v2 OpenAPI.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from providers.lytics.errors import RedirectedError, UnreadableReplyError, class_for_status

_FIRST_REDIRECT_STATUS = 300
_FIRST_ERROR_STATUS = 400
_NO_CONTENT = 204


@dataclass(frozen=True)
class Request:
    """One request: method, path, query without any key, JSON body or None.

    `repeatable` says that sending it twice does what sending it once does.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True


def _ml(model_id: str) -> str:
    return f"/api/ml/{quote(model_id, safe='')}"


def list_models() -> Request:
    """Ask for all models of the account (API page, ML List; there is no paging)."""
    return Request("GET", "/api/ml")


def fetch_model(model_id: str) -> Request:
    """Ask for one model (API page, ML Fetch)."""
    return Request("GET", _ml(model_id))


def create_model(payload: Mapping[str, Any]) -> Request:
    """Ask for a new model (API page, ML Create); never repeatable: names aren't unique."""
    return Request("POST", "/api/ml", body=payload, repeatable=False)


def update_model(model_id: str, changes: Mapping[str, Any]) -> Request:
    """Set label, is_active or both (API page, ML Update; nothing else can be updated)."""
    return Request("POST", _ml(model_id), body=changes)


def fetch_summary(model_id: str) -> Request:
    """Ask for a trained model's numbers (API page, ML Summary)."""
    return Request("GET", f"{_ml(model_id)}/summary")


def delete_model(model_id: str) -> Request:
    """Delete a model (Lytics' v2 OpenAPI; the API page documents no delete)."""
    return Request("DELETE", f"/v2/ml/{quote(model_id, safe='')}")


def list_segments() -> Request:
    """Ask for all user segments of the account, invalid ones included."""
    return Request("GET", "/api/segment", params={"table": "user", "valid": "all"})


def fetch_segment(reference: str) -> Request:
    """Ask for one segment of any table, by id or slug."""
    return Request("GET", f"/api/segment/{quote(reference, safe='')}")


def segment_sizes(segment_ids: list[str]) -> Request:
    """Ask for the sizes, in users, of many segments at once."""
    return Request("GET", "/api/segment/sizes", params={"ids": ",".join(segment_ids)})


def decipher(
    request: Request, status: int, headers: Mapping[str, str], body: bytes, now_s: float
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

    Returns:
        The value under `data`; None for a reply without a body.

    Raises:
        StatusError: the API answered with an error.
        RedirectedError: the reply points to another address.
        UnreadableReplyError: the reply isn't what the API sends.
    """
    if status >= _FIRST_ERROR_STATUS:
        envelope = _envelope_or_none(body)
        message, code = _words(envelope)
        raise class_for_status(status)(
            request.method,
            request.path,
            status=status,
            api_message=message,
            code=code,
            request_id=_text_or_none(envelope.get("request_id")),
            retry_after_s=retry_after_s(headers, now_s),
        )
    if status >= _FIRST_REDIRECT_STATUS:
        what = (
            f"{status}, which points to {_host_of(headers)} instead of answering; the key is not "
            "sent there. Set lytics:apiUrl (LYTICS_API_URL) to the API's own address"
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
        raise UnreadableReplyError(request.method, request.path, what)
    return envelope.get("data")


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
