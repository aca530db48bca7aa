"""A request as the endpoints see it, and the way back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.api import wire
from sandbox.api.auth import Caller, require_account
from sandbox.api.pages import cut_page
from sandbox.api.request_log import Entry
from sandbox.errors import ApiError, BadRequestError, NotAuthorizedError, NotFoundError
from sandbox.settings import Dialect
from sandbox.world import World

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One authorized API request.

    Attributes:
        dialect: in which the answer is worded.
        query: the last value of each parameter.
        path: the path's own parameters.
        raw_body: before it is parsed.
        entry: the request in the log.
    """

    world: World
    caller: Caller
    dialect: Dialect
    v2: bool
    method: str
    query: dict[str, str]
    path: dict[str, str]
    raw_body: bytes
    entry: Entry

    def body(self) -> JsonObject:
        """Return the JSON body, empty if there is none.

        Raises:
            BadRequestError: it is no JSON object.
        """
        if not self.raw_body:
            return {}
        try:
            parsed = json.loads(self.raw_body)
        except ValueError as problem:
            message = f"invalid JSON: {problem}"
            raise BadRequestError(message) from problem
        if not isinstance(parsed, dict):
            message = "the body must be a JSON object"
            raise BadRequestError(message)
        return parsed

    def reply(self, data: object, status: int = 200) -> Response:
        """Answer with data in the dialect's envelope."""
        return self.reply_bytes(wire.dump(data), status)

    def reply_page(self, items: list[bytes]) -> Response:
        """Answer with a list whose items are already written, or a page of it."""
        shown, marks = cut_page(items, self.query.get("start", ""), self.world.behaviour)
        data = b"[" + b",".join(shown) + b"]"
        return json_response(wire.envelope(data, 200, self.dialect, marks), 200)

    def reply_bytes(self, data: bytes, status: int = 200) -> Response:
        """Answer with JSON that is already written."""
        return json_response(wire.envelope(data, status, self.dialect), status)


Handler = Callable[[Call], Response]


def json_response(content: bytes, status: int) -> Response:
    """Return a JSON response."""
    return Response(content, status, media_type="application/json")


def refusal(error: ApiError, at_ns: int, *, v2: bool) -> Response:
    """Return the response for a request that is refused at a time in nanoseconds since 1970."""
    return json_response(wire.dump(wire.error_body(error, at_ns, v2=v2)), error.status)


def endpoint(world: World, handler: Handler) -> Callable[[Request], Any]:
    """Make a Starlette endpoint of a handler: authorize, call, word refusals."""

    async def serve(request: Request) -> Response:
        v2 = request.url.path.startswith("/v2")
        try:
            return handler(_call(world, request, v2=v2))
        except ApiError as error:
            return refusal(error, world.clock.now_ns(), v2=v2)
        finally:
            _note_live(world, request.scope["sandbox.entry"])

    return serve


def _note_live(world: World, entry: Entry) -> None:
    if entry.method != "GET" and entry.aid is not None:
        entry.live = [model.id for model in world.store.of_account(entry.aid) if model.is_active]


def _call(world: World, request: Request, *, v2: bool) -> Call:
    caller: Caller | None = request.scope["sandbox.caller"]
    if not caller:
        raise NotAuthorizedError
    if world.behaviour.generation not in ("both", "v2" if v2 else "v1"):
        message = "Not Found"
        raise NotFoundError(message)
    query = dict(request.query_params)
    require_account(caller, query.get("account_id"))
    dialect: Dialect = "v2" if v2 else world.dialect
    body: bytes = request.scope["sandbox.body"]
    entry: Entry = request.scope["sandbox.entry"]
    return Call(world, caller, dialect, v2, request.method, query, request.path_params, body, entry)
