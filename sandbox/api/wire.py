"""Envelopes and models as they look on the wire, in each of the documents' wordings. Pure.

=========  ==========================================  =======================================
dialect    envelope                                    source
=========  ==========================================  =======================================
mldoc      ``{"data"}``                                API page, the samples
table      ``{"data","status":"success"}``             API page, the tables (state "completed")
recorded   ``{"data","status":200,"message"}``         go-lytics recorded data
v2         ``{"data","status":200,"request_id"}``      Lytics v2 OpenAPI
=========  ==========================================  =======================================
"""

import json
from typing import Any

from sandbox import clock
from sandbox.api.auth import account_id, author_id
from sandbox.audiences.filter_ql import included_segments, used_fields
from sandbox.chance import new_id
from sandbox.errors import ApiError, NotAuthorizedError
from sandbox.models import Config, Model
from sandbox.segments import Segment, SegmentPlan
from sandbox.settings import Dialect
from sandbox.turning.behaviour import Behaviour, ConfigEcho

JsonObject = dict[str, Any]


def dump(value: object) -> bytes:
    """Write JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def envelope(data: bytes, status: int, dialect: Dialect, marks: JsonObject | None = None) -> bytes:
    """Put JSON that is already written into the dialect's envelope.

    Args:
        data: JSON.
        status: of HTTP.
        dialect: whose envelope.
        marks: what else it says, of pages.
    """
    tails = {
        "mldoc": "",
        "table": ',"status":"success"',
        "recorded": f',"message":"success","status":{status}',
        "v2": f',"request_id":"{new_id()}","status":{status}',
    }
    more = b"," + dump(marks)[1:-1] if marks else b""
    return b'{"data":' + data + tails[dialect].encode() + more + b"}"


def error_body(error: ApiError, at_ns: int, *, v2: bool) -> JsonObject:
    """Return the body of a refusal at a time in nanoseconds since 1970.

    A 401 has the /api shape everywhere: it is answered before the request reaches either API
    (Lytics' agent skills).
    """
    if isinstance(error, NotAuthorizedError):
        return {"message": error.message, "status": error.status}
    if not v2:
        return {"data": None, "status": error.status, "message": error.message}
    detail = {
        "code": error.code,
        "level": "warn",
        "message": error.message,
        "timestamp": clock.nanoseconds_z(at_ns),
    }
    return {"errors": [detail], "request_id": new_id(), "status": error.status}


def render_model(model: Model, dialect: Dialect, ways: Behaviour) -> JsonObject:
    """Return a model as ML List shows it.

    ``type`` is empty while building (go-lytics recorded data). Why a model is invalid is shown
    where a document names a place for it: ``error`` in v2, ``reason`` in recorded data
    (SegmentML); the API page has none, there ML Summary carries an error message.
    """
    common: JsonObject = {
        "aid": model.aid,
        "id": model.id,
        "name": model.name,
        "label": model.label,
        "state": model.state,
        "source": _reference(model.source, ways),
        "target": _reference(model.target, ways),
        "type": "" if ways.config_echo == "zeroed" else model.type,
        "is_healthy": model.is_healthy,
        "is_active": model.is_active,
    }
    if dialect == "table" and model.state == "complete":
        common["state"] = "completed"
    write_time = {"recorded": clock.milliseconds_z, "v2": clock.nanoseconds_z}.get(
        dialect, clock.nanoseconds_with_offset
    )
    common["created"] = write_time(model.created_ns)
    common["updated"] = write_time(model.updated_ns)
    if ways.config_echo != "none":
        common["config"] = render_config(model, dialect, ways.config_echo)
    if dialect == "recorded":
        common["work_ids"] = model.work_ids
        if model.reason:
            common["reason"] = model.reason
    if dialect == "v2":
        common.update(_v2_extras(model))
    return common | model.odd


def _reference(segment_id: str, ways: Behaviour) -> str | JsonObject:
    """Return how a model names a segment; SegmentML shows whole segments."""
    return {"id": segment_id} if ways.segments_as == "object" else segment_id


def _v2_extras(model: Model) -> JsonObject:
    error = "building" if model.state == "building" else model.reason or None
    return {
        "additional_data": {},
        "author_id": model.author_id,
        "description": model.description,
        "error": error,
        "hidden": model.hidden,
        "work_ids": model.work_ids,
    }


def render_config(model: Model, dialect: Dialect, echo: ConfigEcho) -> JsonObject:
    """Return the config with the keys that the dialect's document shows.

    Args:
        model: whose config.
        dialect: which document.
        echo: ``zeroed`` reports Go's zero value for all but ``build_only``, as recorded for
            models that were built through SegmentML.
    """
    config = model.config
    shown = config if echo == "full" else Config(collect=0, build_only=config.build_only)
    model_type = model.type if echo == "full" else ""
    common: JsonObject = {
        "collect": shown.collect,
        "use_scores": shown.use_scores,
        "use_content": shown.use_content,
        "build_only": shown.build_only,
        "auto_tune": shown.auto_tune,
        "re_run": shown.re_run,
    }
    if dialect == "v2":
        return common | {
            "additional": shown.additional,
            "blocked": shown.blocked,
            "internal": False,
        }
    common |= {"model_type": model_type, "tune_model": shown.tune_model}
    if dialect == "recorded":
        return common | {"custom_segment_ids": None, "internal": False, "use_ent_store": False}
    if shown.additional:
        common["additional"] = shown.additional
    return common


def render_segment(segment: Segment, *, v2: bool, with_size: bool) -> JsonObject:
    """Return a segment with the fields of the go-lytics recorded data, or of v2's OpenAPI."""
    plan = segment.plan
    shown: JsonObject = {
        "account_id": account_id(segment.aid),
        "aid": segment.aid,
        "author_id": author_id(segment.aid),
        "created": clock.milliseconds_z(plan.created_ns),
        "deleted": plan.deleted,
        "description": plan.description,
        "id": segment.id,
        "invalid": bool(plan.invalid_reason),
        "invalid_reason": plan.invalid_reason,
        "is_public": True,
        "kind": plan.kind,
        "name": plan.name,
        "public_name": plan.slug,
        "segment_ql": plan.segment_ql,
        "slug_name": plan.slug,
        "table": plan.table,
        "tags": list(plan.tags),
        "updated": clock.milliseconds_z(plan.updated_ns),
    }
    if v2:
        shown |= _v2_segment_extras(plan)
    else:
        shown["short_id"] = segment.id[:6]
    if with_size:
        shown["size"] = segment.size
    return shown


def _v2_segment_extras(plan: SegmentPlan) -> JsonObject:
    extras: JsonObject = {
        **dict.fromkeys(("category", "ql_resolved", "withs_ql"), ""),
        **{key: [] for key in ("groups", "identities", "field_changes_fields")},
        **dict.fromkeys(("datemath_calc", "forward_datemath", "schedule_exit"), False),
        "save_hist": True,
        "fields": used_fields(plan.definition),
        "includes": included_segments(plan.definition),
    }
    return extras if plan.ast is None else extras | {"ast": plan.ast}


def render_size(segment: Segment) -> JsonObject:
    """Return a segment's size as /api/segment/sizes lists it (go-lytics recorded data)."""
    return {
        "id": segment.id,
        "name": segment.plan.name,
        "slug_name": segment.slug,
        "size": segment.size,
    }
