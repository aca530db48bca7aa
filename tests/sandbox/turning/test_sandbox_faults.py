# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Faults on request, each seen from the other end of a real connection."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.errors import BadRequestError
from sandbox.server import serve_in_thread
from sandbox.turning.faults import first_strike, parse_rules

Json = dict[str, Any]
Create = Callable[..., Json]


def fail(api: httpx.Client, **rule: object) -> None:
    """Add one fault rule."""
    reply = api.post("/_sandbox/faults", json=[rule])
    assert reply.status_code == 200, reply.text


def relabel(api: httpx.Client, model_id: str) -> httpx.Response:
    """Send the update that faults are tried on."""
    return api.post(f"/api/ml/{model_id}", json={"label": "new"})


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("drop", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("cut", httpx.RemoteProtocolError),
        ("reset_midway", httpx.ReadError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_broken_connection(
    api: httpx.Client, create: Create, what: str, error: type[Exception], when: str
) -> None:
    """A reply that never comes whole leaves the request done, or not, as the rule says."""
    model_id = create(api)["id"]
    fail(api, method="POST", path=f"/ml/{model_id}$", what=what, when=when)
    api.timeout = httpx.Timeout(0.3 if what == "hang" else 20)
    with pytest.raises(error):
        relabel(api, model_id)
    api.timeout = httpx.Timeout(20)
    label = api.get(f"/api/ml/{model_id}").json()["data"]["label"]
    assert label == ("new" if when == "after" else "")
    hit = [entry for entry in api.get("/_sandbox/requests").json() if entry["fault"]]
    assert [entry["fault"] for entry in hit] == [f"{what}@{when}"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
def test_status(api: httpx.Client, create: Create, status: int, when: str) -> None:
    """A status comes in the API's shape, once, before or after the request took effect."""
    model_id = create(api)["id"]
    fail(api, method="POST", path="/ml/", status=status, when=when)
    reply = relabel(api, model_id)
    assert (reply.status_code, reply.json()["status"]) == (status, status)
    assert "retry-after" not in reply.headers
    label = api.get(f"/api/ml/{model_id}").json()["data"]["label"]
    assert label == ("new" if when == "after" else "")
    assert relabel(api, model_id).status_code == 200


def test_status_may_be_html_and_say_when_to_retry(api: httpx.Client) -> None:
    """A refusal may look like a proxy's, with Retry-After in seconds."""
    fail(api, status=503, body="html", retry_after=2.5)
    reply = api.get("/api/ml")
    assert reply.headers["content-type"] == "text/html"
    assert reply.text.startswith("<html>")
    assert reply.headers["retry-after"] == "2.5"


def test_success_may_be_a_page(api: httpx.Client, create: Create) -> None:
    """A proxy's page may come with 200, whatever became of the request."""
    model_id = create(api)["id"]
    fail(api, method="POST", status=200, body="html", when="after")
    reply = relabel(api, model_id)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html")
    assert reply.text.startswith("<html>")
    assert api.get(f"/api/ml/{model_id}").json()["data"]["label"] == "new"


def test_fault_has_a_name_of_ones_own_in_the_log(api: httpx.Client) -> None:
    """Faults that do the same in other words can be told apart in the log."""
    fail(api, status=503, body="html", called="a page")
    api.get("/api/ml")
    (hit,) = api.get("/_sandbox/requests").json()
    assert hit["fault"] == "a page@before"


def test_v2_refusals_have_v2s_shape(api: httpx.Client) -> None:
    """A fault on /v2 has a list of errors."""
    fail(api, status=500)
    assert api.get("/v2/ml").json()["errors"][0]["code"] == "INTERNAL-019"


@pytest.mark.parametrize("when", ["before", "after"])
def test_slow_answer(api: httpx.Client, create: Create, when: str) -> None:
    """A slow answer takes its time before or after the effect, and holds nobody else up."""
    model_id = create(api)["id"]
    fail(api, method="POST", what="slow", seconds=30, when=when)
    with pytest.raises(httpx.ReadTimeout):
        api.post(f"/api/ml/{model_id}", json={"label": "new"}, timeout=0.2)
    label = api.get(f"/api/ml/{model_id}").json()["data"]["label"]
    (slow,) = [entry for entry in api.get("/_sandbox/requests").json() if entry["fault"]]
    assert slow["took_s"] is None, "it is still under way"
    assert label == ("new" if when == "after" else "")


def test_wrong_content_type_has_the_right_body(api: httpx.Client) -> None:
    """The reply is whole, and called HTML."""
    fail(api, what="wrong_content_type")
    reply = api.get("/api/ml")
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.json() == {"data": []}


def test_rules_skip_then_hit_a_number_of_times(api: httpx.Client) -> None:
    """A rule lets ``skip`` matching requests through, fails ``times``, counts, and is cleared."""
    fail(api, path="^/api/ml$", status=500, skip=1, times=2)
    statuses = [api.get("/api/ml").status_code for _ in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    (rule,) = api.get("/_sandbox/faults").json()
    assert (rule["seen"], rule["hits"]) == (5, 2)
    assert api.delete("/_sandbox/faults").json() == []


def test_rules_match_method_path_and_body(api: httpx.Client, create: Create) -> None:
    """Only requests of that method, path and body are hit."""
    fail(api, method="POST", path="/ml$", contains='"name":"b"', status=500)
    create(api, name="a")
    assert api.get("/api/ml").status_code == 200
    with pytest.raises(AssertionError, match="500"):
        create(api, name="b")


def test_random_faults_hit_a_share_and_repeat_by_seed() -> None:
    """A rate hits about that share of requests, drawn the same way for the same seed."""

    def drawn(seed: int) -> list[str | None]:
        rules = parse_rules({"rate": 0.25, "seed": seed, "kinds": ["503", "drop@after", "cut"]})
        faults = [first_strike(rules, "GET", "/api/ml", b"") for _ in range(400)]
        return [fault.title if fault else None for fault in faults]

    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    assert 70 < sum(fault is not None for fault in first) < 130
    assert set(first) == {None, "503@before", "503@after", "drop@after", "cut@before", "cut@after"}


@pytest.mark.parametrize(
    "rule",
    [
        7,
        {"what": "explode"},
        {"what": "drop", "when": "never"},
        {"colour": "red"},
        {},
        {"status": 500, "path": "("},
    ],
)
def test_bad_rule_is_refused(rule: object) -> None:
    """A rule that can't be played is refused when it is added, not when it hits."""
    with pytest.raises(BadRequestError):
        parse_rules([rule])


def test_log_has_what_was_asked_and_answered(api: httpx.Client, create: Create) -> None:
    """The log has method, path, body, status and account in order, and can be read on from."""
    model_id = create(api, name="a")["id"]
    api.put(f"/v2/ml/{model_id}", params={"label": "x"})
    first, second = api.get("/_sandbox/requests").json()
    assert (first["method"], first["path"], first["status"]) == ("POST", "/api/ml", 201)
    assert (first["body"]["name"], first["aid"]) == ("a", 1234)
    assert (second["query"], second["body"]) == ("label=x", None)
    assert second["monotonic_s"] > first["monotonic_s"]
    assert api.get("/_sandbox/requests", params={"since": first["seq"]}).json() == [second]
    assert api.delete("/_sandbox/requests").json() == []
    api.get("/api/ml")
    (third,) = api.get("/_sandbox/requests").json()
    assert third["seq"] == second["seq"] + 1 == first["seq"] + 2


def test_latency_is_added_to_every_request(start: Callable[..., httpx.Client]) -> None:
    """With --latency-ms each API request takes that much longer, side by side."""
    client = start(latency_ms=150)
    client.get("/api/ml")
    (entry,) = client.get("/_sandbox/requests").json()
    assert entry["took_s"] >= 0.15


def test_stop_does_not_wait_for_a_hanging_request() -> None:
    """A sandbox stops though a request hangs for an hour."""
    with serve_in_thread() as sandbox, httpx.Client(base_url=sandbox.root) as client:
        fail(client, what="hang", seconds=3600)
        with pytest.raises(httpx.ReadTimeout):
            client.get("/api/ml", timeout=0.1)
        sandbox.stop()
        assert not sandbox._thread.is_alive()


def test_examples_of_the_readme_are_accepted(api: httpx.Client) -> None:
    """What the README shows can be sent as it is."""
    readme = Path(__file__).parents[3].joinpath("sandbox", "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json (?!profile)(\w+)\n(.*?)```", readme, flags=re.DOTALL)
    names = [name for name, _ in examples]
    assert names == ["faults", "outcomes", "behaviour", "models", "segments"]
    for name, example in examples:
        assert api.post(f"/_sandbox/{name}", content=example).is_success
