"""Segment Create, Update, Delete, Validate and Scan: what audiences need, of both generations."""

from typing import Any

from starlette.responses import Response

from sandbox.api import wire
from sandbox.api.auth import require_write
from sandbox.api.calls import Call, json_response
from sandbox.audiences.filter_ql import parse_statement
from sandbox.audiences.writes import create_segment, delete_segment, update_segment
from sandbox.errors import BadRequestError, NotFoundError
from sandbox.segments import Segment

JsonObject = dict[str, Any]
SCOPE = "v2_segment_manage"
SCAN_LIMIT, SCAN_LIMIT_MAX = 10, 100
"""Users that a scan shows at a time (V1 Segment Scan)."""


def create(call: Call) -> Response:
    """Segment Create: JSON, or the definition alone as text.

    Text whose ALIAS is a segment's slug updates that one (V1 Segment Update); JSON never does.
    """
    require_write(call.caller, SCOPE)
    world, aid = call.world, call.caller.aid
    sent, is_text = _sent(call)
    alias = parse_statement(sent["segment_ql"]).alias if is_text else ""
    if alias and world.directory.find(aid, alias):
        return _answer(call, update_segment(world, aid, alias, sent))
    return _answer(call, create_segment(world, aid, sent), 201)


def update(call: Call) -> Response:
    """Segment Update: what is sent changes, the rest stays."""
    require_write(call.caller, SCOPE)
    sent, _ = _sent(call)
    return _answer(call, update_segment(call.world, call.caller.aid, call.path["id"], sent))


def delete(call: Call) -> Response:
    """Segment Delete: of one, or in v2 of several, ``a,b``, which says what became of each."""
    require_write(call.caller, SCOPE)
    keys = call.path["id"].split(",") if call.v2 else [call.path["id"]]
    if len(keys) == 1:
        delete_segment(call.world, call.caller.aid, keys[0])
        return call.reply(None) if call.v2 else Response(status_code=204)
    states = [_delete_one(call, key) for key in keys]
    return call.reply(
        {
            "deleted": [state["id"] for state in states if state["deleted"]],
            "not_deleted": [state["id"] for state in states if not state["deleted"]],
            "segments": states,
        }
    )


def _delete_one(call: Call, key: str) -> JsonObject:
    try:
        delete_segment(call.world, call.caller.aid, key)
    except NotFoundError as problem:
        return {"id": key, "deleted": False, "reason": str(problem)}
    return {"id": key, "deleted": True, "reason": ""}


def validate(call: Call) -> Response:
    """Segment Validate: 200 if a definition can be read, else 400 with the reason.

    Its document shows ``message: success``, which go-lytics looks at, whatever the dialect.
    """
    parse_statement(str(_sent(call)[0].get("segment_ql", "")))
    return json_response(wire.envelope(wire.dump(None), 200, "recorded"), 200)


def scan(call: Call) -> Response:
    """Segment Scan: the users of a segment, a page at a time."""
    world, aid, key = call.world, call.caller.aid, call.path["id"]
    if not world.directory.find(aid, key):
        message = f"segment not found: {key}"
        raise NotFoundError(message)
    users = world.sizes.users(aid, key)
    first = _count(call, "start", 0)
    after = first + min(_count(call, "limit", SCAN_LIMIT), SCAN_LIMIT_MAX)
    rows = [world.sizes.profile(aid, user) for user in users[first:after]]
    marks = {"_next": str(after) if after < len(users) else "", "total": len(users)}
    return json_response(wire.envelope(wire.dump(rows), 200, call.dialect, marks), 200)


def _count(call: Call, name: str, otherwise: int) -> int:
    text = call.query.get(name) or str(otherwise)
    if not text.isdecimal():
        message = f"{name} must be a whole number"
        raise BadRequestError(message)
    return int(text)


def _sent(call: Call) -> tuple[JsonObject, bool]:
    """Return what was sent, and whether it was text rather than JSON."""
    text = call.raw_body.decode(errors="replace").strip()
    if not text or text[0] in "{[":
        return call.body(), False
    return {"segment_ql": text}, True


def _answer(call: Call, segment: Segment, status: int = 200) -> Response:
    return call.reply(wire.render_segment(segment, v2=call.v2, with_size=False), status)
