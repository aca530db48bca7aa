# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Every reply of /v2, held against the published description (``schemas/``)."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
FOLDER = Path(__file__).with_name("schemas")
PUBLISHED: Json = json.loads((FOLDER / "v2.json").read_text("utf-8"))
MAY_LACK = {
    "models.ApiResponse": {"_meta"},
    "models.Impact": {"threshold", "value"},
    "models.Segment": {"ast", "size"},
    "models.SegmentDeleteStatus": {"segments"},
    "models.Expr": {"args", "ident", "op", "val"},
}
"""What a reply may leave out; the reasons are in ``schemas/README.md``."""
CONFIG = {"use_scores": True, "additional": ["city"], "blocked": ["score_recency"]}
AUDIENCE = {
    "name": "Likely",
    "segment_ql": "FILTER AND (segment_prediction.`grow` > 0.7, INCLUDE dormant, EXISTS city)",
}


def deviations() -> dict[str, tuple[Json, Json]]:
    """Return what the README's table changes: by place, as published and as it is here."""
    rows = re.findall(
        r"^\| `(models\.[\w/]+)` \| `(\{.*?\})` \| `(\{.*?\})` \|",
        (FOLDER / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    return {at: (json.loads(published), json.loads(here)) for at, published, here in rows}


def strict_schemas(*unchanged: str, whole: bool = True) -> Json:
    """Return the shapes with deviations applied, no other fields allowed and all of them there.

    Args:
        unchanged: deviations to leave out.
        whole: whether every described field must be there.
    """
    defs: Json = copy.deepcopy(PUBLISHED["$defs"])
    for at, (published, here) in deviations().items():
        name, field = at.split("/")
        assert defs[name]["properties"][field] == published, at
        if at not in unchanged:
            defs[name]["properties"][field] = here
    for name, shape in defs.items():
        shape["additionalProperties"] = False
        if whole:
            shape["required"] = sorted(set(shape["properties"]) - MAY_LACK.get(name, set()))
    return defs


def problems(shape: Json, reply: httpx.Response, defs: Json) -> list[str]:
    """Return how a reply's body differs from a shape."""
    validator = jsonschema.Draft202012Validator({**shape, "$defs": defs})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(reply.json())]


def shape_of(request: str) -> tuple[int, Json]:
    """Return the status and the shape of a request's success."""
    status, data = PUBLISHED["replies"][request]
    envelope = {"$ref": "#/$defs/models.ApiResponse"}
    if data is None:
        return status, envelope
    item = {"$ref": f"#/$defs/{data[0] if isinstance(data, list) else data}"}
    inner = {"type": "array", "items": item} if isinstance(data, list) else item
    return status, {"allOf": [envelope, {"properties": {"data": inner}}]}


ERROR = {"$ref": "#/$defs/models.ApiErrorResponse"}


@pytest.fixture
def replies(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> dict[str, list[httpx.Response]]:
    """Every request of the description, with every kind of model and segment there."""
    trained = create(api, "/v2", name="grow", config=CONFIG)
    wait_for(api, trained["id"])
    api.post("/_sandbox/outcomes", json={"match": {"name": "slow"}, "build_s": 60})
    slow = create(api, "/v2", name="slow", config=CONFIG)
    created = {"source": trained["source"], "target": trained["target"], "config": CONFIG}
    path = f"/v2/ml/{trained['id']}"
    audience = api.post("/v2/segment", json=AUDIENCE)
    place = f"/v2/segment/{audience.json()['data']['id']}"
    other = api.post("/v2/segment", json=AUDIENCE).json()["data"]["id"]
    return {
        "POST /v2/ml": [api.post("/v2/ml", json=created)],
        "GET /v2/ml": [api.get("/v2/ml")],
        "GET /v2/ml/{id}": [api.get(f"/v2/ml/{model['id']}") for model in (trained, slow)],
        "PUT /v2/ml/{id}": [api.put(path, params={"label": "x", "hidden": "true"})],
        "GET /v2/ml/{id}/summary": [
            api.get(f"/v2/ml/{model['id']}/summary") for model in (trained, slow)
        ],
        "DELETE /v2/ml/{id}": [api.delete(path)],
        "POST /v2/segment": [audience],
        "GET /v2/segment": [api.get("/v2/segment?valid=all"), api.get("/v2/segment?sizes=true")],
        "GET /v2/segment/{id}": [api.get(place), api.get("/v2/segment/dormant?sizes=true")],
        "PUT /v2/segment/{id}": [api.put(place, json={"description": "x"})],
        "DELETE /v2/segment/{id}": [api.delete(place)],
        "DELETE /v2/segment/{ids}": [api.delete(f"/v2/segment/{other},nobody")],
    }


def test_every_reply_is_as_described(replies: dict[str, list[httpx.Response]]) -> None:
    """Each success of /v2 has all that is described and nothing else, save what is listed."""
    assert replies.keys() == PUBLISHED["replies"].keys()
    defs = strict_schemas()
    for request, got in replies.items():
        status, shape = shape_of(request)
        for reply in got:
            assert reply.status_code == status, request
            assert problems(shape, reply, defs) == [], request


def test_every_deviation_is_needed(replies: dict[str, list[httpx.Response]]) -> None:
    """Without any one of the listed deviations some reply isn't as described."""
    assert len(deviations()) == 2
    for at in deviations():
        defs = strict_schemas(at)
        assert any(
            problems(shape_of(request)[1], reply, defs)
            for request, got in replies.items()
            for reply in got
        ), at


def test_an_invalid_models_replies_are_as_described(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """A model that couldn't be built says why; its summary has no numbers."""
    model_id = create(api, "/v2", target="too_small")["id"]
    assert "19 users" in wait_for(api, model_id)["error"]
    _, shape = shape_of("GET /v2/ml/{id}")
    assert problems(shape, api.get(f"/v2/ml/{model_id}"), strict_schemas()) == []
    _, shape = shape_of("GET /v2/ml/{id}/summary")
    reply = api.get(f"/v2/ml/{model_id}/summary")
    assert problems(shape, reply, strict_schemas(whole=False)) == []


def test_a_page_is_as_described(api: httpx.Client, create: Create) -> None:
    """``_meta`` is the description's only place for what a page is of."""
    for _ in range(2):
        create(api)
    api.post("/_sandbox/behaviour", json={"page_size": 1, "page_marks": "_meta"})
    _, shape = shape_of("GET /v2/ml")
    assert problems(shape, api.get("/v2/ml"), strict_schemas()) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "behaviour"),
    [
        ("GET", "/v2/ml/none", 404, {}),
        ("GET", "/v2/ml/none/summary", 404, {}),
        ("PUT", "/v2/ml/none?label=x", 404, {}),
        ("DELETE", "/v2/ml/none", 404, {}),
        ("POST", "/v2/ml", 400, {}),
        ("GET", "/v2/segment?valid=perhaps", 400, {}),
        ("GET", "/v2/segment/none", 404, {}),
        ("POST", "/v2/segment", 400, {}),
        ("DELETE", "/v2/segment/none", 404, {}),
        ("GET", "/v2/nothing", 404, {}),
        ("POST", "/v2/ml/none", 405, {}),
        ("GET", "/v2/ml?account_id=5678", 403, {}),
        ("GET", "/v2/ml", 404, {"generation": "v1"}),
    ],
)
def test_every_refusal_is_as_described(
    api: httpx.Client, method: str, path: str, status: int, behaviour: Json
) -> None:
    """A refusal of /v2 has status, request id and coded errors, whatever it is."""
    api.post("/_sandbox/behaviour", json=behaviour)
    reply = api.request(method, path)
    assert reply.status_code == reply.json()["status"] == status
    assert problems(ERROR, reply, strict_schemas()) == []
