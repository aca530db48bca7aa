"""The ASGI layer before the API: log, latency, rate limit, faults on the real connection."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox import clock
from sandbox.api import wire
from sandbox.api.auth import identify
from sandbox.api.request_log import Entry
from sandbox.errors import NotAuthorizedError, RateLimitedError
from sandbox.turning.faults import Fault, Rule, first_strike
from sandbox.world import World

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL = "/_sandbox"
HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST."""


@dataclass(slots=True)
class Answer:
    """A whole reply, before anything of it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


class RateLimit:
    """A bucket that holds one second's worth of requests."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._tokens = per_second
        self._at = time.monotonic()

    def refuses(self) -> bool:
        """Count a request, and say whether it is one too many."""
        if not self.per_second:
            return False
        now = time.monotonic()
        gained = (now - self._at) * self.per_second
        self._tokens = min(max(self.per_second, 1.0), self._tokens + gained)
        self._at = now
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False


class Gateway:
    """Wraps the API's app; control requests pass untouched and unlogged."""

    def __init__(
        self, app: App, world: World, rules: list[Rule], latency_s: float, per_second: float
    ) -> None:
        self.app = app
        self.world = world
        self.log = world.log
        self.rules = rules
        self.latency_s = latency_s
        self.limit = RateLimit(per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, self._dated(send))
            return
        body = await _read_body(receive)
        query = scope["query_string"].decode()
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"").decode()
        caller = identify(token, dict(parse_qsl(query)), self.world.callers)
        scope["sandbox.caller"], scope["sandbox.body"] = caller, body
        aid = caller.aid if caller else None
        entry = self.log.open(scope["method"], scope["path"], query, body, aid)
        scope["sandbox.entry"] = entry
        try:
            await self._serve(scope, receive, send, entry)
        finally:
            entry.took_s = time.monotonic() - entry.monotonic_s

    def _dated(self, send: Send) -> Send:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], _date(self.log.clock.now_ns())]
                message = {**message, "headers": headers}
            await send(message)

        return send_dated

    async def _serve(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        body: bytes = scope["sandbox.body"]
        fault = first_strike(self.rules, scope["method"], scope["path"], body)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        if fault:
            entry.fault = fault.title
            await _Exchange(self.app, scope, receive, send, entry).play(fault)
        elif self.limit.refuses():
            entry.fault = "rate limit"
            v2 = scope["path"].startswith("/v2")
            error = RateLimitedError("Too many requests")
            body_429 = wire.error_body(error, self.log.clock.now_ns(), v2=v2)
            await _send(send, _json_answer(429, body_429), entry)
        else:
            await _send(send, await _ask(self.app, scope), entry)


async def _read_body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _ask(app: App, scope: Scope) -> Answer:
    """Let the app answer and keep the answer; from here on the request has taken effect."""
    answer = Answer(500, [])

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    async def nothing_more() -> Message:
        return {"type": "http.request", "body": scope["sandbox.body"], "more_body": False}

    await app(scope, nothing_more, keep)
    return answer


async def _send(send: Send, answer: Answer, entry: Entry) -> None:
    entry.status = answer.status
    await send(_start(answer, entry))
    await send({"type": "http.response.body", "body": answer.body})


def _start(answer: Answer, entry: Entry) -> Message:
    headers = [*answer.headers, _date(int(entry.epoch_s * clock.NS))]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


def _date(at_ns: int) -> tuple[bytes, bytes]:
    return b"date", clock.http_date(at_ns).encode()


def _json_answer(status: int, body: dict[str, Any]) -> Answer:
    return _answer(status, json.dumps(body).encode(), b"application/json")


def _answer(status: int, body: bytes, content_type: bytes) -> Answer:
    length = str(len(body)).encode()
    return Answer(status, [(b"content-type", content_type), (b"content-length", length)], body)


@dataclass(slots=True)
class _Exchange:
    """One request that is about to go wrong."""

    app: App
    scope: Scope
    receive: Receive
    send: Send
    entry: Entry

    async def play(self, fault: Fault) -> None:
        """Fail as the fault says, before or after the request takes effect."""
        if fault.what == "slow" and fault.when == "before":
            await asyncio.sleep(fault.seconds)
        answer = None
        if fault.when == "after" or fault.what in ("slow", "wrong_content_type"):
            answer = await _ask(self.app, self.scope)
        match fault.what:
            case "status":
                await _send(self.send, _refusal(fault, v2=self._is_v2), self.entry)
            case "drop" | "reset":
                await self._hang_up(fault)
            case "cut" | "reset_midway":
                whole = answer or _json_answer(200, {"data": {"id": "", "name": ""}})
                await self._cut(fault, whole)
            case "hang":
                await self._until_gone(fault.seconds)
            case "slow" | "wrong_content_type":
                await self._late_or_odd(fault, answer or Answer(500, []))

    @property
    def _is_v2(self) -> bool:
        return bool(self.scope["path"].startswith("/v2"))

    @property
    def _transport(self) -> asyncio.Transport:
        # ASGI has no way to hang up; uvicorn's `send` is a method of what holds the connection.
        transport: asyncio.Transport = self.send.__self__.transport  # type: ignore[attr-defined]
        return transport

    async def _hang_up(self, fault: Fault) -> None:
        if fault.what in ("reset", "reset_midway"):
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._transport.abort()
        else:
            self._transport.close()
        await self._until_gone(1.0)

    async def _cut(self, fault: Fault, answer: Answer) -> None:
        self.entry.status = answer.status
        await self.send(_start(answer, self.entry))
        half = answer.body[: len(answer.body) // 2]
        await self.send({"type": "http.response.body", "body": half, "more_body": True})
        await self._hang_up(fault)

    async def _until_gone(self, seconds: float) -> None:
        """Wait until the caller has gone, so that uvicorn doesn't answer in our place."""
        try:
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            self._transport.abort()
            await asyncio.sleep(0)

    async def _late_or_odd(self, fault: Fault, answer: Answer) -> None:
        if fault.what == "slow" and fault.when == "after":
            await asyncio.sleep(fault.seconds)
        if fault.what == "wrong_content_type":
            kept = [(name, value) for name, value in answer.headers if name != b"content-type"]
            answer.headers = [*kept, (b"content-type", b"text/html; charset=utf-8")]
        await _send(self.send, answer, self.entry)


def _refusal(fault: Fault, *, v2: bool) -> Answer:
    words = f"{fault.status} fault on request"
    if fault.body == "html":
        answer = _answer(fault.status, HTML.format(words).encode(), b"text/html")
    elif fault.status == NotAuthorizedError.status:
        answer = _json_answer(401, wire.error_body(NotAuthorizedError(), 0, v2=v2))
    elif v2:
        error = {"code": "INTERNAL-019", "level": "error", "message": words, "timestamp": ""}
        answer = _json_answer(
            fault.status, {"errors": [error], "request_id": "fault", "status": fault.status}
        )
    else:
        answer = _json_answer(
            fault.status, {"data": None, "message": words, "status": fault.status}
        )
    if fault.retry_after is not None:
        answer.headers.append((b"retry-after", f"{fault.retry_after:g}".encode()))
    return answer
