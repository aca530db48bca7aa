"""The client, on a sandbox over a real socket, and on made-up replies where none sends them."""

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from providers.lytics.api.client import LyticsClient, pause_s
from providers.lytics.api.requests import Requests
from providers.lytics.api.settings import Settings
from providers.lytics.errors import (
    ConnectError,
    ForbiddenError,
    LyticsError,
    NotAuthorizedError,
    NotFoundError,
    RateLimitedError,
    RedirectedError,
    ReplyLostError,
    RequestError,
    ServerFaultError,
    SettingsError,
    UnreadableReplyError,
)
from sandbox.segments import segment_id
from tests.support.lab import ALL_USERS, HIGH_VALUE, Lab
from tests.support.timing import QUICK, Clock

BODY = {
    "name": "mine",
    "label": "text",
    "source": ALL_USERS,
    "target": HIGH_VALUE,
    "config": {"use_scores": True, "collect": 200},
}
KEY = "at.secret.key"
DIALECTS = ["mldoc", "table", "recorded", "v2"]
Reply = Callable[[httpx.Request], httpx.Response]


@contextmanager
def answering(reply: Reply, **settings: Any) -> Iterator[LyticsClient]:  # noqa: ANN401
    """Return a client whose every request gets one reply."""
    short = Settings(api_key=KEY, **{"patience_s": 0.05, **settings})
    with LyticsClient(short, httpx.MockTransport(reply), QUICK) as client:
        yield client


def data(value: object) -> Reply:
    """Return what answers with a value under data."""
    return lambda _: httpx.Response(200, json={"data": value})


# --- what it reads and writes ---------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_call_in_every_dialect(lab_with: Callable[..., Lab], dialect: str) -> None:
    """Each request of the client is understood, and its reply read, in every wording."""
    lab = lab_with(dialect=dialect)
    client = lab.client()
    assert client.list_models() == []
    made = client.create_model(BODY)
    assert (made.name, made.label, made.aid) == ("mine", "text", 1234)
    lab.wait_until_built(made.id)
    (listed,) = client.list_models()
    assert listed == client.fetch_model(made.id)
    assert listed.is_complete
    assert listed.config.reported()["collect"] == 200
    assert (listed.source, listed.target) == (ALL_USERS, HIGH_VALUE)
    changed = client.update_model(made.id, {"label": "new", "is_active": False})
    assert (changed.label, changed.is_active) == ("new", False)
    summary = client.fetch_summary(made.id)
    assert summary.scores.auc is not None
    assert summary.scores.health in {"healthy", "unhealthy"}
    assert summary.scores.error_matrix.true_positive is not None
    assert sum(summary.scores.target_predictions.values()) > 0
    assert summary.features
    assert summary.features[0].type in {"numeric", "categorical"}
    assert summary.features[0].prevalence.source is not None
    segments = {segment.slug_name: segment.id for segment in client.list_segments()}
    assert segments["all_users"] == ALL_USERS
    assert client.segment_sizes([ALL_USERS]) == {ALL_USERS: 20_000}
    for reference in ("all_users", ALL_USERS):
        segment = client.fetch_segment(reference)
        assert segment is not None
        assert segment.id == ALL_USERS
    assert client.fetch_segment("0" * 32) is None
    assert client.delete_model(made.id) is True
    assert client.delete_model(made.id) is True
    assert client.fetch_model(made.id) is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_summary_of_a_model_that_is_building_is_empty(
    lab_with: Callable[..., Lab], dialect: str
) -> None:
    """A summary before the end of the build is no error."""
    lab = lab_with(dialect=dialect, build_s=60)
    client = lab.client()
    scores = client.fetch_summary(client.create_model(BODY).id).scores
    assert scores.health == ""
    assert not scores.auc


@pytest.mark.parametrize("status", [200, 204])
def test_a_delete_with_and_without_a_body(lab_with: Callable[..., Lab], status: int) -> None:
    """A delete is done with 200 as documented, or with 204 as many are answered."""
    lab = lab_with(delete_status=status)
    client = lab.client()
    assert client.delete_model(client.create_model(BODY).id) is True


def test_no_models_may_be_null() -> None:
    """An empty list that is written as null is empty."""
    with answering(data(None)) as client:
        assert client.list_models() == []


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"id": "a"}, "expected a list under data, got dict"),
        ("x", "expected a list under data, got str"),
        ([{"name": "no id"}], "the reply's id can't be read: Field required"),
        ([7], "the reply's data can't be read"),
    ],
)
def test_a_list_that_is_none(value: object, what: str) -> None:
    """A reply of another shape is an error that says where, without its contents."""
    with answering(data(value)) as client, pytest.raises(UnreadableReplyError) as caught:
        client.list_models()
    assert what in str(caught.value)


def test_segments_without_a_size_are_left_out() -> None:
    """A segment whose size isn't told is no segment of size 0."""
    with answering(data([{"id": "a", "size": 3}, {"id": "b"}])) as client:
        assert client.segment_sizes(["b", "a"]) == {"a": 3}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_why_a_build_failed(lab_with: Callable[..., Lab], dialect: str) -> None:
    """The reason of a failed build is found wherever the API says it, and is empty elsewhere."""
    lab = lab_with(dialect=dialect)
    lab.account.outcome({}, state="invalid", reason="too few users")
    client = lab.client()
    model_id = client.create_model(BODY).id
    lab.wait_until_built(model_id)
    model = client.fetch_model(model_id)
    assert model is not None
    assert client.why_invalid(model) == "too few users"
    lab.account.fault(path="summary$", status=404, times=None)
    assert client.why_invalid(model) == model.reason


# --- hostile values -------------------------------------------------------------------------


def test_hostile_values_are_data() -> None:
    """Control characters, huge labels and unknown fields of the API are read as what they are."""
    label = "\x1b[31m\u202e\x00" + "x" * 10_000_000
    hostile = {"id": "a", "label": label, "extra": {"deep": [{}]}, "created": "\x00"}
    with answering(data([hostile])) as client:
        (model,) = client.list_models()
    assert model.label == label
    assert model.age_key[0] == float("inf")


# --- what is sent again ---------------------------------------------------------------------

SENT_AGAIN: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 502, "body": "html"},
    {"status": 503, "body": "html", "when": "after"},
    {"status": 429},
    {"status": 429, "retry_after": 0},
    {"what": "drop"},
    {"what": "drop", "when": "after"},
    {"what": "reset"},
    {"what": "reset", "when": "after"},
    {"what": "cut"},
    {"what": "cut", "when": "after"},
]
CALLS: dict[str, tuple[str, Callable[[LyticsClient, str], object]]] = {
    "list": ("^/api/ml$", lambda client, _: client.list_models()),
    "fetch": ("^/api/ml/", lambda client, id_: client.fetch_model(id_)),
    "summary": ("summary$", lambda client, id_: client.fetch_summary(id_)),
    "update": ("^/api/ml/", lambda client, id_: client.update_model(id_, {"label": "new"})),
    "delete": ("^/v2/ml/", lambda client, id_: client.delete_model(id_)),
    "segments": ("segment$", lambda client, _: client.list_segments()),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_safe_is_sent_again(lab: Lab, call: str) -> None:
    """Every request but a create is sent again after each kind of failure."""
    path, act = CALLS[call]
    client = lab.client(patience_s=5)
    for fault in SENT_AGAIN:
        model_id = client.create_model(BODY).id
        lab.account.fault(path=path, times=2, **fault)
        act(client, model_id)
    faults = [entry["fault"] for entry in lab.account.requests() if entry["fault"]]
    assert len(faults) == 2 * len(SENT_AGAIN)


@pytest.mark.parametrize("fault", SENT_AGAIN)
def test_a_create_is_sent_once(lab: Lab, fault: dict[str, Any]) -> None:
    """A create is never sent again by the client, and its error says that it may have worked."""
    client = lab.client(patience_s=5)
    lab.account.fault(method="POST", path="^/api/ml$", **fault)
    with pytest.raises(RequestError) as caught:
        client.create_model(BODY)
    assert caught.value.may_have_taken_effect
    assert len(lab.posts()) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(400, RequestError), (401, NotAuthorizedError), (403, ForbiddenError)]
)
def test_a_refusal_is_not_sent_again(lab: Lab, status: int, kind: type[Exception]) -> None:
    """What the API refuses for good is asked once."""
    lab.account.fault(status=status)
    with pytest.raises(kind):
        lab.client(patience_s=5).list_models()
    assert len(lab.lists()) == 1


@pytest.mark.parametrize("origin", ["LIOKEY", "lytics:apiKey"])
def test_a_refused_key_names_where_it_was_set(lab: Lab, origin: str) -> None:
    """A 401 says to check the variable or the key of the stack's settings that was really used."""
    lab.account.fault(status=401)
    with pytest.raises(NotAuthorizedError, match=f"Check {origin}; keys expire"):
        lab.client(origins={"apiKey": origin}).list_models()


def test_a_wrong_content_type_is_no_reason_to_fail(lab: Lab) -> None:
    """A reply whose JSON is called HTML is still JSON."""
    lab.account.fault(what="wrong_content_type")
    assert lab.client().list_models() == []
    assert len(lab.lists()) == 1


def test_a_slow_reply_is_given_up_and_asked_again(lab: Lab) -> None:
    """A reply has so many seconds to come."""
    lab.account.fault(what="hang", seconds=5)
    assert lab.client(reply_timeout_s=0.1, patience_s=5).list_models() == []
    lab.account.fault(what="hang", seconds=5, times=None)
    with pytest.raises(ReplyLostError) as caught:
        lab.client(reply_timeout_s=0.1, patience_s=0.001).list_models()
    assert str(caught.value) == "GET /api/ml: no reply in time (ReadTimeout)"


def test_a_refused_connection_says_where() -> None:
    """An API that can't be reached is named by its host, and nothing may have taken effect."""
    settings = Settings(api_url="http://127.0.0.1:9/api", api_key=KEY, patience_s=0.01)
    with LyticsClient(settings, timing=QUICK) as client, pytest.raises(ConnectError) as caught:
        client.create_model(BODY)
    assert (
        str(caught.value) == "POST /api/ml: can't reach 127.0.0.1:9: refused; start the sandbox "
        "with `make sandbox`, or check lytics:apiUrl"
    )
    assert not caught.value.may_have_taken_effect


def test_a_full_pool_says_that_the_api_is_slow() -> None:
    """Where every connection waits for a reply, the network isn't at fault: nothing was sent."""

    def full(_: httpx.Request) -> httpx.Response:
        raise httpx.PoolTimeout("")  # noqa: EM101 - as httpx raises it

    with answering(full, patience_s=0.001) as client, pytest.raises(ConnectError) as caught:
        client.create_model(BODY)
    assert str(caught.value) == (
        "POST /api/ml: all 64 connections are waiting for replies; the API is slow"
    )
    assert not caught.value.may_have_taken_effect


def test_patience_ends(lab: Lab) -> None:
    """An API that stays broken fails with its last words."""
    lab.account.fault(status=503, times=None)
    with pytest.raises(ServerFaultError, match="503 fault on request"):
        lab.client(patience_s=1).list_models()
    assert len(lab.lists()) > 1


def test_one_thread_is_patient_for_all(lab: Lab) -> None:
    """Once a client has given up, its other requests fail at once, until the API recovers."""
    lab.account.fault(status=503, times=None)
    client = lab.client(patience_s=0.1)
    with pytest.raises(ServerFaultError):
        client.list_models()
    mark = lab.account.mark()
    for _ in range(20):
        with pytest.raises(ServerFaultError):
            client.list_models()
    assert len(lab.lists(mark)) == 20


def test_a_refusal_is_no_reason_to_give_up(lab: Lab) -> None:
    """After a refusal other requests are as patient as before."""
    client = lab.client(patience_s=5)
    lab.account.fault(status=403)
    with pytest.raises(ForbiddenError):
        client.list_models()
    lab.account.fault(status=503, times=2)
    assert client.list_models() == []


def test_a_summary_of_no_model(lab: Lab) -> None:
    """A summary that isn't there is an error, unlike a model."""
    with pytest.raises(NotFoundError):
        lab.client().fetch_summary("0" * 32)


# --- pauses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 5, 9, 40, 5000])
def test_pauses_double_with_jitter(number: int) -> None:
    """A pause lies between an eighth of a second and a doubling ceiling of at most 20 s."""
    ceiling = min(20.0, 0.25 * 2 ** min(number, 100))
    pauses = [pause_s(number, None) for _ in range(200)]
    assert all(0.125 <= pause <= ceiling for pause in pauses)
    assert max(pauses) - min(pauses) > (ceiling - 0.125) / 2


@pytest.mark.parametrize(
    ("asked", "least", "most"), [(0, 0, 0), (3, 3, 4.5), (1e9, 120, 180), (float("inf"), 120, 180)]
)
def test_retry_after_is_honoured_with_jitter(asked: float, least: float, most: float) -> None:
    """A Retry-After is waited for, plus up to a half of it, and at most two minutes and a half."""
    pauses = [pause_s(1, asked) for _ in range(100)]
    assert all(least <= pause <= most for pause in pauses)
    assert len(set(pauses)) > 1 or asked == 0


def test_patience_is_as_long_as_is_said(lab: Lab) -> None:
    """A request is repeated until the patience is over: not given up because a pause is long."""
    for _ in range(20):
        clock = Clock()
        lab.timing = clock.timing()
        lab.account.fault(method="GET", path="^/api/ml$", status=503, times=None)
        with pytest.raises(ServerFaultError):
            lab.client(patience_s=15).list_models()
        assert sum(clock.slept) == pytest.approx(15)


def test_retry_after_is_slept(lab: Lab) -> None:
    """The pause that a reply asks for is the one that is made."""
    clock = Clock()
    lab.timing = clock.timing()
    lab.account.fault(method="GET", path="^/api/ml$", status=429, retry_after=7, times=2)
    assert lab.client(patience_s=60).list_models() == []
    slept = [pause for pause in clock.slept if pause > 0]
    assert len(slept) == 2
    assert all(7 <= pause <= 10.5 for pause in slept)


def test_retry_after_holds_every_thread_of_a_client(lab: Lab) -> None:
    """After a 429 the next request of any thread is sent when the API allows it."""
    clock = Clock()
    lab.timing = clock.timing()
    client = lab.client(patience_s=60)
    lab.account.fault(method="GET", path="^/api/ml$", status=429, retry_after=7)
    with pytest.raises(RateLimitedError):
        client._send_once(Requests().list_models())
    client.list_segments()
    assert clock.slept == [0.0, 7.0]


# --- the key --------------------------------------------------------------------------------


def test_the_key_is_in_the_header_alone(lab: Lab) -> None:
    """The key goes into the header, raw, and into no address."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"data": []})

    with answering(reply) as client:
        client.list_models()
        client.segment_sizes(["a"])
        client.delete_model("a")
    assert [request.headers["authorization"] for request in seen] == [KEY] * 3
    assert not any(KEY in str(request.url) for request in seen)
    lab.client().list_models()
    assert lab.lists()[0]["query"] == ""


FAILURES: list[Reply] = [
    lambda _: httpx.Response(401, json={"message": "Not authorized"}),
    lambda _: httpx.Response(401, json={"message": f"key {KEY} is not valid"}),
    lambda _: httpx.Response(500, text="<html>"),
    lambda _: httpx.Response(200, text="{"),
    lambda _: httpx.Response(302, headers={"location": "https://evil.example/"}),
]


@pytest.mark.parametrize("reply", FAILURES, ids=["401", "quoted", "500", "cut", "redirect"])
def test_the_key_is_in_no_error(reply: Reply) -> None:
    """No error, with all that it was raised from, holds the key."""
    with answering(reply) as client:
        with pytest.raises(LyticsError) as caught:
            client.list_models()
        assert KEY not in repr(client)
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told + repr(caught.value)


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ConnectError, httpx.WriteTimeout])
def test_what_httpx_says_is_not_repeated(error: type[httpx.TransportError]) -> None:
    """An error of the network is told by its kind: its own text may quote headers."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error(KEY)

    with answering(fail) as client, pytest.raises(RequestError) as caught:
        client.list_models()
    assert KEY not in str(caught.value)
    assert error.__name__ in str(caught.value)


def test_redirects_are_not_followed() -> None:
    """The key goes to the address that was set, whatever a reply says, and nothing is repeated."""
    hosts: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.example/api/ml"})

    with answering(reply) as client, pytest.raises(RedirectedError, match="evil"):
        client.list_models()
    assert hosts == ["api.lytics.io"]


def test_a_client_needs_a_key() -> None:
    """Without a key no client is made."""
    with pytest.raises(SettingsError, match="no API key"):
        LyticsClient(Settings())


def test_every_request_has_a_time_limit() -> None:
    """Connecting, sending and receiving each have a limit."""
    limits: list[Any] = []

    def reply(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"])
        return httpx.Response(200, json={"data": []})

    with answering(reply, reply_timeout_s=7.0) as client:
        client.list_models()
    assert limits == [{"connect": 4.0, "read": 7.0, "write": 7.0, "pool": 7.0}]


def test_a_body_is_json(lab: Lab) -> None:
    """What is sent is the API page's JSON body."""
    made = lab.client().create_model(BODY)
    (entry,) = lab.posts()
    assert entry["body"] == BODY
    assert json.dumps(entry["query"]) == '""'
    assert made.id in lab.account.models()


def test_another_accounts_model_is_not_found(lab: Lab) -> None:
    """A key sees its own account alone."""
    made = lab.client().create_model(BODY)
    assert lab.client(api_key="sandbox-other").fetch_model(made.id) is None
    assert segment_id(5678, "all_users") != ALL_USERS
