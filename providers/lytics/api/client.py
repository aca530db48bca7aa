"""The network adapter: sends what `protocol` describes and repeats what is safe to repeat."""

import ssl
from collections.abc import Iterable, Mapping
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from providers.lytics.api import protocol
from providers.lytics.api.pace import Pace
from providers.lytics.api.protocol import Request
from providers.lytics.api.settings import Settings
from providers.lytics.errors import (
    ConnectError,
    NotFoundError,
    RateLimitedError,
    ReplyLostError,
    RequestError,
    TimedOutError,
    UnreadableReplyError,
)
from providers.lytics.shapes import Model, Segment, Summary
from providers.lytics.timing import REAL, Timing
from providers.lytics.version import VERSION

CONNECT_TIMEOUT_S = 10.0
MOST_CONNECTIONS = 64

_Shape = TypeVar("_Shape", bound=BaseModel)


class LyticsClient:
    """A connection pool to one account; safe to share between threads.

    Args:
        settings: address, key and how long to go on trying.
        transport: replaces the network in tests.
        timing: clock, sleep, chance and pauses.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.BaseTransport | None = None,
        timing: Timing = REAL,
    ) -> None:
        self._timing = timing
        self._key = settings.require_key()
        self._patience_s = settings.patience_s
        # Every thread of a run that meets the same broken API would be patient by itself; once
        # one has given up, the others try once.
        self._gave_up_s = float("-inf")
        self._pace = Pace(timing)
        self._http = httpx.Client(
            base_url=settings.origin,
            headers={
                "Authorization": self._key,
                "Accept": "application/json",
                "User-Agent": f"lytics-ml/{VERSION}",
            },
            timeout=httpx.Timeout(settings.reply_timeout_s, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(
                max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS
            ),
            transport=transport,
            # The key goes to this address only, whatever a reply or the environment says.
            follow_redirects=False,
            trust_env=settings.origin.startswith("https"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def list_models(self) -> list[Model]:
        """Return all models of the account."""
        return self._many(Model, protocol.list_models())

    def fetch_model(self, model_id: str) -> Model | None:
        """Return one model, or None if the key's account has none of that id."""
        try:
            return self._one(Model, protocol.fetch_model(model_id))
        except NotFoundError:
            return None

    def create_model(self, payload: Mapping[str, Any]) -> Model:
        """Send one create, once; it is the caller's to find out what a lost reply meant."""
        return self._one(Model, protocol.create_model(payload))

    def update_model(self, model_id: str, changes: Mapping[str, Any]) -> Model:
        """Set label, is_active or both, and return the model as it is then."""
        return self._one(Model, protocol.update_model(model_id, changes))

    def delete_model(self, model_id: str) -> bool:
        """Delete a model; return False where the API has no such delete and the model stays."""
        try:
            self._send(protocol.delete_model(model_id))
        except NotFoundError:
            return self.fetch_model(model_id) is None
        return True

    def fetch_summary(self, model_id: str) -> Summary:
        """Return the numbers of a model; they are empty until it is trained."""
        return self._one(Summary, protocol.fetch_summary(model_id))

    def why_invalid(self, model: Model) -> str:
        """Return why a model's training failed, in the API's words, "" where it gives none."""
        if model.reason:
            return model.reason
        try:
            return self.fetch_summary(model.id).complaint
        except (NotFoundError, UnreadableReplyError):
            return ""

    def list_segments(self) -> list[Segment]:
        """Return all user segments of the account."""
        return self._many(Segment, protocol.list_segments())

    def fetch_segment(self, reference: str) -> Segment | None:
        """Return one segment of any table, or None if the account has none of that id or slug."""
        try:
            return self._one(Segment, protocol.fetch_segment(reference))
        except NotFoundError:
            return None

    def segment_sizes(self, segment_ids: Iterable[str]) -> dict[str, int]:
        """Return the size of each segment, in users, by id; unknown ids are left out."""
        sized = self._many(Segment, protocol.segment_sizes(sorted(segment_ids)))
        return {segment.id: segment.size for segment in sized if segment.size is not None}

    def _one(self, shape: type[_Shape], request: Request) -> _Shape:
        return _parsed(shape, request, self._send(request))

    def _many(self, shape: type[_Shape], request: Request) -> list[_Shape]:
        data = self._send(request)
        if data is None:
            return []
        if not isinstance(data, list):
            what = f"expected a list under data, got {type(data).__name__}"
            raise UnreadableReplyError(request.method, request.path, what)
        return [_parsed(shape, request, item) for item in data]

    def _send(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        if not request.repeatable:
            return self._send_once(request)
        end_s = self._timing.monotonic() + self._patience_s
        for tried in count(1):
            try:
                return self._send_once(request)
            except RequestError as exc:
                if not exc.safe_to_repeat:
                    raise
                if self.has_given_up or self._timing.monotonic() >= end_s:
                    self.give_up()
                    raise
                next_s = pause_s(tried, exc.retry_after_s, self._timing)
            self._timing.sleep(next_s)
        raise AssertionError  # pragma: no cover - the loop has no end of its own

    @property
    def has_given_up(self) -> bool:
        """Whether a thread has been patient in vain just now, so that one try must do."""
        return self._timing.monotonic() - self._gave_up_s < self._timing.recovery_s

    def give_up(self) -> None:
        """Take note that a request was repeated in vain."""
        self._gave_up_s = self._timing.monotonic()

    def _send_once(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        sent_s = self._pace.wait()
        try:
            data = self._exchange(request)
        except RateLimitedError as exc:
            self._pace.slow_down(sent_s, exc.retry_after_s)
            raise
        self._pace.speed_up()
        return data

    def _exchange(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        try:
            reply = self._http.request(
                request.method, request.path, params=dict(request.params), json=request.body
            )
        except httpx.PoolTimeout as exc:
            what = f"all {MOST_CONNECTIONS} connections are waiting for replies; the API is slow"
            raise ConnectError(request.method, request.path, what) from exc
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            host = self._http.base_url.host
            doubt = _doubt_about_certificate(exc)
            what = f"can't reach {host} ({_reason(exc)}); check the network and lytics:apiUrl"
            if doubt:
                what = (
                    f"the certificate of {host} isn't trusted ({doubt}), so nothing was sent; "
                    "check lytics:apiUrl, or name your network's own CA in SSL_CERT_FILE"
                )
            raise ConnectError(request.method, request.path, what) from exc
        except httpx.TimeoutException as exc:
            what = f"no reply in time ({_reason(exc)})"
            raise TimedOutError(request.method, request.path, what) from exc
        except httpx.HTTPError as exc:
            raise ReplyLostError(
                request.method, request.path, f"no reply ({_reason(exc)})"
            ) from exc
        content = reply.content
        if reply.is_error:
            # Error texts are shown, and some servers quote the key that they refuse.
            content = content.replace(self._key.encode(), b"***")
        return protocol.decipher(
            request, reply.status_code, reply.headers, content, self._timing.wall()
        )


def pause_s(tried: int, asked_s: float | None, timing: Timing = REAL) -> float:
    """Return the seconds before the next try: doubling from 0.25 to 20, with full jitter.

    A Retry-After is honoured, plus up to a half of it again: clients that all come back at the
    very second that the header names run into the limit together.

    Args:
        tried: how often the request was sent so far.
        asked_s: seconds that the last reply's Retry-After asks for.
        timing: chance, and how long the pauses are.
    """
    if asked_s is not None:
        return min(asked_s, timing.longest_hold_s) * timing.uniform(1, 1.5)
    ceiling_s = min(timing.retries.longest_s, timing.retries.first_s * 2 ** min(tried, 30))
    return timing.uniform(timing.retries.first_s / 2, ceiling_s)


def _reason(exc: httpx.HTTPError) -> str:
    # httpx' own text may quote the request's headers in some versions; the class name never does.
    return type(exc).__name__


def _doubt_about_certificate(exc: BaseException) -> str:
    """Return why TLS doesn't trust the other side, "" where that isn't what went wrong."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return ""


def _parsed(shape: type[_Shape], request: Request, data: object) -> _Shape:
    try:
        return shape.model_validate(data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "data"
        what = f"the reply's {place} can't be read: {first['msg']}"
        raise UnreadableReplyError(request.method, request.path, what) from exc
