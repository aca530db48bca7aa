"""What is sent to the API in either generation, without any network."""

import httpx
import pytest

from providers.lytics.api.requests import Request, Requests

V1, V2 = Requests("v1"), Requests("v2")
SEGMENTS = {"table": "user", "valid": "all"}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (V1.list_models(), Request("GET", "/api/ml")),
        (V1.fetch_model("a1"), Request("GET", "/api/ml/a1")),
        (V1.fetch_summary("a1"), Request("GET", "/api/ml/a1/summary")),
        (
            V1.create_model({"name": "n"}),
            Request("POST", "/api/ml", body={"name": "n"}, repeatable=False),
        ),
        (V1.update_model("a1", {"label": "l"}), Request("POST", "/api/ml/a1", body={"label": "l"})),
        (V1.delete_model("a1"), Request("DELETE", "/v2/ml/a1")),
        (V1.list_segments(), Request("GET", "/api/segment", params=SEGMENTS)),
        (V1.fetch_segment("a1"), Request("GET", "/api/segment/a1")),
        (V1.segment_sizes(["a", "b"]), Request("GET", "/api/segment/sizes", params={"ids": "a,b"})),
        (V2.list_models(), Request("GET", "/v2/ml")),
        (V2.fetch_model("a1"), Request("GET", "/v2/ml/a1")),
        (V2.fetch_summary("a1"), Request("GET", "/v2/ml/a1/summary")),
        (
            V2.create_model({"name": "n"}),
            Request("POST", "/v2/ml", body={"name": "n"}, repeatable=False),
        ),
        (
            V2.update_model("a1", {"label": "l", "is_active": False, "hidden": True}),
            Request(
                "PUT", "/v2/ml/a1", params={"label": "l", "is_active": "false", "hidden": "true"}
            ),
        ),
        (V2.delete_model("a1"), Request("DELETE", "/v2/ml/a1")),
        (V2.list_segments(), Request("GET", "/v2/segment", params=SEGMENTS)),
        (V2.fetch_segment("a1"), Request("GET", "/v2/segment/a1")),
        (
            V2.segment_sizes(["a", "b"]),
            Request("GET", "/v2/segment", params={**SEGMENTS, "sizes": "true"}),
        ),
    ],
)
def test_requests(request_: Request, expected: Request) -> None:
    """Each request is what its document says, and only a create isn't repeatable."""
    seen = (request_.method, request_.path, request_.params, request_.body, request_.repeatable)
    assert seen == (
        expected.method,
        expected.path,
        expected.params,
        expected.body,
        expected.repeatable,
    )


@pytest.mark.parametrize("requests", [V1, V2])
@pytest.mark.parametrize("make", ["fetch_model", "fetch_summary", "delete_model", "fetch_segment"])
def test_an_odd_id_stays_one_part_of_the_path(requests: Requests, make: str) -> None:
    """An id can't lead to another path of the API."""
    path = getattr(requests, make)("../segment?x=1#y").path
    assert "..%2Fsegment%3Fx%3D1%23y" in path


@pytest.mark.parametrize(
    ("requests", "unknown"), [(V1, "blocked"), (V2, "tune_model")], ids=["v1", "v2"]
)
def test_a_create_holds_only_what_its_generation_knows(requests: Requests, unknown: str) -> None:
    """v2 doesn't know tune_model, v1 doesn't know blocked: neither is sent there."""
    config = {"tune_model": False, "blocked": ["email"], "collect": 200}
    body = requests.create_model({"name": "n", "config": config}).body
    assert body is not None
    assert set(config) - set(body["config"]) == {unknown}


@pytest.mark.parametrize(
    "label", ["", "a&b=c", "50 % off #1", "two\nlines", "née 🎯", "+ and  blanks ", "x" * 1000]
)
def test_a_label_survives_the_query(label: str) -> None:
    """Whatever a label holds, the other side reads it back from the query as it was."""
    request = V2.update_model("a1", {"label": label})
    url = httpx.URL("https://x.example", params=dict(request.params))
    assert httpx.QueryParams(url.query)["label"] == label
    assert b"#" not in url.raw_path
