"""The network adapter: sends what `protocol` describes and repeats what is safe to repeat."""

import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from providers.lytics.api import protocol
from providers.lytics.api.answer import Answer
from providers.lytics.api.pace import Pace
from providers.lytics.api.requests import Request, Requests
from providers.lytics.api.settings import MOST_CONNECTIONS, Settings
from providers.lytics.api.unreachable import explained
from providers.lytics.errors import (
    ConnectError,
    NotFoundError,
    NotTheApiError,
    RateLimitedError,
    RejectedError,
    ReplyLostError,
    RequestError,
    StatusError,
    TimedOutError,
    UnreadableReplyError,
)
from providers.lytics.shapes import Model, Segment, Summary
from providers.lytics.timing import REAL, Timing
from providers.lytics.version import VERSION

CONNECT_TIMEOUT_S = 4.0
# Trouble that is over sooner isn't worth a message.
QUIET_S = 2.0
_NO_SUCH_METHOD = {405, 501}
MOST_NAMED = 3

_Shape = TypeVar("_Shape", bound=BaseModel)


class LyticsClient:
    """A connection pool to one account; safe to share between threads.

    Args:
        settings: address, key and how long to go on trying.
        transport: replaces the network in tests.
        timing: clock, sleep, chance and pauses.
        tell_trouble: is told, once while it lasts, that requests are being repeated.
        tell_odd: is told, once, of models that can't be read.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.BaseTransport | None = None,
        timing: Timing = REAL,
        *,
        tell_trouble: Callable[[str], None] = lambda _: None,
        tell_odd: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._timing = timing
        self._settings = settings
        self._key = settings.require_key()
        self._patience_s = settings.patience_s
        self._requests = Requests(settings.api, settings.named("api"))
        self._tell_trouble, self._tell_odd = tell_trouble, tell_odd
        self._telling = threading.Lock()
        self._told_odd = ""
        self._told_s = float("-inf")
        self._has_answered = False
        # After one thread has waited out its patience in vain, the others try only once.
        self._gave_up_s = float("-inf")
        self._pace = Pace(timing, self._patience_s)
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
            verify=_trusted(settings.origin),
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
        """Return all models of the account; those that can't be read in full say so.

        Raises:
            PagedListError: the list isn't whole.
        """
        request = self._requests.list_models()
        models: list[Model] = []
        nameless: list[object] = []
        for item in self._items(request):
            try:
                models.append(Model.read(item))
            except ValidationError:
                nameless.append(item)
        if nameless and not models:
            # No model can be read: this is another format, and an empty list would be wrong.
            _parsed(Model.read, request, nameless[0])
        self._note_odd(models, len(nameless))
        return models

    def models_as_sent(self) -> list[object]:
        """Return all models of the account as the API sends them, for a copy of it."""
        return self._items(self._requests.list_models())

    def segments_as_sent(self) -> list[object]:
        """Return all user segments of the account as the API sends them, for a copy of it."""
        return self._items(self._requests.list_segments())

    def fetch_model(self, model_id: str) -> Model | None:
        """Return one model, or None if the key's account has none of that id."""
        request = self._requests.fetch_model(model_id)
        try:
            return _parsed(Model.read, request, self._send(request))
        except NotFoundError:
            return None

    def create_model(self, payload: Mapping[str, Any]) -> Model:
        """Send one create, once; the caller finds out what a lost reply meant."""
        return self._one(Model, self._requests.create_model(payload))

    def update_model(self, model_id: str, changes: Mapping[str, Any]) -> Model:
        """Set label, is_active, and in v2 hidden; return the model as it is then."""
        return self._one(Model, self._requests.update_model(model_id, changes))

    def delete_model(self, model_id: str) -> bool:
        """Delete a model; return False where the API has no such delete and the model stays."""
        try:
            self._send(self._requests.delete_model(model_id))
        except (NotFoundError, RejectedError) as exc:
            if isinstance(exc, RejectedError) and exc.status not in _NO_SUCH_METHOD:
                raise
            return self.fetch_model(model_id) is None
        return True

    def fetch_summary(self, model_id: str) -> Summary:
        """Return the numbers of a model; they are empty until it is trained."""
        return self._one(Summary, self._requests.fetch_summary(model_id))

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
        return self._many(Segment, self._requests.list_segments())

    def fetch_segment(self, reference: str) -> Segment | None:
        """Return one segment of any table, or None if the account has none of that id or slug."""
        try:
            return self._one(Segment, self._requests.fetch_segment(reference))
        except NotFoundError:
            return None

    def segment_sizes(self, segment_ids: Iterable[str]) -> dict[str, int]:
        """Return the size of each segment, in users, by id; unknown ids are left out."""
        wanted = sorted(segment_ids)
        sized = self._many(Segment, self._requests.segment_sizes(wanted))
        return {one.id: one.size for one in sized if one.size is not None and one.id in wanted}

    def _note_odd(self, models: list[Model], nameless: int) -> None:
        sentence = _words_for_odd([m for m in models if m.unreadable], nameless)
        if not sentence:
            return
        with self._telling:
            is_news, self._told_odd = sentence != self._told_odd, sentence
        if is_news:
            self._tell_odd(sentence)

    def _one(self, shape: type[_Shape], request: Request) -> _Shape:
        return _parsed(shape.model_validate, request, self._send(request))

    def _many(self, shape: type[_Shape], request: Request) -> list[_Shape]:
        return [_parsed(shape.model_validate, request, item) for item in self._items(request)]

    def _items(self, request: Request) -> list[object]:
        data = self._send(request)
        if data is None:
            return []
        if not isinstance(data, list):
            what = f"expected a list under data, got {type(data).__name__}"
            raise UnreadableReplyError(request.method, request.path, what)
        return data

    def _send(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        if not request.repeatable:
            return self._send_once(request)
        started_s = self._timing.monotonic()
        for tried in count(1):
            try:
                return self._send_once(request)
            except RequestError as exc:
                if not exc.safe_to_repeat:
                    raise
                next_s = pause_s(tried, exc.retry_after_s, self._timing)
                left_s = started_s + self._patience_s - self._timing.monotonic()
                # The last try is at the end of the patience, as was said. A Retry-After that ends
                # after it is no use.
                if exc.retry_after_s is None:
                    next_s = min(next_s, left_s)
                if self.has_given_up or left_s <= 0 or next_s > left_s:
                    self.give_up()
                    raise
                if self._patience_s - left_s + next_s >= QUIET_S:
                    self._note_trouble(exc, left_s)
            self._timing.sleep(next_s)
        raise AssertionError  # pragma: no cover - the loop has no end of its own

    def _note_trouble(self, error: RequestError, left_s: float) -> None:
        """Say that a request is being repeated, and for how long, unless that was said just now."""
        now_s = self._timing.monotonic()
        with self._telling:
            is_news = now_s - self._told_s > self._patience_s
            self._told_s = now_s if is_news else self._told_s
        if is_news:
            self._tell_trouble(f"{error.what}; trying for {max(left_s, 1):.0f} s more, Ctrl-C ends")

    @property
    def has_given_up(self) -> bool:
        """Whether a thread has just waited in vain, so that others try only once."""
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

    def answer(self, request: Request) -> Answer:
        """Send a request once and return what came back, whatever it means.

        For finding out how an account behaves; all else wants a reply that is understood.

        Raises:
            RequestError: nothing came back.
        """
        self._pace.wait()
        started_s = self._timing.monotonic()
        reply = self._replied(request)
        took_s = self._timing.monotonic() - started_s
        return Answer(reply.status_code, reply.headers, self._content(reply), took_s)

    def _exchange(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        reply = self._replied(request)
        return self._deciphered(request, reply, self._content(reply))

    def _replied(self, request: Request) -> httpx.Response:
        try:
            return self._http.request(
                request.method, request.path, params=dict(request.params), json=request.body
            )
        except httpx.PoolTimeout as exc:
            what = f"all {MOST_CONNECTIONS} connections are waiting for replies; the API is slow"
            raise ConnectError(request.method, request.path, what) from exc
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as exc:
            kind, what = explained(self._settings, exc)
            # A name that was found before is only lost for a while.
            kind = ConnectError if self._has_answered else kind
            raise kind(request.method, request.path, what) from exc
        except httpx.TimeoutException as exc:
            what = f"no reply in time ({_reason(exc)})"
            raise TimedOutError(request.method, request.path, what) from exc
        except httpx.HTTPError as exc:
            raise ReplyLostError(
                request.method, request.path, f"no reply ({_reason(exc)})"
            ) from exc

    def _content(self, reply: httpx.Response) -> bytes:
        # Error texts are shown, and some servers quote the key that they refuse.
        mask = reply.is_error
        return reply.content.replace(self._key.encode(), b"***") if mask else reply.content

    def _deciphered(self, request: Request, reply: httpx.Response, content: bytes) -> Any:  # noqa: ANN401 - JSON
        try:
            data = protocol.decipher(
                request,
                reply.status_code,
                reply.headers,
                content,
                self._timing.wall(),
                setting=self._settings.named("apiUrl"),
                key_setting=self._settings.named("apiKey"),
            )
        except NotTheApiError as exc:
            # Where the API has answered before, the page is that of something in between.
            if not self._has_answered:
                exc.safe_to_repeat = False
            raise
        except StatusError as exc:
            self._has_answered = self._has_answered or bool(exc.api_message)
            raise
        self._has_answered = True
        return data


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


def _trusted(origin: str) -> ssl.SSLContext | bool:
    """Trust what httpx trusts; over plain HTTP nothing, as reading certificates takes 30 ms."""
    return origin.startswith("https") or _nobody()


@cache
def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _reason(exc: httpx.HTTPError) -> str:
    # httpx' own text may quote the request's headers in some versions; the class name never does.
    return type(exc).__name__


def _words_for_odd(odd: list[Model], nameless: int) -> str:
    named = [f"{model.id} ({', '.join(model.unreadable)})" for model in odd[:MOST_NAMED]]
    named += [f"{len(odd) - MOST_NAMED} more"] if len(odd) > MOST_NAMED else []
    named += [f"{nameless} without an id"] if nameless else []
    count = len(odd) + nameless
    holds = "1 model of the account holds what can't be read, and is passed over"
    hold = f"{count} models of the account hold what can't be read, and are passed over"
    return f"{holds if count == 1 else hold}: {', '.join(named)}" if count else ""


def _parsed(read: Callable[[object], _Shape], request: Request, data: object) -> _Shape:
    try:
        return read(data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "data"
        what = f"the reply's {place} can't be read: {first['msg']}"
        raise UnreadableReplyError(request.method, request.path, what) from exc
