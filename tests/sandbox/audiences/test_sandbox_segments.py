# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Segments through the API: lists by kind, writes in both generations, scans."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
LIKELY = "FILTER segment_prediction.`grow` > 0.7 FROM user ALIAS likely"
BASES = ("/api", "/v2")


def make(api: httpx.Client, base: str = "/v2", **sent: object) -> Json:
    """Create a segment and return it."""
    reply = api.post(f"{base}/segment", json={"name": "Likely", "segment_ql": LIKELY, **sent})
    assert reply.status_code == 201, reply.text
    made: Json = reply.json()["data"]
    return made


@pytest.mark.parametrize("base", BASES)
def test_lists_are_filtered_by_kind(api: httpx.Client, base: str) -> None:
    """``kind`` keeps segments of that kind, ``all`` and nothing keep every one."""
    make(api, kind="aspect")

    def slugs(**params: str) -> set[str]:
        listed = api.get(f"{base}/segment", params=params).json()["data"]
        return {segment["slug_name"] for segment in listed}

    assert slugs(kind="aspect") == {"likely"}
    assert "likely" not in slugs(kind="segment")
    assert slugs(kind="all") == slugs() >= {"likely", "all_users"}
    assert slugs(kind="goal") == set()


def test_a_list_may_tell_sizes(api: httpx.Client) -> None:
    """``sizes=true`` adds the size to each segment of v2's list."""
    (plain, *_), (sized, *_) = (
        api.get("/v2/segment", params=params).json()["data"] for params in ({}, {"sizes": "true"})
    )
    assert sized == plain | {"size": 20_000}


@pytest.mark.parametrize("base", BASES)
def test_a_segment_is_created_changed_and_deleted(api: httpx.Client, base: str) -> None:
    """What was sent is shown by id and slug, changes keep the rest, and a delete is for good."""
    made = make(api, base, description="first", tags=["a"])
    assert (made["slug_name"], made["segment_ql"], made["tags"]) == ("likely", LIKELY, ["a"])
    assert api.get(f"{base}/segment/likely").json()["data"] == made
    changed = api.put(f"{base}/segment/{made['id']}", json={"description": "second"})
    assert changed.status_code == 200
    differing = {key for key, value in changed.json()["data"].items() if made[key] != value}
    assert differing == {"description", "updated"}
    gone = api.delete(f"{base}/segment/{made['id']}")
    assert gone.status_code == (204 if base == "/api" else 200)
    for key in ("likely", made["id"]):
        assert api.get(f"{base}/segment/{key}").status_code == 404
    assert api.put(f"{base}/segment/likely", json={"name": "x"}).status_code == 404
    assert api.delete(f"{base}/segment/likely").status_code == 404


def test_a_definitions_fields_and_includes_are_listed(api: httpx.Client) -> None:
    """v2 tells which fields a definition tests itself, and which segments it includes."""
    made = make(
        api,
        segment_ql="FILTER OR (NOT EXISTS city, AND (visit_ct > 3, INCLUDE dormant), city = 'X')",
    )
    assert (made["fields"], made["includes"]) == (["city", "visit_ct"], ["dormant"])


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": "x"}, "segment_ql is required"),
        ({"segment_ql": "FILTER *"}, "name or slug_name is required"),
        ({"name": "x", "segment_ql": "FILTER )("}, "Invalid SegmentQL"),
        ({"name": "x", "segment_ql": "FILTER INCLUDE nobody"}, "unknown segment nobody"),
        ({"name": "x", "segment_ql": 7}, "segment_ql can't be 7"),
        ([], "must be a JSON object"),
    ],
)
def test_bad_segments_are_refused(api: httpx.Client, base: str, sent: object, words: str) -> None:
    """A segment that can't be read is 400 with the reason, and isn't made."""
    before = api.get(f"{base}/segment").json()["data"]
    reply = api.post(f"{base}/segment", json=sent)
    assert reply.status_code == 400
    assert words in reply.text
    assert api.get(f"{base}/segment").json()["data"] == before


def test_a_key_that_reads_cannot_write_segments(api: httpx.Client) -> None:
    """Writes want v2_segment_manage."""
    made = make(api)
    headers = {"Authorization": "sandbox-readonly"}
    path = f"/v2/segment/{made['id']}"
    replies = [
        api.post("/v2/segment", json={"name": "x", "segment_ql": "FILTER *"}, headers=headers),
        api.put(path, json={"name": "x"}, headers=headers),
        api.delete(path, headers=headers),
    ]
    assert [reply.status_code for reply in replies] == [403] * 3
    assert "v2_segment_manage" in replies[0].text


def test_a_taken_slug_is_counted_on_and_a_taken_new_one_refused(api: httpx.Client) -> None:
    """Create renames silently; update to a taken slug is 400, to a free one renames."""
    first, second = make(api), make(api)
    assert (first["slug_name"], second["slug_name"]) == ("likely", "likely_1")
    path = f"/v2/segment/{second['id']}"
    refused = api.put(path, json={"slug_name": "likely"})
    assert (refused.status_code, "Slug is already used" in refused.text) == (400, True)
    renamed = api.put(path, json={"slug_name": "other"}).json()["data"]
    assert (renamed["id"], renamed["slug_name"]) == (second["id"], "other")
    assert api.get("/v2/segment/likely_1").status_code == 404


def test_another_alias_renames_a_segment(api: httpx.Client) -> None:
    """An update whose ALIAS differs renames the slug, unless a slug is sent."""
    path = f"/v2/segment/{make(api)['id']}"
    other = LIKELY.replace("ALIAS likely", "ALIAS other")
    kept = api.put(path, json={"segment_ql": other, "slug_name": "likely"}).json()["data"]
    assert kept["slug_name"] == "likely"
    assert api.put(path, json={"segment_ql": other}).json()["data"]["slug_name"] == "other"


def test_segments_of_the_population_keep_their_slugs(api: httpx.Client) -> None:
    """The users of such a segment are known by its slug."""
    reply = api.put("/v2/segment/dormant", json={"slug_name": "sleepers"})
    assert reply.status_code == 400
    assert api.put("/v2/segment/dormant", json={"description": "x"}).status_code == 200


def test_several_segments_are_deleted_at_once(api: httpx.Client) -> None:
    """v2 deletes ``a,b`` and says what became of each."""
    made = make(api)
    reply = api.delete(f"/v2/segment/{made['id']},nobody").json()["data"]
    assert (reply["deleted"], reply["not_deleted"]) == ([made["id"]], ["nobody"])
    assert [state["deleted"] for state in reply["segments"]] == [True, False]


def test_text_makes_a_segment_and_changes_the_one_of_its_alias(api: httpx.Client) -> None:
    """V1 takes a definition alone; its ALIAS is the slug, and finds what is there."""
    first = api.post("/api/segment", content=LIKELY)
    assert (first.status_code, first.json()["data"]["slug_name"]) == (201, "likely")
    again = api.post("/api/segment", content=LIKELY.replace("0.7", "0.9"))
    assert (again.status_code, again.json()["data"]["id"]) == (200, first.json()["data"]["id"])
    assert "0.9" in api.get("/api/segment/likely").json()["data"]["segment_ql"]


def test_definitions_are_validated(api: httpx.Client) -> None:
    """A definition that can be read is 200, another 400 with the reason."""
    told = api.post("/api/segment/validate", content=LIKELY).json()
    assert told == {"data": None, "message": "success", "status": 200}
    for bad in ("FILTER", "SELECT 1", "FILTER visit_ct >"):
        reply = api.post("/api/segment/validate", content=bad)
        assert (reply.status_code, "Invalid SegmentQL" in reply.text) == (400, True)


def test_a_segments_users_are_scanned_page_by_page(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """A scan shows users with their fields and scores, and where to go on."""
    wait_for(api, create(api, name="grow")["id"])
    made = make(api, base="/api")
    size = api.get(f"/api/segment/{made['id']}/size").json()["data"]["size"]
    seen, start = 0, ""
    while True:
        page = api.get("/api/segment/likely/scan", params={"start": start, "limit": "100"}).json()
        assert page["total"] == size
        assert all(user["segment_prediction"]["grow"] > 0.7 for user in page["data"])
        seen, start = seen + len(page["data"]), page["_next"]
        if not start:
            break
    assert seen == size > 100
    assert len(api.get("/api/segment/likely/scan").json()["data"]) == 10
    assert api.get("/api/segment/likely/scan", params={"limit": "x"}).status_code == 400
    assert api.get("/api/segment/nobody/scan").status_code == 404


def test_attribution_tells_sizes_of_now(api: httpx.Client) -> None:
    """go-lytics asks how sizes went; the sandbox has one point, now."""
    (shown,) = api.get("/api/segment/attribution", params={"ids": "high_value"}).json()["data"]
    (metric,) = shown["metrics"]
    assert (metric["value"], metric["anomaly"]) == (2400, 0)
    assert metric["ts"].isdecimal()
    assert api.get("/api/segmentcollection").json()["data"] == []
