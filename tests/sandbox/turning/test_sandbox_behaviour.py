# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""How an account may behave where the documents are silent, turned while it runs."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.__main__ import parser
from sandbox.errors import BehaviourError
from sandbox.turning.behaviour import Behaviour, kinds

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
README = Path(__file__).parents[3] / "sandbox" / "README.md"


def behave(api: httpx.Client, **behaviour: object) -> None:
    """Change how the account behaves."""
    reply = api.post("/_sandbox/behaviour", json=behaviour)
    assert reply.status_code == 200, reply.text


def is_live(api: httpx.Client, model_id: str) -> bool:
    """Say whether a model is live."""
    return bool(api.get(f"/api/ml/{model_id}").json()["data"]["is_active"])


def switch(api: httpx.Client, model_id: str, *, active: bool) -> int:
    """Set a model live or not, and return the status."""
    return api.post(f"/api/ml/{model_id}", json={"is_active": active}).status_code


def test_every_behaviour_is_a_flag_and_is_documented() -> None:
    """The command line and the README know every behaviour by its name."""
    readme = README.read_text(encoding="utf-8")
    flags = vars(parser().parse_args([]))
    for name in kinds():
        assert flags[name] == getattr(Behaviour(), name)
        assert f"| `{name}` |" in readme, name


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--live-after-s", "never"], "live_after_s", None),
        (["--live-after-s", "2.5"], "live_after_s", 2.5),
        (["--delete-status", "405"], "delete_status", 405),
        (["--no-update-post"], "update_post", False),
        (["--in-use", "^grow"], "in_use", "^grow"),
        (["--page-size", "2"], "page_size", 2),
    ],
)
def test_flags_set_behaviours(arguments: list[str], name: str, value: object) -> None:
    """A flag's text becomes a value of its behaviour's kind."""
    assert vars(parser().parse_args(arguments))[name] == value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "unknown: colour"),
        ({"same_name": "maybe"}, "same_name must be one of second, refused"),
        ({"list_delay_s": -1}, "list_delay_s must be a number from 0"),
        ({"live_after_s": "late"}, "live_after_s must be a number from 0, or null"),
        ({"page_size": 1.5}, "page_size must be a whole number"),
        ({"update_post": "no"}, "update_post must be true or false"),
        ({"in_use": "("}, "in_use must be a regular expression"),
    ],
)
def test_bad_behaviour_is_refused(api: httpx.Client, changes: Json, words: str) -> None:
    """A behaviour that there isn't is refused with what there is, and nothing changes."""
    reply = api.post("/_sandbox/behaviour", json=changes)
    assert (reply.status_code, words in reply.json()["message"]) == (400, True)
    assert api.get("/_sandbox/behaviour").json()["same_name"] == "second"
    with pytest.raises(BehaviourError):
        Behaviour().changed(changes)


def test_behaviour_goes_back_to_the_start(api: httpx.Client) -> None:
    """DELETE and a reset take changed behaviour back."""
    for method, path in (("DELETE", "/_sandbox/behaviour"), ("POST", "/_sandbox/reset")):
        behave(api, same_name="refused", page_size=3)
        assert api.get("/_sandbox/behaviour").json()["page_size"] == 3
        api.request(method, path)
        assert api.get("/_sandbox/behaviour").json()["page_size"] == 0


def test_segments_may_be_objects(api: httpx.Client, create: Create) -> None:
    """With segments_as object, source and target of every model are objects with an id."""
    created = create(api)
    behave(api, segments_as="object")
    for path in ("/api/ml", "/v2/ml"):
        (shown,) = api.get(path).json()["data"]
        assert shown["source"] == {"id": created["source"]}
        assert shown["target"] == {"id": created["target"]}


def test_a_model_in_use_stays_live(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """Models that the pattern names can't be deactivated, others can."""
    used, free = (create(api, name=name)["id"] for name in ("grow", "other"))
    assert all(wait_for(api, model_id)["is_active"] for model_id in (used, free))
    behave(api, in_use="^grow$")
    reply = api.post(f"/api/ml/{used}", json={"is_active": False})
    assert (reply.status_code, "in use by an audience" in reply.json()["message"]) == (400, True)
    assert switch(api, free, active=False) == 200
    assert (is_live(api, used), is_live(api, free)) == (True, False)
    behave(api, in_use=used)
    assert switch(api, used, active=False) == 400


@pytest.mark.parametrize(
    ("how", "live_after"),
    [
        ("done", (False, True)),
        ("ignored", (True, False)),
        ("on_ignored", (False, False)),
        ("off_ignored", (True, True)),
    ],
)
def test_a_switch_may_be_answered_and_not_done(
    api: httpx.Client, create: Create, wait_for: WaitFor, how: str, live_after: tuple[bool, bool]
) -> None:
    """is_active may be answered with 200 and left as it was, one way or both."""
    live = create(api)["id"]
    idle = create(api, config={"use_scores": True, "build_only": True})["id"]
    assert wait_for(api, live)["is_active"] > wait_for(api, idle)["is_active"]
    behave(api, switching=how)
    assert (switch(api, live, active=False), switch(api, idle, active=True)) == (200, 200)
    assert (is_live(api, live), is_live(api, idle)) == live_after


def test_build_only_may_be_ignored(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """With build_only ignored, every model goes live when it is trained."""
    behave(api, build_only="ignored")
    model = create(api, config={"use_scores": True, "build_only": True})
    assert model["config"]["build_only"]
    assert wait_for(api, model["id"])["is_active"]


def test_a_model_may_never_go_live_by_itself(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """With live_after_s null a trained model waits until somebody sets it live."""
    behave(api, live_after_s=None)
    model_id = create(api)["id"]
    assert not wait_for(api, model_id)["is_active"]
    assert switch(api, model_id, active=True) == 200
    assert is_live(api, model_id)


def test_a_model_may_go_live_late(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """With live_after_s a trained model goes live that much later, unless it is stopped before."""
    behave(api, live_after_s=3600)
    waiting = create(api)["id"]
    assert not wait_for(api, waiting)["is_active"]
    behave(api, live_after_s=0.1)
    stopped = create(api, target="dormant")["id"]
    wait_for(api, stopped)
    assert switch(api, stopped, active=False) == 200
    late = create(api, target="mobile_users")["id"]
    end = time.monotonic() + 60
    while not is_live(api, late) and time.monotonic() < end:
        time.sleep(0.02)
    assert [is_live(api, model_id) for model_id in (waiting, stopped, late)] == [False, False, True]


@pytest.mark.parametrize("how", ["ignore", "accept"])
def test_a_building_model_may_be_stopped_before_it_goes_live(
    start: Callable[..., httpx.Client], create: Create, wait_for: WaitFor, how: str
) -> None:
    """is_active false of a building model holds, or is passed over when it is trained."""
    client = start(build_s=0.3, early_stop=how)
    model_id = create(client)["id"]
    assert switch(client, model_id, active=False) == 200
    assert wait_for(client, model_id)["is_active"] is (how == "ignore")


def test_stopping_or_starting_a_building_model_may_be_refused(
    start: Callable[..., httpx.Client], create: Create
) -> None:
    """is_active of a building model may be 400 both ways, or 200 and not done."""
    client = start(build_s=60, early_stop="refuse")
    model_id = create(client)["id"]
    assert [switch(client, model_id, active=active) for active in (True, False)] == [400, 400]
    behave(client, early_activation="ignore", early_stop="ignore")
    assert [switch(client, model_id, active=active) for active in (False, True)] == [200, 200]
    assert not is_live(client, model_id)


def test_names_may_have_to_be_unique(api: httpx.Client, create: Create) -> None:
    """A create of a name that is taken is 409 in both generations, and makes nothing."""
    behave(api, same_name="refused")
    model = create(api, name="grow")
    body = {"name": "grow", "source": model["source"], "target": model["target"]}
    replies = [api.post(path, json=body) for path in ("/api/ml", "/v2/ml")]
    assert [reply.status_code for reply in replies] == [409, 409]
    assert "already exists" in replies[1].json()["errors"][0]["message"]
    assert len(api.get("/api/ml").json()["data"]) == 1
    api.delete(f"/v2/ml/{model['id']}")
    assert api.post("/api/ml", json=body).status_code == 201


def test_a_taken_name_may_be_changed(api: httpx.Client, create: Create) -> None:
    """With same_name renamed a taken name gets a number, also under a prefix."""
    behave(api, same_name="renamed", rename="prefix", rename_text="M-")
    assert [create(api, name="a")["name"] for _ in range(3)] == ["M-a", "M-a_1", "M-a_2"]


def test_a_duplicate_may_be_answered_with_the_model_that_is_there(
    api: httpx.Client, create: Create
) -> None:
    """Same name, source and target come to the same id; another target to another model."""
    behave(api, same_name="same_id")
    first, second = create(api, name="a"), create(api, name="a", label="ignored")
    assert (first["id"], second["label"]) == (second["id"], "")
    assert create(api, name="a", target="dormant")["id"] != first["id"]


@pytest.mark.parametrize("mark", ["all", "_meta", "_next", "total", "none"])
def test_lists_may_come_in_pages(api: httpx.Client, create: Create, mark: str) -> None:
    """A page has the first items, says in the documents' words that there are more, and where."""
    ids = [create(api, name=name)["id"] for name in "abc"]
    behave(api, page_size=2, page_marks=mark)
    marks = {"_meta": {"has_more": True, "next_before": "2"}, "_next": "2", "total": 3}
    wanted = marks if mark == "all" else {key: marks[key] for key in marks if key == mark}
    for path in ("/api/ml", "/v2/ml"):
        shown = api.get(path).json()
        assert [model["id"] for model in shown["data"]] == ids[:2]
        assert {key: value for key, value in shown.items() if key in marks} == wanted
        rest = api.get(path, params={"start": "2"}).json()
        assert [model["id"] for model in rest["data"]] == ids[2:]
        assert not rest.get("_next")
        assert not rest.get("_meta", {}).get("has_more")
    assert len(api.get("/api/segment").json()["data"]) == 2
    assert api.get("/api/ml", params={"start": "x"}).status_code == 400


@pytest.mark.parametrize(("served", "other"), [("v1", "v2"), ("v2", "v1")])
def test_one_generation_may_be_all_there_is(api: httpx.Client, served: str, other: str) -> None:
    """The generation that isn't served answers 404 to everything, with a valid key."""
    behave(api, generation=served)
    bases = {"v1": "/api", "v2": "/v2"}
    assert api.get(f"{bases[served]}/ml").status_code == 200
    for path in ("/ml", "/segment"):
        assert api.get(bases[other] + path).status_code == 404
    assert httpx.get(api.base_url.join(bases[other] + "/ml")).status_code == 401


@pytest.mark.parametrize(
    ("behaviour", "statuses", "label"),
    [
        ({"update_post": False}, [405, 200], "b"),
        ({"update_put": False}, [200, 405], "a"),
        ({"update_query": False}, [200, 200], "a"),
    ],
)
def test_some_ways_to_update_may_not_work(
    api: httpx.Client, create: Create, behaviour: Json, statuses: list[int], label: str
) -> None:
    """POST or PUT may be 405, and the query may be passed over."""
    model_id = create(api)["id"]
    behave(api, **behaviour)
    path = f"/api/ml/{model_id}"
    replies = [
        api.post(path, json={"label": "a"}),
        api.put(f"/v2/ml/{model_id}", params={"label": "b"}),
    ]
    assert [reply.status_code for reply in replies] == statuses
    assert api.get(path).json()["data"]["label"] == label


def test_labels_may_be_trimmed(api: httpx.Client, create: Create) -> None:
    """Blanks around and within a label may go, on create and on update."""
    behave(api, labels="trimmed")
    model = create(api, label="  two\n words ")
    assert model["label"] == "two words"
    shown = api.post(f"/api/ml/{model['id']}", json={"label": " x "}).json()["data"]
    assert shown["label"] == "x"


def test_delete_may_not_work(api: httpx.Client, create: Create) -> None:
    """DELETE may be 405 and delete nothing."""
    model_id = create(api)["id"]
    behave(api, delete_status=405)
    assert api.delete(f"/v2/ml/{model_id}").status_code == 405
    assert api.get(f"/api/ml/{model_id}").status_code == 200


def test_a_config_may_not_be_shown(api: httpx.Client, create: Create) -> None:
    """With config_echo none a model has no config at all."""
    behave(api, config_echo="none")
    assert "config" not in create(api)
    assert "config" not in api.get("/v2/ml").json()["data"][0]


@pytest.mark.parametrize(("how", "status"), [("404", 404), ("empty", 200), ("zeros", 200)])
def test_summary_of_a_building_model(
    start: Callable[..., httpx.Client], create: Create, how: str, status: int
) -> None:
    """ML Summary of a building model may be 404, empty, or zeros, in both generations."""
    client = start(build_s=60, early_summary=how)
    model_id = create(client)["id"]
    for base in ("/api", "/v2"):
        reply = client.get(f"{base}/ml/{model_id}/summary")
        assert reply.status_code == status
        if status == 200:
            assert bool(reply.json()["data"]["summary"]) is (how == "zeros")
