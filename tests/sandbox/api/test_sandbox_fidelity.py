# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""What the sandbox says, held against what the documents say, in every dialect."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import serve_in_thread
from sandbox.settings import Settings

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]

SAMPLES: Json = json.loads(Path(__file__).with_name("samples.json").read_text())
"""The samples of the API page: every model there is the same one."""

V1_DIALECTS = ("mldoc", "table", "recorded", "v2")
WITH_OFFSET = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}-07:00"
MILLISECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
NANOSECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"

MODEL_KEYS = set(SAMPLES["model"])
MODEL_KEYS_OF = {
    "mldoc": MODEL_KEYS,
    "table": MODEL_KEYS,
    "recorded": MODEL_KEYS | {"work_ids"},
    "v2": MODEL_KEYS
    | {"additional_data", "author_id", "description", "error", "hidden", "work_ids"},
}
CONFIG_KEYS = set(SAMPLES["model"]["config"])
CONFIG_KEYS_OF = {
    "mldoc": CONFIG_KEYS | {"additional"},
    "table": CONFIG_KEYS | {"additional"},
    "recorded": CONFIG_KEYS | {"custom_segment_ids", "internal", "use_ent_store"},
    "v2": (CONFIG_KEYS - {"tune_model", "model_type"}) | {"additional", "blocked", "internal"},
}
NUMBERS = {"mse", "rsq", "auc", "threshold", "accuracy", "reach", "audience_similarity", "msgs"}
FLAT_COUNTS = {"false_negative", "false_positive", "true_negative", "true_positive"}
SUMMARY_KEYS_OF = {
    "mldoc": NUMBERS | FLAT_COUNTS | {"health", "success", "failure"},
    "table": NUMBERS | FLAT_COUNTS | {"model_health", "success", "failure"},
    "recorded": NUMBERS | {"model_health", "conf", "success", "fail"},
    "v2": NUMBERS | {"model_health", "error_matrix", "target_predictions", "source_predictions"},
}
FEATURE_KEYS = set(SAMPLES["summary"]["features"][0])
FEATURE_KEYS_OF = {
    "mldoc": FEATURE_KEYS,
    "table": (FEATURE_KEYS - {"type"}) | {"fieldtype"},
    "recorded": (FEATURE_KEYS - {"prevalance"}) | {"field_prevalence"},
    "v2": (FEATURE_KEYS - {"prevalance"}) | {"field_prevalence"},
}
GO_COUNTS = {"FalseNegative", "FalsePositive", "TrueNegative", "TruePositive"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A sandbox for the whole file."""
    with (
        serve_in_thread(Settings(train=False)) as handle,
        httpx.Client(base_url=handle.root, headers={"Authorization": "sandbox"}) as client,
    ):
        yield client


@pytest.fixture
def model(client: httpx.Client, create: Create, wait_for: WaitFor) -> Json:
    """A complete model that uses every kind of feature."""
    config = {"use_scores": True, "use_content": True, "additional": ["city", "visit_ct"]}
    return wait_for(client, create(client, config=config)["id"])


def speak(client: httpx.Client, dialect: str) -> None:
    """Change the wording of /api."""
    client.post("/_sandbox/dialect", json={"dialect": dialect}).raise_for_status()


def assert_same_types(shown: object, sample: object, where: str = "") -> None:
    """Hold the JSON types of all that a sample shows against what is shown."""
    if isinstance(sample, dict):
        assert isinstance(shown, dict), where
        for key, value in sample.items():
            assert key in shown, f"{where}.{key} is missing"
            assert_same_types(shown[key], value, f"{where}.{key}")
    elif isinstance(sample, float | int) and not isinstance(sample, bool):
        assert isinstance(shown, float | int), where
        assert not isinstance(shown, bool), where
    else:
        assert type(shown) is type(sample), where


def test_model_has_the_types_of_the_api_pages_sample(client: httpx.Client, model: Json) -> None:
    """A model of /api has every field of the API page's sample, in its types and order."""
    speak(client, "mldoc")
    shown = client.get(f"/api/ml/{model['id']}").json()
    assert list(shown) == ["data"]
    assert_same_types(shown["data"], SAMPLES["model"])
    assert list(shown["data"]) == list(SAMPLES["model"])
    assert re.fullmatch(WITH_OFFSET, shown["data"]["created"])
    assert type(shown["data"]["config"]["collect"]) is int


def test_summary_has_the_types_of_the_api_pages_sample(client: httpx.Client, model: Json) -> None:
    """A summary of /api has every field of the API page's sample, in its types."""
    speak(client, "mldoc")
    shown = client.get(f"/api/ml/{model['id']}/summary").json()["data"]
    assert_same_types(shown["summary"], SAMPLES["summary"]["summary"])
    numeric = [feature for feature in shown["features"] if feature["type"] == "numeric"]
    for feature in numeric:
        assert_same_types(feature, SAMPLES["summary"]["features"][0])
    assert {f["kind"] for f in shown["features"]} == {"score", "content", "lql"}
    assert type(shown["summary"]["accuracy"]) is type(shown["summary"]["reach"]) is int


@pytest.mark.parametrize("dialect", V1_DIALECTS)
def test_model_has_the_documents_fields(client: httpx.Client, model: Json, dialect: str) -> None:
    """In every dialect a model has the fields of its document and no others, also in the list."""
    speak(client, dialect)
    shown = client.get(f"/api/ml/{model['id']}").json()["data"]
    assert set(shown) == MODEL_KEYS_OF[dialect]
    assert set(shown["config"]) == CONFIG_KEYS_OF[dialect]
    assert shown in client.get("/api/ml").json()["data"]
    assert shown["state"] == ("completed" if dialect == "table" else "complete")
    time_form = {"recorded": MILLISECONDS, "v2": NANOSECONDS}.get(dialect, WITH_OFFSET)
    assert re.fullmatch(time_form, shown["created"])
    # Milliseconds are too coarse to tell a build that takes none from its start.
    assert shown["updated"] >= shown["created"]


@pytest.mark.parametrize("dialect", V1_DIALECTS)
def test_summary_has_the_documents_fields(client: httpx.Client, model: Json, dialect: str) -> None:
    """In every dialect a summary has the fields of its document and no others."""
    speak(client, dialect)
    shown = client.get(f"/api/ml/{model['id']}/summary").json()["data"]
    assert set(shown) == {"id", "name", "summary", "features"} | (
        {"state"} if dialect == "v2" else set()
    )
    assert set(shown["summary"]) == SUMMARY_KEYS_OF[dialect]
    assert all(set(feature) == FEATURE_KEYS_OF[dialect] for feature in shown["features"])
    assert all(set(msg) == {"text", "tags", "severity"} for msg in shown["summary"]["msgs"])
    for name in ("conf", "error_matrix"):
        assert set(shown["summary"].get(name, GO_COUNTS)) == GO_COUNTS


@pytest.mark.parametrize("dialect", V1_DIALECTS)
def test_predictions_have_the_documents_form(
    client: httpx.Client, model: Json, dialect: str
) -> None:
    """Predictions are sparse maps with two-decimal keys, and 101 numbers where a table says so."""
    speak(client, dialect)
    shown = client.get(f"/api/ml/{model['id']}/summary").json()["data"]["summary"]
    names = ("success", "failure", "fail", "target_predictions", "source_predictions")
    found = [shown[name] for name in names if name in shown]
    assert len(found) == 2
    for predictions in found:
        if dialect == "table":
            assert len(predictions) == 101
        else:
            assert all(re.fullmatch(r"0\.\d\d|1\.00", key) for key in predictions)
            assert all(type(count) is int and count > 0 for count in predictions.values())


def test_numeric_impact_has_a_threshold_and_categorical_a_value(
    client: httpx.Client, model: Json
) -> None:
    """In v2 a threshold is for numeric fields and a value, a string, for categorical ones."""
    shown = client.get(f"/v2/ml/{model['id']}/summary").json()["data"]["features"]
    impacts = {feature["name"]: feature["impact"] for feature in shown}
    assert set(impacts["visit_ct"]) == {"lift", "threshold"}
    assert set(impacts["city"]) == {"lift", "value"}
    assert isinstance(impacts["city"]["value"], str)


@pytest.mark.parametrize(
    ("dialect", "rest"),
    [
        ("mldoc", {}),
        ("table", {"status": "success"}),
        ("recorded", {"status": 200, "message": "success"}),
    ],
)
def test_v1_envelope(client: httpx.Client, dialect: str, rest: Json) -> None:
    """A success of /api has the dialect's envelope: data alone, or with a status of its kind."""
    speak(client, dialect)
    shown = client.get("/api/ml").json()
    assert {key: value for key, value in shown.items() if key != "data"} == rest


def test_v2_envelope(client: httpx.Client) -> None:
    """A success of /v2 has data, status and a request id, whatever /api speaks."""
    shown = client.get("/v2/ml").json()
    assert set(shown) == {"data", "status", "request_id"}
    assert shown["status"] == 200
    assert re.fullmatch(r"[0-9a-f]{32}", shown["request_id"])


@pytest.mark.parametrize("path", ["/api/ml/none", "/api/ml/none/summary", "/api/segment/none"])
def test_v1_error(client: httpx.Client, path: str) -> None:
    """An error of /api is data null, a status and a message."""
    reply = client.get(path)
    assert reply.status_code == 404
    assert set(reply.json()) == {"data", "status", "message"}
    assert (reply.json()["data"], reply.json()["status"]) == (None, 404)


@pytest.mark.parametrize("path", ["/v2/ml/none", "/v2/ml/none/summary", "/v2/segment/none"])
def test_v2_error(client: httpx.Client, path: str) -> None:
    """An error of /v2 is a status, a request id, and a list of coded errors."""
    reply = client.get(path)
    assert reply.status_code == 404
    assert set(reply.json()) == {"status", "errors", "request_id"}
    (error,) = reply.json()["errors"]
    assert set(error) == {"code", "message", "level", "timestamp"}
    assert error["code"] == "NOTFOUND-003"


@pytest.mark.parametrize("path", ["/api/ml", "/v2/ml", "/api/segment", "/v2/segment", "/api/no"])
def test_no_key_is_answered_alike_everywhere(client: httpx.Client, path: str) -> None:
    """A 401 has the /api shape on /v2 too, as it is answered before the request gets there."""
    for key in ("", "nobody", "Bearer sandbox"):
        reply = httpx.get(client.base_url.join(path), headers={"Authorization": key})
        assert reply.status_code == 401
        assert reply.json() == {"message": "Not authorized", "status": 401}


@pytest.mark.parametrize("dialect", V1_DIALECTS)
def test_building_model_has_no_type(
    start: Callable[..., httpx.Client], create: Create, dialect: str
) -> None:
    """While it builds, a model has no type, isn't healthy, isn't live, and has no numbers."""
    client = start(build_s=60, dialect=dialect)
    shown = create(client, is_active=True)
    assert (shown["state"], shown["type"]) == ("building", "")
    assert (shown["is_healthy"], shown["is_active"]) == (False, False)
    summary = client.get(f"/api/ml/{shown['id']}/summary").json()["data"]
    assert not any(summary["summary"].get(name) for name in NUMBERS)
    assert summary["features"] == []
    assert shown.get("error", "building") == "building"


def test_zeroed_echo_reports_nothing_but_build_only(
    start: Callable[..., httpx.Client], create: Create, wait_for: WaitFor
) -> None:
    """As recorded for old models, a zeroed config has zeros, except for build_only."""
    client = start(config_echo="zeroed", dialect="recorded")
    config = {"use_scores": True, "collect": 700, "build_only": True, "additional": ["city"]}
    model_id = create(client, config=config)["id"]
    wait_for(client, model_id)
    shown = client.get(f"/api/ml/{model_id}").json()["data"]
    assert shown["type"] == shown["config"]["model_type"] == ""
    assert shown["config"]["collect"] == 0
    assert not shown["config"]["use_scores"]
    assert shown["config"]["build_only"]


def test_reason_is_told_where_a_document_has_a_place(
    client: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Why a model is invalid is v2's error, SegmentML's reason, and a message in the summary."""
    model_id = create(client, target="too_small")["id"]
    reason = wait_for(client, model_id)["error"]
    assert "19 users" in reason
    speak(client, "recorded")
    assert client.get(f"/api/ml/{model_id}").json()["data"]["reason"] == reason
    speak(client, "mldoc")
    assert set(client.get(f"/api/ml/{model_id}").json()["data"]) == MODEL_KEYS
    summary = client.get(f"/api/ml/{model_id}/summary").json()["data"]["summary"]
    assert summary["msgs"] == [
        {"text": reason, "tags": ["summary", "verdict"], "severity": "error"}
    ]


def test_segment_fields(client: httpx.Client) -> None:
    """A segment has the fields of the go-lytics recorded data on /api and of v2 on /v2."""
    recorded = "aid account_id id short_id name is_public public_name slug_name table author_id"
    v1 = client.get("/api/segment/all_users").json()["data"]
    assert {*recorded.split(), "updated", "created", "tags"} <= set(v1)
    v2 = client.get("/v2/segment/all_users?sizes=true").json()["data"]
    assert {"kind", "segment_ql", "invalid", "invalid_reason", "deleted", "groups"} <= set(v2)
    assert v2["size"] == 20_000
    sizes = client.get("/api/segment/sizes?ids=all_users,high_value").json()["data"]
    assert [set(size) for size in sizes] == [{"id", "name", "slug_name", "size"}] * 2
    assert [size["size"] for size in sizes] == [20_000, 2_400]
    assert client.get("/api/segment/high_value/size").json()["data"] == sizes[1]
