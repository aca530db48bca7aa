# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Keys, accounts, and what creating and updating does."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from sandbox.api import gateway
from sandbox.segments import segment_id
from sandbox.server import Handle

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
SEGMENTS = {"source": segment_id(1234, "all_users"), "target": segment_id(1234, "high_value")}


@pytest.mark.parametrize("params", [{"key": "sandbox"}, {"access_token": "sandbox"}])
def test_key_in_the_query_is_taken_and_masked_in_the_log(sandbox: Handle, params: Json) -> None:
    """A key may be in the query under both documented names, and the log doesn't show it."""
    assert httpx.get(f"{sandbox.url}/ml", params=params).status_code == 200
    (logged,) = httpx.get(f"{sandbox.root}/_sandbox/requests").json()
    assert logged["aid"] == 1234
    assert logged["query"] == f"{next(iter(params))}=***"


def test_read_only_key_reads_and_cannot_write(
    sandbox: Handle, api: httpx.Client, create: Create
) -> None:
    """A key with view permissions sees models and gets 403 for every write."""
    model_id = create(api)["id"]
    headers = {"Authorization": "sandbox-readonly"}
    with httpx.Client(base_url=sandbox.root, headers=headers) as viewer:
        assert viewer.get(f"/api/ml/{model_id}").status_code == 200
        refusals = [
            viewer.post("/api/ml", json=SEGMENTS),
            viewer.post(f"/api/ml/{model_id}", json={"label": "x"}),
            viewer.put(f"/v2/ml/{model_id}", params={"label": "x"}),
            viewer.delete(f"/v2/ml/{model_id}"),
        ]
    assert [reply.status_code for reply in refusals] == [403] * 4
    assert refusals[0].json()["message"].startswith("Not authorized")
    assert refusals[3].json()["errors"][0]["code"] == "FORBIDDEN-026"
    assert api.get(f"/api/ml/{model_id}").json()["data"]["label"] == ""


def test_another_accounts_things_do_not_exist(
    sandbox: Handle, api: httpx.Client, create: Create
) -> None:
    """Another account's model or segment is 404, and its slugs have other ids here."""
    model_id = create(api)["id"]
    headers = {"Authorization": "sandbox-other"}
    with httpx.Client(base_url=sandbox.root, headers=headers) as other:
        for reply in (
            other.get(f"/api/ml/{model_id}"),
            other.get(f"/api/ml/{model_id}/summary"),
            other.put(f"/api/ml/{model_id}", params={"label": "mine"}),
            other.delete(f"/v2/ml/{model_id}"),
            other.get(f"/api/segment/{SEGMENTS['source']}"),
            other.post("/api/ml", json=SEGMENTS),
        ):
            assert reply.status_code == 404
        assert other.get("/api/ml").json() == {"data": []}
        theirs = other.get("/api/segment/all_users").json()["data"]
        assert (theirs["aid"], theirs["id"] == SEGMENTS["source"]) == (5678, False)


def test_account_id_of_another_account_is_refused(api: httpx.Client) -> None:
    """``account_id`` may name the key's own account, as a number or an id, and no other."""
    own = api.get("/api/segment/all_users").json()["data"]["account_id"]
    replies = [api.get("/v2/ml", params={"account_id": x}) for x in ("1234", own, "5678")]
    assert [reply.status_code for reply in replies] == [200, 200, 403]


def test_create_takes_a_body_or_the_query(api: httpx.Client) -> None:
    """Both forms of the API page make the same model."""
    sent = {"name": "Grow", "label": "x"}
    config = {"use_scores": True, "collect": 300, "additional": ["city", "visit_ct"]}
    as_body = api.post("/api/ml", json={**SEGMENTS, **sent, "config": config})
    flat = {"use_scores": "true", "collect": "300", "additional": "city,visit_ct"}
    as_query = api.post("/api/ml", params={**SEGMENTS, **sent, **flat})
    models = [reply.json()["data"] for reply in (as_body, as_query)]
    for model in models:
        for changing in ("id", "created", "updated"):
            del model[changing]
    assert models[0] == models[1]


def test_names_default_to_the_slugs_and_need_not_be_unique(
    api: httpx.Client, create: Create
) -> None:
    """Without a name a model is ``source::target``; a second of that name is another model."""
    first, second = create(api), create(api)
    assert first["name"] == second["name"] == "all_users::high_value"
    assert first["id"] != second["id"]


def test_config_defaults_are_those_of_the_documents(api: httpx.Client, create: Create) -> None:
    """What isn't sent is off, 5000 users are collected, and unknown keys are tolerated."""
    config = create(api, config={"use_scores": None, "sparkle": 7})["config"]
    assert config.pop("collect") == 5000
    assert config.pop("model_type") == ""
    assert set(config.values()) == {False}


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"name": "a.b"}, 400, "invalid name"),
        ({"name": "a;b/c\\d"}, 400, "invalid name"),
        ({"name": 7}, 400, "name must be a string"),
        ({"source": ""}, 400, "source is required"),
        ({"source": "all_users"}, 404, "source segment not found"),
        ({"target": "0" * 32}, 404, "target segment not found"),
        ({"config": []}, 400, "config must be an object"),
        ({"config": {"use_scores": "yes"}}, 400, "config.use_scores must be a boolean"),
        ({"config": {"collect": 1.5}}, 400, "config.collect must be a whole number"),
        ({"config": {"collect": -1}}, 400, "config.collect must be a whole number"),
        ({"config": {"additional": "city"}}, 400, "config.additional must be a list"),
    ],
)
def test_bad_create_is_refused(api: httpx.Client, changes: Json, status: int, words: str) -> None:
    """A create that can't be understood is refused with a sentence and makes nothing."""
    reply = api.post("/api/ml", json={**SEGMENTS, **changes})
    assert reply.status_code == status
    assert words in reply.json()["message"]
    assert api.get("/api/ml").json() == {"data": []}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_broken_json_is_refused(api: httpx.Client, body: bytes) -> None:
    """A body that is no JSON object is 400, not a crash."""
    assert api.post("/api/ml", content=body).status_code == 400


def test_update_takes_a_body_or_the_query_by_post_or_put(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """All four forms update label and is_active, the string "false" included."""
    model_id = create(api)["id"]
    assert wait_for(api, model_id)["is_active"]
    path = f"/api/ml/{model_id}"
    assert api.post(path, json={"label": "a"}).json()["data"]["label"] == "a"
    assert api.put(path, params={"label": "b"}).json()["data"]["label"] == "b"
    assert api.put(path, params={"is_active": "false"}).json()["data"]["is_active"] is False
    assert api.post(path, json={"is_active": True}).json()["data"]["is_active"] is True
    assert api.put(path, json={"is_active": False}).json()["data"]["label"] == "b"
    assert api.post(path, json={"is_active": "perhaps"}).status_code == 400


def test_update_changes_nothing_but_label_and_is_active(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Everything else is fixed once a model is created."""
    model_id = create(api)["id"]
    before = wait_for(api, model_id)
    sent = {"name": "new", "target": "0" * 32, "config": {"collect": 9}, "hidden": True}
    assert api.post(f"/api/ml/{model_id}", json=sent).status_code == 200
    after = api.get(f"/v2/ml/{model_id}").json()["data"]
    assert after.pop("updated") > before.pop("updated")
    assert after == before


def test_v2_update_reads_only_the_query(api: httpx.Client, create: Create) -> None:
    """v2's PUT has no body; label, is_active and hidden are query parameters."""
    path = f"/v2/ml/{create(api)['id']}"
    assert api.put(path, json={"label": "x"}).json()["data"]["label"] == ""
    shown = api.put(path, params={"label": "y", "hidden": "true"}).json()["data"]
    assert (shown["label"], shown["hidden"]) == ("y", True)


def test_delete_is_v2s_alone(api: httpx.Client, create: Create) -> None:
    """v2 deletes for good; /api has no delete, as the API page has none."""
    model_id = create(api)["id"]
    assert api.delete(f"/api/ml/{model_id}").status_code == 405
    assert api.delete(f"/v2/ml/{model_id}").json()["data"] is None
    assert api.delete(f"/v2/ml/{model_id}").status_code == 404
    assert api.get(f"/api/ml/{model_id}").status_code == 404


def test_delete_may_answer_204(start: Callable[..., httpx.Client], create: Create) -> None:
    """As many v2 deletes do, this one may answer 204 without a body."""
    client = start(delete_status=204)
    reply = client.delete(f"/v2/ml/{create(client)['id']}")
    assert (reply.status_code, reply.content) == (204, b"")


@pytest.mark.parametrize(
    ("how", "names"), [("prefix", ["ML: a", "ML: a"]), ("suffix", ["a_1", "a_1"])]
)
def test_server_may_alter_names(
    start: Callable[..., httpx.Client], create: Create, how: str, names: list[str]
) -> None:
    """With --rename the name that comes back isn't the one that was sent."""
    client = start(rename=how)
    assert [create(client, name="a")["name"] for _ in names] == names


def test_list_may_be_slow_to_show_a_model(
    start: Callable[..., httpx.Client], create: Create
) -> None:
    """With --list-delay-s a new model can be fetched by id, and is missing from the list."""
    client = start(list_delay_s=30)
    model_id = create(client)["id"]
    assert client.get(f"/api/ml/{model_id}").status_code == 200
    assert client.get("/api/ml").json() == {"data": []}


def test_requests_above_the_limit_get_429(
    start: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --rate-limit a burst gets one second's worth of answers and then 429."""
    now_s = 1000.0
    monkeypatch.setattr(gateway, "time", SimpleNamespace(monotonic=lambda: now_s))
    client = start(rate_limit=5)
    statuses = [client.get("/api/ml").status_code for _ in range(10)]
    assert statuses == [200] * 5 + [429] * 5
    now_s += 0.2
    assert [client.get("/api/ml").status_code for _ in range(2)] == [200, 429]
    assert client.get("/v2/ml").json()["errors"][0]["message"] == "Too many requests"


def test_segments_are_listed_by_table_and_validity(api: httpx.Client) -> None:
    """The list shows valid user segments unless told otherwise; ids and slugs find each."""

    def slugs(**params: str) -> set[str]:
        return {s["slug_name"] for s in api.get("/api/segment", params=params).json()["data"]}

    assert {"all_users", "high_value", "too_small"} <= slugs()
    assert slugs(table="content") == {"articles"}
    assert slugs(valid="false") == {"retired_campaign"}
    assert slugs(valid="all") == slugs() | {"retired_campaign"}
    assert api.get("/api/segment", params={"valid": "maybe"}).status_code == 400
    by_slug = api.get("/v2/segment/high_value").json()["data"]
    assert by_slug == api.get(f"/v2/segment/{SEGMENTS['target']}").json()["data"]
    assert len(api.get("/api/segment/sizes").json()["data"]) == 13


def test_each_generation_passes_over_the_others_config(api: httpx.Client, create: Create) -> None:
    """``blocked`` is v2's alone and ``tune_model`` is /api's."""
    config = {"use_scores": True, "blocked": ["city"], "tune_model": True}
    ids = {base: create(api, base, config=config)["id"] for base in ("/api", "/v2")}
    kept = {
        base: (
            api.get(f"/v2/ml/{model_id}").json()["data"]["config"]["blocked"],
            api.get(f"/api/ml/{model_id}").json()["data"]["config"]["tune_model"],
        )
        for base, model_id in ids.items()
    }
    assert kept == {"/api": ([], True), "/v2": (["city"], False)}


def test_a_label_may_be_anything_in_v2s_query(api: httpx.Client, create: Create) -> None:
    """PUT keeps every character of a label, an empty one, and booleans as text."""
    path = f"/v2/ml/{create(api, label='before')['id']}"
    for label in ("a&b=c#d%20+é", "two\nlines", "x" * 1000, "🙂", ""):
        shown = api.put(path, params={"label": label, "hidden": "true"}).json()["data"]
        assert (shown["label"], shown["hidden"]) == (label, True)
    assert api.put(path, params={"hidden": "perhaps"}).status_code == 400


def test_segment_size_is_served_under_both_paths(api: httpx.Client) -> None:
    """The documents say ``size``, go-lytics asks for ``sizes``; slugs and ids find it."""
    sizes = [
        api.get(f"/api/segment/{key}/{word}").json()["data"]
        for key in ("high_value", SEGMENTS["target"])
        for word in ("size", "sizes")
    ]
    assert sizes == [sizes[0]] * 4
    assert sizes[0]["size"] == 2400
    assert api.get("/api/segment/none/sizes").status_code == 404
