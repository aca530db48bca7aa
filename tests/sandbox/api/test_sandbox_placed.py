# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Models of somebody else, put into the account as they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]


def place(api: httpx.Client, raw: object) -> Json:
    """Put somebody else's model into the account, and return what the sandbox holds of it."""
    reply = api.post("/_sandbox/models", json=raw)
    assert reply.status_code == 201, reply.text
    placed: Json = reply.json()[0]
    return placed


def test_odd_models_are_shown_as_they_were_placed(api: httpx.Client, create: Create) -> None:
    """A model of somebody else may have a number for a name, objects for texts, and new fields."""
    odd = {
        "id": "ab" * 16,
        "name": 7,
        "label": {"en": "Grow"},
        "source": {"id": "cd" * 16},
        "created": 1_600_000_000,
        "state": "retraining",
        "config": {"collect": "many"},
        "colour": "red",
    }
    create(api)
    place(api, odd)
    (shown,) = [model for model in api.get("/api/ml").json()["data"] if model["id"] == odd["id"]]
    assert odd.items() <= shown.items()
    assert odd.items() <= api.get(f"/v2/ml/{odd['id']}").json()["data"].items()
    updated = api.put(f"/v2/ml/{odd['id']}", params={"label": "x"}).json()["data"]
    assert (updated["label"], updated["name"]) == ("x", 7)


def test_a_placed_model_is_a_model_like_any_other(api: httpx.Client, create: Create) -> None:
    """What ML List shows can be placed into another sandbox, with its id, scores and place."""
    shown = create(api, name="mine", config={"use_scores": True, "collect": 300})
    api.delete(f"/v2/ml/{shown['id']}")
    del shown["config"]["model_type"]
    placed = {**shown, "state": "complete", "is_active": True, "type": "gbm"}
    place(api, [{**placed, "summary": {"auc": 0.71, "rsq": 0.05}}])
    after = api.get(f"/api/ml/{shown['id']}").json()["data"]
    assert {k: v for k, v in after.items() if k != "config"} == {
        k: v for k, v in placed.items() if k != "config"
    }
    assert after["config"].items() >= placed["config"].items()
    summary = api.get(f"/api/ml/{shown['id']}/summary").json()["data"]["summary"]
    assert (summary["auc"], summary["health"]) == (0.71, "unhealthy")
    assert api.post("/_sandbox/models", json=placed).status_code == 400
    assert api.post("/_sandbox/models", json=["x"]).status_code == 400


def test_a_placed_model_counts_towards_the_limit(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Live models of somebody else leave less room."""
    place(api, [{"id": f"{n:032x}", "name": f"theirs-{n}", "is_active": True} for n in range(20)])
    assert not wait_for(api, create(api)["id"])["is_active"]


def test_odd_models_survive_a_restart(start: Callable[..., httpx.Client], tmp_path: Path) -> None:
    """What was placed is there again after a restart, as odd as it was."""
    odd = {"id": "ab" * 16, "name": 7, "aid": "other", "created": None}
    first = start(data=tmp_path / "first")
    place(first, odd)
    shown = first.get("/api/ml").json()["data"]
    assert odd.items() <= shown[0].items()
    (tmp_path / "second").mkdir()
    for file in (tmp_path / "first").glob("sandbox.db*"):
        (tmp_path / "second" / file.name).write_bytes(file.read_bytes())
    assert start(data=tmp_path / "second").get("/api/ml").json()["data"] == shown
