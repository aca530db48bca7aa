"""/_sandbox/account: the main account is a copy of another one."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox.api.auth import CALLERS
from sandbox.audiences.outside import create_segments
from sandbox.errors import BadRequestError
from sandbox.people.fields import FieldPlan, Fields
from sandbox.turning import outside
from sandbox.turning.control import sent_json
from sandbox.world import World

KEYS = ("aid", "models", "segments", "fields")
_MAIN = CALLERS["sandbox"].aid
_SEGMENT_USERS = 1000
"""Users of a segment that doesn't say how many it has: enough to build a model on."""


class CopyControl:
    """The control endpoint that makes the main account a copy of another one."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[BaseRoute]:
        """Return the routes below /_sandbox."""
        return [Route("/account", self.account, methods=["POST"])]

    async def account(self, request: Request) -> JSONResponse:
        """Make the main account the one that is sent: its number, models and segments."""
        sent = await sent_json(request)
        become(self.world, sent)
        return JSONResponse({"aid": self.world.accounts[0]}, 201)


def become(world: World, sent: object) -> None:
    """Make the main account a copy of another one; it then holds nothing else.

    Args:
        world: where.
        sent: ``aid``, the number that the keys `sandbox` and `sandbox-readonly` open from now on;
            ``models`` and ``segments`` as the API lists them, with their ids; ``fields``, names
            that users' profiles have besides the made-up ones.

    Raises:
        BadRequestError: a part of it can't be used.
    """
    if not isinstance(sent, dict) or type(sent.get("aid")) is not int:
        message = "an account is a JSON object with its number, aid, and models, segments, fields"
        raise BadRequestError(message)
    if unknown := sorted(set(sent) - set(KEYS)):
        message = f"unknown: {', '.join(unknown)}. Known: {', '.join(KEYS)}."
        raise BadRequestError(message)
    aid, segments = sent["aid"], _objects(sent, "segments")
    models = _objects(sent, "models")
    fields = sent.get("fields", [])
    _empty(world, {aid, _MAIN, *world.accounts[:1]})
    world.callers = {
        key: replace(caller, aid=aid) if caller.aid == _MAIN else caller
        for key, caller in CALLERS.items()
    }
    world.builds.fields = Fields(
        (*world.builds.fields.usable, *(FieldPlan(str(name)) for name in fields)),
        world.builds.fields.withheld,
    )
    create_segments(world, [{"size": _SEGMENT_USERS, **one, "aid": aid} for one in segments])
    outside.place(world, [{**one, "aid": aid} for one in models])


def _objects(sent: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = sent.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        message = f"{key} must be a list of JSON objects"
        raise BadRequestError(message)
    return found


def _empty(world: World, accounts: set[int]) -> None:
    for aid in accounts:
        for model in world.store.of_account(aid):
            world.builds.forget(model.id)
            world.store.delete(model.id)
        for segment in world.directory.of_account(aid):
            world.directory.remove(segment)
