# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""The reads of SegmentML that go-lytics and the Lytics CLI ask for."""

from collections.abc import Callable
from typing import Any

import httpx

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
CONFIG = {"use_scores": True, "additional": ["city"], "collect": 300}


def segmentml(client: httpx.Client, path: str) -> Json:
    """Return the data of a SegmentML read."""
    reply = client.get(f"/api/segmentml/{path}")
    assert reply.status_code == 200, reply.text
    data: Json = reply.json()["data"]
    return data


def test_a_model_is_found_by_its_name(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """One object has state, config with whole segments, features and summary."""
    built = wait_for(api, create(api, config=CONFIG)["id"])
    shown = segmentml(api, "all_users::high_value")
    assert set(shown) == {
        *("name", "state", "reason", "created", "author_id", "conf", "features", "summary")
    }
    assert (shown["name"], shown["state"]) == (built["name"], "complete")
    conf = shown["conf"]
    assert (conf["source"]["slug_name"], conf["target"]["id"]) == ("all_users", built["target"])
    assert (conf["collect"], conf["additional"]) == (300, ["city"])
    assert "blocked" not in conf
    assert set(shown["summary"]["conf"]) == {
        *("TruePositive", "TrueNegative", "FalsePositive", "FalseNegative")
    }
    assert {feature["name"] for feature in shown["features"]} >= {"city", "score_recency"}
    assert [model["name"] for model in api.get("/api/segmentml").json()["data"]] == [built["name"]]


def test_of_one_name_the_newest_is_meant(api: httpx.Client, create: Create) -> None:
    """Names are SegmentML's identities; with several, the last one made is shown."""
    for collect in (300, 400):
        create(api, name="grow", config={**CONFIG, "collect": collect})
    assert segmentml(api, "grow")["conf"]["collect"] == 400
    assert api.get("/api/segmentml/none").status_code == 404
    assert api.get("/v2/segmentml").status_code == 404


def test_an_invalid_model_tells_its_reason(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """``reason`` says why a model couldn't be built."""
    model = wait_for(api, create(api, target="too_small", name="small")["id"])
    shown = segmentml(api, "small")
    assert (shown["state"], shown["reason"]) == ("invalid", model["error"])


def test_dependencies_are_curves_under_both_paths(
    start: Callable[..., httpx.Client], create: Create, wait_for: WaitFor
) -> None:
    """A trained model's numeric fields have ten points each; categories have no curve."""
    client = start(train=True, workers=1)
    wait_for(client, create(client, name="grow", config=CONFIG)["id"])
    curves = segmentml(client, "grow/_dependencies")["fields"]
    assert curves == segmentml(client, "_dependencies/grow")["fields"]
    assert "city" not in curves
    curve = curves["score_frequency"]
    assert len(curve) == 10
    assert curve == sorted(curve)
    assert all(0 <= prediction <= 1 for _, prediction in curve)


def test_made_up_numbers_have_no_curves(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Without training there are no held-out users, so no curves."""
    wait_for(api, create(api, name="grow", config=CONFIG)["id"])
    assert segmentml(api, "grow/_dependencies") == {"fields": {}}
