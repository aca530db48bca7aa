# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""``POST /_sandbox/account``: the main account is a copy of another one."""

from typing import Any

import httpx
import pytest

Json = dict[str, Any]
SOURCE, TARGET = "a1" * 16, "b2" * 16
SEGMENTS = [
    {"id": SOURCE, "slug_name": "Shoppers.All", "name": "Shoppers", "segment_ql": "FILTER *"},
    {"id": TARGET, "slug_name": "loyal", "segment_ql": "FILTER visits > 3", "size": 40},
]
MODEL = {
    "id": "c3" * 16,
    "aid": 4711,
    "name": "grow",
    "source": SOURCE,
    "target": TARGET,
    "is_active": True,
    "summary": {"auc": 0.66},
}
ACCOUNT = {"aid": 4711, "models": [MODEL], "segments": SEGMENTS, "fields": ["city_tier"]}


def test_a_copied_account_has_its_number_ids_and_definitions(api: httpx.Client) -> None:
    """Models and segments are shown with the ids, definitions and number that they came with."""
    api.post("/_sandbox/account", json=ACCOUNT).raise_for_status()
    segments = api.get("/api/segment").json()["data"]
    assert [(s["id"], s["slug_name"], s["segment_ql"], s["aid"]) for s in segments] == [
        (SOURCE, "Shoppers.All", "FILTER *", 4711),
        (TARGET, "loyal", "FILTER visits > 3", 4711),
    ]
    (shown,) = api.get("/api/ml").json()["data"]
    assert (shown["id"], shown["aid"], shown["is_active"]) == (MODEL["id"], 4711, True)
    assert api.get(f"/api/ml/{MODEL['id']}/summary").json()["data"]["summary"]["auc"] == 0.66
    assert api.get("/api/segment/loyal").json()["data"]["id"] == TARGET

    api.post("/_sandbox/reset").raise_for_status()
    assert {s["aid"] for s in api.get("/api/segment").json()["data"]} == {1234}


def test_a_model_is_built_on_copied_segments_and_fields(
    api: httpx.Client,
    wait_for: Any,  # noqa: ANN401 - conftest's
) -> None:
    """A create may name what the copied account has, and no segment of the sandbox's own."""
    api.post("/_sandbox/account", json=ACCOUNT).raise_for_status()
    wanted = {"name": "new", "source": SOURCE, "target": TARGET}
    made = api.post("/api/ml", json={**wanted, "config": {"additional": ["city_tier"]}})
    built = wait_for(api, made.json()["data"]["id"])
    assert (built["state"], built["is_active"], built["aid"]) == ("complete", True, 4711)
    other = api.post("/api/ml", json={**wanted, "source": "all_users"})
    assert other.status_code == 404


def test_the_log_says_which_model_a_write_was_about_and_what_was_live_then(
    api: httpx.Client,
) -> None:
    """After each write the log has the model's id, and the ids of the models that were live."""
    api.post("/_sandbox/account", json=ACCOUNT).raise_for_status()
    stopped = api.post(f"/api/ml/{MODEL['id']}", json={"is_active": False})
    assert stopped.status_code == 200
    wanted = {"name": "new", "source": SOURCE, "target": TARGET}
    made = api.post("/api/ml", json={**wanted, "config": {"use_scores": True, "build_only": True}})
    new = made.json()["data"]["id"]
    api.post("/api/ml", json={"name": "refused"})
    api.post(f"/v2/ml/{new}", json={"is_active": True})
    log = [entry for entry in api.get("/_sandbox/requests").json() if entry["method"] != "GET"]
    assert [(entry["model"], entry["live"]) for entry in log][:3] == [
        (MODEL["id"], []),
        (new, []),
        (None, []),
    ]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([], "its number"),
        ({"aid": "x"}, "its number"),
        ({"aid": 1, "users": []}, "unknown: users"),
        ({"aid": 1, "models": {}}, "models must be a list"),
        ({"aid": 1, "segments": [{"id": SOURCE}, {"id": SOURCE}]}, "taken"),
    ],
)
def test_what_can_not_be_an_account_is_refused(api: httpx.Client, sent: object, said: str) -> None:
    """A part that can't be used is named."""
    reply = api.post("/_sandbox/account", json=sent)
    assert reply.status_code == 400
    assert said in reply.json()["message"]
