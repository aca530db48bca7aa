# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Segments over predictions: their sizes follow the scores of live models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.segments import segment_id
from sandbox.server import serve_in_thread
from sandbox.settings import Settings

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
Start = Callable[..., httpx.Client]

NAME = "grow-customer-base"
LIKELY = {
    "name": "Likely loyal",
    "segment_ql": f"FILTER segment_prediction.`{NAME}` > 0.7 FROM user",
}
HELD_BACK = {"use_scores": True, "build_only": True}
DEMO = Path(__file__).parents[3] / "sandbox" / "audiences" / "demo.json"


def put(client: httpx.Client, *segments: Json) -> list[Json]:
    """Make segments from outside."""
    reply = client.post("/_sandbox/segments", json=list(segments))
    assert reply.status_code == 201, reply.text
    made: list[Json] = reply.json()
    return made


def size(client: httpx.Client, slug: str = "likely_loyal") -> int:
    """Return a segment's size as the API tells it."""
    return int(client.get(f"/api/segment/{slug}/size").json()["data"]["size"])


def switch(client: httpx.Client, model: Json, *, active: bool) -> None:
    """Set a model live, or stop it."""
    client.post(f"/api/ml/{model['id']}", json={"is_active": active}).raise_for_status()


def test_only_a_live_model_fills_an_audience(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Nobody has a score until a model of that name is live; its target's users score high."""
    put(api, LIKELY, {"name": "All of them", "segment_ql": "FILTER INCLUDE likely_loyal"})
    model = wait_for(api, create(api, name=NAME, config=HELD_BACK)["id"])
    assert size(api) == size(api, "all_of_them") == 0
    switch(api, model, active=True)
    assert 800 < size(api) < 3_500
    assert size(api, "all_of_them") == size(api)


def test_users_keep_their_scores_when_a_model_stops_or_goes(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """A model that is stopped, or deleted, writes no new scores and takes none away."""
    put(api, LIKELY)
    model = wait_for(api, create(api, name=NAME)["id"])
    before = size(api)
    switch(api, model, active=False)
    assert size(api) == before > 0
    api.delete(f"/v2/ml/{model['id']}").raise_for_status()
    assert size(api) == before
    # A successor under another name leaves the audience with the old scores.
    wait_for(api, create(api, name="another", target="dormant")["id"])
    assert size(api) == before
    wait_for(api, create(api, name=NAME, target="dormant")["id"])
    assert size(api) != before


def test_only_users_of_the_source_are_scored(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Scores are of the source's users; those of another source keep what they have."""
    scored = {"name": "scored", "segment_ql": f"FILTER EXISTS segment_prediction.{NAME}"}
    put(api, scored)
    wait_for(api, create(api, name=NAME, source="dormant")["id"])
    assert size(api, "scored") == size(api, "dormant") == 5_000
    wait_for(api, create(api, name=NAME, source="mobile_users")["id"])
    both = "FILTER OR (INCLUDE dormant, INCLUDE mobile_users)"
    put(api, {"name": "either", "segment_ql": both})
    assert size(api, "scored") == size(api, "either") > 9_000


def test_trained_scores_fill_an_audience(start: Start, create: Create, wait_for: WaitFor) -> None:
    """A trained model's scores tell its target; an audience of them can be trained on in turn."""
    client = start(train=True, workers=1)
    percent = f"FILTER segment_prediction_percentile.`{NAME}` >= 90 FROM user"
    put(client, LIKELY, {"name": "Best tenth", "segment_ql": percent})
    config = {"use_scores": True, "collect": 300}
    wait_for(client, create(client, name=NAME, config=config)["id"])
    put(
        client, {"name": "hits", "segment_ql": "FILTER INCLUDE likely_loyal AND INCLUDE high_value"}
    )
    assert 1_990 <= size(client, "best_tenth") <= 2_010
    assert size(client, "hits") > 1_200
    body = {
        "source": segment_id(1234, "all_users"),
        "target": segment_id(1234, "best_tenth"),
        "config": config,
    }
    second = client.post("/api/ml", json=body).json()["data"]
    assert wait_for(client, second["id"])["state"] == "complete"
    shown = client.get(f"/v2/ml/{second['id']}/summary").json()["data"]["summary"]
    assert shown["auc"] > 0.9


@pytest.mark.parametrize("base", ["/api", "/v2"])
def test_lists_show_definitions(api: httpx.Client, base: str) -> None:
    """Both generations list a definition as it was written; v2 also what it includes."""
    (made, outer) = put(api, LIKELY, {"name": "outer", "segment_ql": "FILTER INCLUDE likely_loyal"})
    shown = {s["slug_name"]: s for s in api.get(f"{base}/segment").json()["data"]}
    assert shown["likely_loyal"]["segment_ql"] == LIKELY["segment_ql"]
    assert shown["likely_loyal"]["id"] == made["id"]
    assert shown["high_value"]["segment_ql"].startswith("FILTER value_rank")
    if base == "/v2":
        assert shown["outer"]["includes"] == outer["includes"] == ["likely_loyal"]


def test_segments_are_changed_and_deleted(api: httpx.Client) -> None:
    """A changed definition counts at once; a deleted segment is gone, one of the start too."""
    (made,) = put(api, LIKELY)
    change = {"segment_ql": "FILTER INCLUDE dormant FROM user", "name": "Sleepers"}
    api.post(f"/_sandbox/segments/{made['id']}", json=change).raise_for_status()
    shown = api.get("/v2/segment/likely_loyal?sizes=true").json()["data"]
    assert (shown["name"], shown["size"]) == ("Sleepers", 5_000)
    assert shown["updated"] > shown["created"]
    api.post("/_sandbox/segments/dormant", json={"segment_ql": "FILTER INCLUDE too_small"})
    assert size(api) == 19
    for slug in ("likely_loyal", "high_value"):
        api.delete(f"/_sandbox/segments/{slug}").raise_for_status()
        assert api.get(f"/v2/segment/{slug}").status_code == 404
    api.post("/_sandbox/reset").raise_for_status()
    assert size(api, "high_value") == 2_400
    assert size(api, "dormant") == 5_000
    assert api.get("/v2/segment/likely_loyal").status_code == 404


def test_odd_segments_are_kept_as_they_are(api: httpx.Client) -> None:
    """From outside comes what no API takes: no text, a tree alone, a size, deleted, invalid."""
    put(
        api,
        {"name": "Not readable", "segment_ql": "FILTER )(", "size": 120},
        {"name": "tree", "ast": {"op": "and"}, "deleted": True},
        {"name": "broken", "segment_ql": LIKELY["segment_ql"], "invalid_reason": "no such field"},
        {"name": "elsewhere", "aid": 5678, "segment_ql": "FILTER *"},
    )
    shown = {s["slug_name"]: s for s in api.get("/v2/segment?valid=all&sizes=true").json()["data"]}
    assert (shown["not_readable"]["segment_ql"], shown["not_readable"]["size"]) == (
        "FILTER )(",
        120,
    )
    tree = shown["tree"]
    assert (tree["segment_ql"], tree["ast"], tree["deleted"]) == ("", {"op": "and"}, True)
    assert shown["broken"]["invalid"]
    assert "elsewhere" not in shown
    other = api.get("/v2/segment", headers={"Authorization": "sandbox-other"}).json()["data"]
    assert "elsewhere" in {s["slug_name"] for s in other}


def test_a_taken_slug_gets_a_number(api: httpx.Client) -> None:
    """A second segment of a name gets slug_1, as Lytics' agent skills tell."""
    slugs = [made["slug_name"] for made in put(api, LIKELY, LIKELY, LIKELY)]
    assert slugs == ["likely_loyal", "likely_loyal_1", "likely_loyal_2"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([1], "a segment is a JSON object"),
        ({"name": ""}, "name or slug_name is required"),
        ({"name": "x", "colour": "red"}, "can't set colour"),
        ({"name": "x", "tags": "red"}, "tags can't be 'red'"),
        ({"name": "x", "aid": 1}, "aid must be one of 1234, 5678"),
    ],
)
def test_unusable_segments_are_refused(api: httpx.Client, sent: object, words: str) -> None:
    """What can't be kept is refused with the reason."""
    reply = api.post("/_sandbox/segments", json=sent)
    assert reply.status_code == 400
    assert words in reply.json()["message"]


def test_audiences_and_scores_survive_a_restart(
    tmp_path: Path, start: Start, create: Create, wait_for: WaitFor
) -> None:
    """Segments, deletions and scores are kept with the models."""
    with (
        serve_in_thread(Settings(train=False, data=tmp_path)) as handle,
        httpx.Client(base_url=handle.root, headers={"Authorization": "sandbox"}) as client,
    ):
        put(client, LIKELY)
        client.delete("/_sandbox/segments/dormant").raise_for_status()
        wait_for(client, create(client, name=NAME)["id"])
        before = size(client)
    again = start(data=tmp_path)
    assert size(again) == before > 0
    assert again.get("/v2/segment/dormant").status_code == 404


def test_the_demo_has_two_audiences_of_one_score(
    start: Start, create: Create, wait_for: WaitFor
) -> None:
    """What `make up` starts with: one audience reads the score, one includes that audience."""
    client = start(segments=DEMO)
    assert (size(client, "likely_to_be_loyal"), size(client, "spring_campaign")) == (0, 0)
    wait_for(client, create(client, name=NAME)["id"])
    assert size(client, "likely_to_be_loyal") > size(client, "spring_campaign") > 0
    # What somebody made of them stays.
    change = {"segment_ql": "FILTER INCLUDE too_small"}
    client.post("/_sandbox/segments/likely_to_be_loyal", json=change).raise_for_status()
    assert size(client, "likely_to_be_loyal") == 19
    client.post("/_sandbox/reset").raise_for_status()
    assert size(client, "likely_to_be_loyal") == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "can't be read"),
        ("{}", "must be a JSON list"),
        ('[{"name": "x"}]', "slug_name"),
        ('[{"slug_name": "x", "a": 1}]', "can't set a"),
    ],
)
def test_unusable_file_of_segments_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    """The command line ends with 2 and one sentence that names the file."""
    path = tmp_path / "segments.json"
    path.write_text(text, encoding="utf-8")
    assert main(["--port", "0", "--no-train", "--segments", str(path)]) == 2
    told = capsys.readouterr().err
    assert str(path) in told
    assert words in told


def test_a_demo_audience_that_is_deleted_stays_so(tmp_path: Path, start: Start) -> None:
    """A restart brings back neither what was deleted nor what a segment was before a change."""
    with (
        serve_in_thread(Settings(train=False, data=tmp_path, segments=DEMO)) as handle,
        httpx.Client(base_url=handle.root, headers={"Authorization": "sandbox"}) as client,
    ):
        client.delete("/_sandbox/segments/spring_campaign").raise_for_status()
        change = {"segment_ql": "FILTER INCLUDE too_small"}
        client.post("/_sandbox/segments/likely_to_be_loyal", json=change).raise_for_status()
    again = start(data=tmp_path, segments=DEMO)
    assert again.get("/v2/segment/spring_campaign").status_code == 404
    assert size(again, "likely_to_be_loyal") == 19


def test_a_renamed_segment_keeps_its_id_from_a_new_one(api: httpx.Client) -> None:
    """A new segment under a slug that was given up is another segment."""
    (old,) = put(api, LIKELY)
    renamed = api.post(f"/_sandbox/segments/{old['id']}", json={"slug_name": "was_likely"})
    assert renamed.json()["id"] == old["id"]
    (new,) = put(api, LIKELY)
    assert new["slug_name"] == old["slug_name"]
    assert new["id"] != old["id"]
    assert api.get(f"/v2/segment/{old['id']}").json()["data"]["slug_name"] == "was_likely"


def test_the_demo_file_holds_what_it_says() -> None:
    """Both definitions of the demo are read by the sandbox, and name their own slug."""
    for segment in json.loads(DEMO.read_text(encoding="utf-8")):
        assert segment["segment_ql"].endswith(f"FROM user ALIAS {segment['slug_name']}")
