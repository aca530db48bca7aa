"""The segment endpoints that a client of the ML API needs, of both generations."""

from starlette.responses import Response

from sandbox.api import wire
from sandbox.api.calls import Call
from sandbox.errors import BadRequestError, NotFoundError
from sandbox.segments import Segment

VALIDITY = {"true": (False,), "false": (True,), "all": (False, True)}


def list_segments(call: Call) -> Response:
    """Segments of a table (``user`` unless asked otherwise), valid ones unless asked otherwise.

    ``kind`` is one of segment, goal, aspect, conversion, managed and so on, or ``all``, which not
    to send comes to (assumption).

    Raises:
        BadRequestError: ``valid`` is none of true, false, all.
    """
    table = call.query.get("table", "user")
    wanted = VALIDITY.get(call.query.get("valid", "true"))
    if wanted is None:
        message = "valid must be true, false or all"
        raise BadRequestError(message)
    kind = call.query.get("kind", "all")
    found = [
        segment
        for segment in call.world.directory.of_account(call.caller.aid)
        if segment.plan.table == table
        and bool(segment.plan.invalid_reason) in wanted
        and kind in ("all", segment.plan.kind)
    ]
    return call.reply_page([wire.dump(_render(call, segment)) for segment in found])


def get_segment(call: Call) -> Response:
    """One segment by id or slug."""
    return call.reply(_render(call, _find(call, call.path["id"])))


def get_size(call: Call) -> Response:
    """The size of one segment."""
    return call.reply(wire.render_size(_find(call, call.path["id"])))


def list_sizes(call: Call) -> Response:
    """The sizes of many segments, ``ids=a,b``; of all without."""
    return call.reply([wire.render_size(segment) for segment in _asked_for(call)])


def list_attribution(call: Call) -> Response:
    """How sizes went over time (go-lytics: GetSegmentAttribution); the sandbox knows only now."""
    now_ms = str(call.world.clock.now_ns() // 1_000_000)
    return call.reply(
        [
            {"id": segment.id, "metrics": [{"ts": now_ms, "value": segment.size, "anomaly": 0}]}
            for segment in _asked_for(call)
        ]
    )


def list_collections(call: Call) -> Response:
    """Groups of segments (go-lytics: GetSegmentCollectionList); the sandbox has none."""
    return call.reply([])


def _asked_for(call: Call) -> list[Segment]:
    ids = [key for key in call.query.get("ids", "").split(",") if key]
    if not ids:
        return call.world.directory.of_account(call.caller.aid)
    return [_find(call, key) for key in ids]


def _find(call: Call, key: str) -> Segment:
    found = call.world.directory.find(call.caller.aid, key)
    if not found:
        message = f"segment not found: {key}"
        raise NotFoundError(message)
    return found


def _render(call: Call, segment: Segment) -> dict[str, object]:
    with_size = call.query.get("sizes", "").lower() == "true"
    return wire.render_segment(segment, v2=call.v2, with_size=with_size)
