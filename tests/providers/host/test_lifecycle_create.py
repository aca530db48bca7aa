"""Exactly once: every model that is declared is made, and none is made twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.creation import Account, Decision, decide, payload
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.errors import (
    ConflictError,
    GatewayTimeoutError,
    NotAuthorizedError,
    NotFoundError,
    RateLimitedError,
    RequestError,
    ServerFaultError,
    TimedOutError,
)
from providers.lytics.host import create as create_module
from providers.lytics.host.create import tries
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.run import Run
from providers.lytics.timing import Pauses
from tests.support.lab import ALL_USERS, HIGH_VALUE, Lab, declared, properties, through_engine
from tests.support.timing import QUICK, Clock

Json = dict[str, Any]


def replaced(lab: Lab, before: tuple[str, Json], after: ModelInputs) -> tuple[str, Json]:
    """Replace a model as the engine does: diff, create; the old one is not retired yet."""
    lifecycle = lab.lifecycle()
    found = lifecycle.diff(before[0], through_engine(before[1]), properties(after))
    assert found.replaces
    model_id, outputs = lifecycle.create(after)
    lab.wait_until_built(model_id)
    return model_id, outputs


def assert_looked_between_posts(lab: Lab) -> None:
    """Assert that between two creates of one model somebody looked into ML List."""
    looked = True
    for entry in lab.account.requests():
        is_list = (entry["method"], entry["path"]) == ("GET", "/api/ml")
        if (entry["method"], entry["path"]) == ("POST", "/api/ml"):
            assert looked, "two creates without a look in between"
            looked = False
        looked = looked or (is_list and entry["status"] == 200)


# --- what is sent ---------------------------------------------------------------------------


def test_a_create_makes_one_model(lab: Lab) -> None:
    """A create sends one POST and returns the id as soon as the API gave it."""
    model_id, outputs = lab.lifecycle().create(declared(label="text"))
    (post,) = lab.posts()
    assert post["body"] == {
        "name": Wanted(declared()).name,
        "label": "text",
        "source": ALL_USERS,
        "target": HIGH_VALUE,
        "config": {
            "use_scores": True,
            "collect": 5000,
            "auto_tune": False,
            "tune_model": False,
            "re_run": False,
            "additional": [],
        },
    }
    assert list(lab.account.models()) == [model_id]
    assert (outputs["name"], outputs["aid"]) == (post["body"]["name"], 1234)
    assert outputs["managed"] == ["label"]
    assert outputs["trained"] == {model_id: Wanted(declared()).hash}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"is_active": True}, False),
        ({"is_active": False}, True),
        ({"activation": "swap"}, True),
        ({"activation": "observe"}, True),
        ({"is_active": True, "config": {"use_scores": True, "build_only": True}}, True),
        ({"config": {"use_scores": True, "build_only": False}}, False),
    ],
)
def test_build_only_is_decided_once(changes: Json, *, expected: bool | None) -> None:
    """A model that must not go live by itself is built with build_only, declared or not."""
    sent = payload(Wanted(declared(**changes)))["config"]
    assert sent.get("build_only") is expected
    assert "is_active" not in payload(Wanted(declared(**changes)))


def test_an_implied_build_only_is_in_no_hash() -> None:
    """What was decided about build_only changes no name."""
    assert Wanted(declared(activation="swap")).name == Wanted(declared()).name


def test_defaults_are_sent_without_a_config() -> None:
    """Every documented default is sent, so that none matters."""
    assert payload(Wanted(declared(config=None)))["config"] == {
        "collect": 5000,
        "auto_tune": False,
        "tune_model": False,
        "re_run": False,
        "additional": [],
    }


# --- replies that go wrong ------------------------------------------------------------------

FAULTS: list[Json] = [
    {"status": 500},
    {"status": 500, "body": "html"},
    {"status": 502},
    {"status": 502, "body": "html"},
    {"status": 503},
    {"status": 429},
    {"status": 429, "retry_after": 0},
    {"what": "drop"},
    {"what": "reset"},
    {"what": "cut"},
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("echo", ["full", "zeroed"])
@pytest.mark.parametrize("name", [None, "mine"])
def test_a_reply_that_goes_wrong_makes_no_second_model(
    lab_with: Callable[..., Lab], when: str, echo: str, name: str | None
) -> None:
    """After a lost, cut, limited or 5xx reply, before or after its effect, there is one model."""
    lab = lab_with(config_echo=echo)
    for number, fault in enumerate(FAULTS):
        inputs = declared(
            key=f"k{number}", lineage=f"00000{number}", name=name and f"{name}{number}"
        )
        lab.account.fault(method="POST", path="^/api/ml$", when=when, **fault)
        mark = lab.account.mark()
        model_id, _ = lab.lifecycle(patience_s=5).create(inputs)
        assert len(lab.account.models()) == number + 1
        assert model_id in lab.account.models()
        assert len(lab.posts(mark)) == (2 if when == "before" else 1)
    assert_looked_between_posts(lab)


def test_a_reply_slower_than_the_time_out_makes_no_second_model(lab: Lab) -> None:
    """A reply that comes too late is a lost one: the model is found, not made again."""
    lab.account.fault(method="POST", path="^/api/ml$", what="hang", when="after", seconds=5)
    lab.lifecycle(reply_timeout_s=0.15, patience_s=5).create(declared())
    assert len(lab.posts()) == len(lab.account.models()) == 1


def test_a_create_that_is_only_late_is_not_sent_again(lab: Lab) -> None:
    """A create without a reply in time may yet be carried out: it is left to the next run."""
    lab.account.fault(method="POST", path="^/api/ml$", what="slow", seconds=2)
    with pytest.raises(TimedOutError):
        lab.lifecycle(reply_timeout_s=0.15, patience_s=5).create(declared())
    assert len(lab.posts()) == 1
    lab.account.wait(lab.account.models)
    model_id, _ = lab.lifecycle().create(declared())
    assert list(lab.account.models()) == [model_id]
    assert len(lab.posts()) == 1


@pytest.mark.parametrize("status", [408, 504, 522, 524])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_create_that_a_gateway_gave_up_on_is_not_sent_again(
    lab: Lab, status: int, when: str
) -> None:
    """After a gateway's time-out the model is looked for, and left to the next run if not there."""
    lab.account.fault(method="POST", path="^/api/ml$", status=status, body="html", when=when)
    lifecycle = lab.lifecycle(patience_s=5)
    if when == "before":
        with pytest.raises(GatewayTimeoutError):
            lifecycle.create(declared())
    else:
        model_id, _ = lifecycle.create(declared())
        assert list(lab.account.models()) == [model_id]
    assert len(lab.posts()) == 1
    assert len(lab.lists()) > 1


def test_a_wrong_content_type_makes_no_second_model(lab: Lab) -> None:
    """A reply that calls its JSON HTML is taken for what it holds."""
    lab.account.fault(method="POST", path="^/api/ml$", what="wrong_content_type")
    lab.lifecycle().create(declared())
    assert len(lab.posts()) == len(lab.account.models()) == 1


def test_several_replies_in_a_row_go_wrong(lab: Lab) -> None:
    """However many replies go wrong, every create is preceded by a look."""
    lab.account.fault(method="POST", path="^/api/ml$", status=500, times=4)
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    lab.account.fault(path="^/api/ml$", method="GET", status=502, skip=2, times=2)
    lab.lifecycle(patience_s=10).create(declared())
    assert len(lab.posts()) == 5
    assert len(lab.account.models()) == 1
    assert_looked_between_posts(lab)


def test_a_list_that_lags_is_waited_for(lab_with: Callable[..., Lab]) -> None:
    """A model whose reply was lost is waited for before a POST is repeated."""
    lab = lab_with(list_delay_s=0.3)
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    model_id, _ = lab.lifecycle(settle_s=5, patience_s=5).create(declared())
    assert list(lab.account.models()) == [model_id]
    assert len(lab.posts()) == 1


def test_a_list_that_lags_too_long_still_ends_with_one(lab_with: Callable[..., Lab]) -> None:
    """Where the list lags longer than is waited for, the second model is taken out again."""
    lab = lab_with(list_delay_s=2)
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    # The first look after the lost reply comes too early, the one after the second POST not.
    lab.timing = replace(QUICK, looks=Pauses(0.002, 0.4))
    waits = lab.run(settle_s=0.05, patience_s=5)
    with pytest.MonkeyPatch.context() as patch:
        lifecycle = ModelLifecycle(waits)
        patch.setattr(
            create_module,
            "tries",
            lambda s, timing: tries(60 if len(lab.posts()) == 2 else s, timing),
        )
        model_id, _ = lifecycle.create(declared())
    assert len(lab.posts()) == 2
    assert list(lab.account.models()) == [model_id]
    assert any("was one too many and is deleted" in said for said in lab.said)


def test_a_refusal_is_raised_and_sends_nothing_more(lab: Lab) -> None:
    """What the API refuses is not sent again."""
    with pytest.raises(NotFoundError, match="source segment not found"):
        lab.lifecycle().create(declared(source="0" * 32))
    assert len(lab.posts()) == 1
    lab.account.fault(method="POST", status=401)
    with pytest.raises(NotAuthorizedError):
        lab.lifecycle().create(declared())
    assert len(lab.posts()) == 2


def test_an_api_that_stays_broken_is_given_up(lab: Lab) -> None:
    """A create that never succeeds ends with the API's error, and without a model."""
    lab.account.fault(method="POST", path="^/api/ml$", status=500, times=None)
    with pytest.raises(ServerFaultError):
        lab.lifecycle(patience_s=1.5).create(declared())
    assert len(lab.posts()) > 1
    assert lab.account.models() == {}
    assert_looked_between_posts(lab)


def test_a_create_is_not_patient_once_another_has_been(lab: Lab) -> None:
    """Where one request was repeated in vain, creates after it are sent once."""
    lab.account.fault(method="POST", path="^/api/ml$", status=429, times=None)
    lifecycle = lab.lifecycle(patience_s=0.2)
    sent = []
    for key in "ab":
        mark = lab.account.mark()
        with pytest.raises(RateLimitedError):
            lifecycle.create(declared(key=key, lineage=key * 6))
        sent.append(len(lab.posts(mark)))
    assert sent[0] > 1
    assert sent[1] == 1


def test_a_refused_connection_is_tried_again() -> None:
    """An API that can't be reached is tried again for a while, then named."""
    settings = Settings(api_url="http://127.0.0.1:9/api", api_key="k", patience_s=0.05)
    with (
        LyticsClient(settings, timing=QUICK) as client,
        pytest.raises(RequestError, match="can't reach"),
    ):
        ModelLifecycle(Run(settings, client, timing=QUICK)).create(declared())


def test_a_broken_look_fails_the_create_and_the_next_run_finds_the_model(lab: Lab) -> None:
    """A create whose reply is lost and that can't look fails; the next run takes its model up."""
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    lab.account.fault(method="GET", path="^/api/ml$", status=500, skip=1, times=None)
    with pytest.raises(ServerFaultError):
        lab.lifecycle(patience_s=0.1).create(declared())
    assert len(lab.account.models()) == 1
    lab.heal()
    model_id, _ = lab.lifecycle().create(declared())
    assert list(lab.account.models()) == [model_id]
    assert len(lab.posts()) == 1


def test_a_retry_after_is_slept_before_the_next_create(lab: Lab) -> None:
    """A limited create waits once, as long as the API asks, with jitter, within reason."""
    clock = Clock()
    lab.timing = clock.timing()
    lab.account.fault(method="POST", path="^/api/ml$", status=429, retry_after=7)
    lab.account.fault(method="POST", path="^/api/ml$", status=429, retry_after=86400)
    lab.lifecycle(patience_s=600).create(declared())
    # The look after the refusal is held, and the create doesn't wait for the same again.
    assert 7 + 120 <= sum(clock.slept) <= 1.5 * (7 + 120) + 2
    assert max(clock.slept) <= 180


# --- what is there already ------------------------------------------------------------------


def test_the_next_run_takes_up_what_a_killed_one_made(lab: Lab) -> None:
    """A killed `up` leaves no second model: the next one finds it by its name."""
    first, _ = lab.created()
    second, outputs = lab.lifecycle().create(declared())
    assert first == second
    assert len(lab.posts()) == 1
    assert outputs["name"] == Wanted(declared()).name
    assert f"'churn' takes up model {first} (complete, created 20" in lab.said[-1]
    assert "-07:00) instead of training it again" in lab.said[-1]


@pytest.mark.parametrize("rename", ["prefix", "suffix"])
@pytest.mark.parametrize("name", [None, "mine"])
def test_an_altered_name_is_kept_and_found_again(
    lab_with: Callable[..., Lab], rename: str, name: str | None
) -> None:
    """A name that the server alters is kept as it is, told, and known again."""
    lab = lab_with(rename=rename)
    sent = Wanted(declared(name=name)).name
    lab.account.create(name=sent, target=ALL_USERS, source=HIGH_VALUE)
    mark = lab.account.mark()
    model_id, outputs = lab.lifecycle().create(declared(name=name))
    returned = f"ML: {sent}" if rename == "prefix" else f"{sent}_1"
    assert outputs["name"] == lab.account.model(model_id)["name"] == returned
    (told,) = lab.said
    assert told == (
        f'\'churn\': Lytics named the model "{returned}" instead of "{sent}"; '
        "audiences use the name that Lytics gave"
    )
    assert lab.lifecycle().create(declared(name=name))[0] == model_id
    assert len(lab.posts(mark)) == 1


def test_a_name_as_it_was_sent_is_not_remarked_on(lab: Lab) -> None:
    """Nothing is said of a name that came back as it was sent."""
    lab.lifecycle().create(declared())
    assert lab.said == []


def test_a_declared_name_with_a_zeroed_echo_is_a_conflict(lab_with: Callable[..., Lab]) -> None:
    """A model of the declared name whose config isn't reported is only a person's to decide on."""
    lab = lab_with(config_echo="zeroed")
    there, _ = lab.created(name="mine")
    mark = lab.account.mark()
    with pytest.raises(ConflictError, match=f"add adopt: {there}"):
        lab.lifecycle().create(declared(name="mine"))
    assert lab.account.writes(mark) == []


def test_a_declared_name_with_another_source_is_another_model(lab: Lab) -> None:
    """A model of the declared name that was trained on something else is left alone."""
    lab.created(name="mine", source=HIGH_VALUE, target=ALL_USERS)
    lab.created(name="mine")
    assert len(lab.posts()) == len(lab.account.models()) == 2


def test_an_invalid_leftover_is_not_taken_up(lab: Lab) -> None:
    """An invalid match of an earlier run is left alone, and a new model is trained."""
    lab.account.outcome({}, state="invalid", reason="too few users", times=1)
    first, _ = lab.created()
    second, _ = lab.created()
    assert first != second
    assert len(lab.posts()) == 2
    assert lab.account.model(first)["state"] == "invalid"


def test_an_invalid_match_finishes_the_same_create(lab: Lab) -> None:
    """An invalid model whose own reply was lost is this create's, and isn't made again."""
    lab.account.outcome({}, state="invalid", times=1)
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    lab.account.fault(method="GET", path="^/api/ml$", what="slow", seconds=0.1, skip=1)
    model_id, outputs = lab.lifecycle(settle_s=1, patience_s=5).create(declared())
    assert list(lab.account.models()) == [model_id]
    assert outputs["state"] == "invalid"


def test_a_lost_reply_beside_an_invalid_leftover(lab: Lab) -> None:
    """An invalid leftover isn't mistaken for the model whose reply was lost."""
    lab.account.outcome({}, state="invalid", times=1)
    leftover, _ = lab.created()
    lab.account.fault(method="POST", path="^/api/ml$", what="drop")
    model_id, _ = lab.lifecycle(patience_s=5).create(declared())
    assert model_id != leftover
    assert len(lab.posts()) == 3
    assert len(lab.account.models()) == 2


def test_a_default_name_beside_another_config_is_taken_up(lab: Lab) -> None:
    """What Lytics made of the config is no reason for a second model of the very same name."""
    there, _ = lab.created()
    lab.account.change(there, config={"collect": 300})
    model_id, _ = lab.lifecycle().create(declared())
    assert model_id == there
    assert len(lab.posts()) == 1


def test_another_lineage_is_another_model(lab: Lab) -> None:
    """The same declaration of another stack makes a model of its own."""
    first, _ = lab.created()
    second, _ = lab.created(lineage="ffffff")
    assert first != second


# --- going back, training anew --------------------------------------------------------------


@pytest.mark.parametrize("name", [None, "mine"])
@pytest.mark.parametrize("echo", ["full", "zeroed"])
def test_going_back_takes_up_the_earlier_model(
    lab_with: Callable[..., Lab], name: str | None, echo: str
) -> None:
    """Going back to an earlier declaration takes its trained model up instead of training."""
    lab = lab_with(config_echo=echo)
    before, changed = declared(name=name), declared(name=name, config={"use_content": True})
    first = lab.created(before)
    second = replaced(lab, first, changed)
    third = replaced(lab, second, before)
    assert third[0] == first[0] != second[0]
    assert len(lab.posts()) == 2
    fourth = replaced(lab, third, changed)
    assert fourth[0] == second[0]
    assert len(lab.posts()) == 2


@pytest.mark.parametrize("name", [None, "mine"])
@pytest.mark.parametrize("echo", ["full", "zeroed"])
def test_generation_trains_anew(lab_with: Callable[..., Lab], name: str | None, echo: str) -> None:
    """`generation: 2` trains an unchanged declaration anew, also under a declared name."""
    lab = lab_with(config_echo=echo)
    first = lab.created(name=name)
    second = replaced(lab, first, declared(name=name, generation=2))
    third = replaced(lab, second, declared(name=name, generation=3))
    assert len({first[0], second[0], third[0]}) == len(lab.posts()) == 3
    back = replaced(lab, third, declared(name=name, generation=2))
    assert back[0] == second[0]


def test_going_back_puts_what_goes_live_by_itself_live(lab: Lab) -> None:
    """What a newly trained model would do by itself, one that is taken up again does too."""
    first = lab.created()
    assert lab.account.model(first[0])["is_active"]
    second = replaced(lab, first, declared(generation=2))
    lab.lifecycle().delete(first[0], first[1])
    assert not lab.account.model(first[0])["is_active"]
    assert replaced(lab, second, declared())[0] == first[0]
    assert lab.account.model(first[0])["is_active"]


def test_going_back_fails_for_no_refusal_to_go_live(lab: Lab) -> None:
    """Where Lytics refuses to put the model live, going back says so and succeeds."""
    first = lab.created()
    second = replaced(lab, first, declared(generation=2))
    lab.lifecycle().delete(first[0], first[1])
    lab.account.fault(method="POST", path=f"^/api/ml/{first[0]}$", status=400)
    assert replaced(lab, second, declared())[0] == first[0]
    assert f"model {first[0]} is not live: Lytics refuses to activate it" in lab.said[-1]


def test_going_back_to_what_isnt_replaced_by_a_live_model(lab: Lab) -> None:
    """Where nothing was live, going back puts nothing live."""
    first = lab.created()
    second = replaced(lab, first, declared(generation=2))
    for model_id in (first[0], second[0]):
        lab.account.change(model_id, is_active=False)
    replaced(lab, second, declared())
    assert lab.account.live_ids() == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "swap"},
        {"is_active": False},
        {"config": {"use_scores": True, "build_only": True}},
    ],
)
def test_taking_up_puts_nothing_else_live(lab: Lab, changes: Json) -> None:
    """A model that doesn't go live by itself isn't put live when it is taken up again."""
    first = lab.created(**changes)
    second = replaced(lab, first, declared(**changes, generation=2))
    replaced(lab, second, declared(**changes))
    assert lab.account.live_ids() == set()


def test_a_live_model_is_taken_up_without_a_write(lab: Lab) -> None:
    """What is as declared already is taken up without a write."""
    lab.created(label="text", is_active=True)
    mark = lab.account.mark()
    lab.lifecycle().create(declared(label="text", is_active=True))
    assert lab.account.writes(mark) == []


def test_what_is_taken_up_is_brought_in_line_in_one_write(lab: Lab) -> None:
    """Label and is_active of a model that is taken up are written where they differ, in one go."""
    model_id, _ = lab.created(label="old", is_active=True)
    mark = lab.account.mark()
    _, outputs = lab.lifecycle().create(declared(label="new", is_active=False))
    (write,) = lab.account.writes(mark)
    assert (write["path"], write["body"]) == (
        f"/api/ml/{model_id}",
        {"label": "new", "is_active": False},
    )
    assert (outputs["label"], outputs["is_active"], outputs["live"]) == ("new", False, False)


def test_is_active_waits_where_the_api_refuses_it_during_a_build(
    lab_with: Callable[..., Lab],
) -> None:
    """A refusal of is_active while a model is building is no failure; the label is written."""
    lab = lab_with(build_s=60)
    build_only = {"use_scores": True, "build_only": True}
    lab.lifecycle().create(declared(config=build_only))
    inputs = declared(config=build_only, is_active=True, label="new")
    model_id, outputs = lab.lifecycle().create(inputs)
    assert "is_active waits until the model is built" in lab.said[-1]
    assert (outputs["is_active"], outputs["label"]) == (False, "new")
    assert lab.account.model(model_id)["label"] == "new"
    mark = lab.account.mark()
    lab.lifecycle().create(declared(config=build_only, is_active=True, label="new"))
    assert [entry["body"] for entry in lab.account.writes(mark)] == [{"is_active": True}]


@pytest.mark.parametrize("way", ["refused", "same_id"])
def test_a_name_that_lytics_takes_once_is_told(lab: Lab, way: str) -> None:
    """A declared name that is taken: nothing is trained or taken, and it says what helps."""
    theirs = lab.account.create(name="Churn", config={"use_content": True})
    lab.wait_until_built(theirs)
    lab.account.behave(same_name=way)
    with pytest.raises(ConflictError, match=f"{theirs}.*takes a name only once.*another name"):
        lab.lifecycle().create(declared(name="Churn"))
    assert set(lab.account.models()) == {theirs}


# --- two at once ----------------------------------------------------------------------------


def test_two_runs_at_once_end_with_one_model(lab_with: Callable[..., Lab]) -> None:
    """Two runs that create the same model at once come to one, the earliest."""
    for _ in range(3):
        lab = lab_with(latency_ms=20)
        runs = [lab.run(settle_s=2), lab.run(settle_s=2)]
        for run in runs:
            run.baseline()
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(lambda run: ModelLifecycle(run).create(declared())[0], runs))
        assert made[0] == made[1]
        assert list(lab.account.models()) == [made[0]]
        assert len(lab.posts()) == 2
        assert sum("one too many" in said for said in lab.said) == 1
        assert f"model {made[0]} of the same declaration was there first" in lab.said[-1]


@pytest.mark.parametrize("name", [None, "mine"])
def test_of_twins_the_earliest_stays(lab: Lab, name: str | None) -> None:
    """Of several matches the earliest is kept, and who made another retires its own alone."""
    run = lab.run()
    run.baseline()
    twin, _ = lab.created(name=name)
    model_id, _ = ModelLifecycle(run).create(declared(name=name))
    assert model_id == twin
    assert list(lab.account.models()) == [twin]


def test_a_twin_that_is_made_after_the_look_is_settled(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another run made between this one's look and its create is a twin, and no leftover."""
    run = lab.run()
    lifecycle = ModelLifecycle(run)
    twins: list[str] = []

    def decided_and_was_slow(wanted: Wanted, account: Account) -> Decision:
        decision = decide(wanted, account)
        with monkeypatch.context() as patch:
            patch.setattr(create_module, "decide", decide)
            twins.append(lab.created()[0])
        run.looks.now()
        return decision

    monkeypatch.setattr(create_module, "decide", decided_and_was_slow)
    model_id, _ = lifecycle.create(declared())
    assert len(lab.posts()) == 2
    assert [model_id] == twins == list(lab.account.models())


def test_a_twin_whose_reply_was_lost_is_taken_out(lab: Lab) -> None:
    """Who lost its reply takes its twin out as well, as the default name proves whose it is."""
    run = lab.run(patience_s=5)
    run.baseline()
    first, _ = lab.created()
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    model_id, _ = ModelLifecycle(run).create(declared())
    assert model_id == first
    assert len(lab.posts()) == 2
    assert list(lab.account.models()) == [first]


@pytest.mark.parametrize("ours", ["earlier", "later"])
def test_a_twin_under_a_declared_name_is_a_persons_to_judge(lab: Lab, ours: str) -> None:
    """Under a declared name, who lost its reply can't tell its model from another's: both stay.

    Taking out the later one would be right when it is this run's, and take away what somebody
    else has just made when it isn't. The account shows the same either way; so it is told.
    """
    run = lab.run(patience_s=5)
    run.baseline()
    body = payload(Wanted(declared(name="mine")))
    theirs = lab.account.create(**body) if ours == "later" else ""
    lab.account.fault(method="POST", path="^/api/ml$", what="drop", when="after")
    lab.account.fault(method="GET", path="^/api/ml$", what="slow", seconds=0.3)
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(ModelLifecycle(run).create, declared(name="mine"))
        if ours == "earlier":
            lab.account.wait(lab.account.models)
            theirs = lab.account.create(**body)
        model_id, _ = making.result()
    first, second = lab.account.models()
    assert (model_id, theirs) == (first, first if ours == "later" else second)
    assert f"'churn' goes on with model {first}. {second} was made" in lab.said[-1]


def test_a_twin_that_came_later_is_not_ours_to_retire(lab: Lab) -> None:
    """Who made the earliest keeps it and touches nobody else's."""
    lab.account.fault(method="GET", path="^/api/ml$", what="slow", seconds=0.3, skip=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: lab.lifecycle().create(declared())[0])
        lab.account.wait(lab.account.models)
        later = lab.account.create(
            name=Wanted(declared()).name, config=payload(Wanted(declared()))["config"]
        )
        assert first.result() != later
    assert set(lab.account.models()) == {first.result(), later}


@pytest.mark.parametrize("status", [404, 500])
def test_a_twin_that_cant_be_deleted_is_deactivated(lab: Lab, status: int) -> None:
    """Where a model can't be deleted, the one too many is deactivated."""
    run = lab.run(patience_s=0.05)
    run.baseline()
    first, _ = lab.created()
    lab.account.fault(method="DELETE", status=status, times=None)
    model_id, _ = ModelLifecycle(run).create(declared())
    assert model_id == first
    assert len(lab.account.models()) == 2
    assert lab.account.live_ids() <= {first}
    assert "is one too many and stays, deactivated" in lab.said[-1]


def test_a_twin_that_cant_be_retired_fails_nothing(lab: Lab) -> None:
    """The id reaches the state whatever becomes of a twin, and the twin is told."""
    run = lab.run(patience_s=0.05)
    run.baseline()
    first, _ = lab.created()
    lab.account.fault(method="DELETE", what="drop", times=None)
    lab.account.fault(method="POST", path="^/api/ml/", what="drop", times=None)
    model_id, _ = ModelLifecycle(run).create(declared())
    assert model_id == first
    assert "is one too many and could not be taken out" in lab.said[-1]


def test_twins_that_cant_be_looked_for_fail_nothing(lab: Lab) -> None:
    """A look for twins that fails is told, and the id reaches the state."""
    lab.account.fault(method="GET", path="^/api/ml$", status=403, skip=1)
    model_id, _ = lab.lifecycle().create(declared())
    assert list(lab.account.models()) == [model_id]
    assert f"could not look for twins of {model_id}" in lab.said[-1]


def test_twins_that_cant_be_looked_for_are_told_once(lab: Lab) -> None:
    """Where many models' twins can't be looked for, the reason is told once."""
    lab.account.fault(method="GET", path="^/api/ml$", status=403, skip=1, times=None)
    lifecycle = lab.lifecycle()
    for key in "ab":
        lifecycle.create(declared(key=key, lineage=key * 6))
    assert len([said for said in lab.said if "could not look for twins" in said]) == 1
    assert len(lab.account.models()) == 2


@pytest.mark.parametrize("there", [False, True])
def test_two_resources_that_come_to_one_id(lab: Lab, *, there: bool) -> None:
    """One id, one resource: the second resource of a run that comes to an id fails, naming both."""
    if there:
        lab.created(name="mine")
    lifecycle = lab.lifecycle()
    model_id, _ = lifecycle.create(declared(name="mine"))
    with pytest.raises(ConflictError) as caught:
        lifecycle.create(declared(key="other", lineage="ffffff", name="mine"))
    assert str(caught.value) == (
        f"'churn' and 'other' both come to model {model_id}. "
        "Give one of them another name, or other inputs"
    )
    assert list(lab.account.models()) == [model_id]


def test_two_resources_at_once_come_to_one_id(lab_with: Callable[..., Lab]) -> None:
    """Two resources that are created at once under one name end with one model and one error."""
    lab = lab_with(latency_ms=20)
    lifecycle = lab.lifecycle(settle_s=2)

    def create(key: str) -> str:
        try:
            return lifecycle.create(declared(key=key, lineage=key * 6, name="mine"))[0]
        except ConflictError as exc:
            return str(exc)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(create, "ab"))
    assert sum("both come to model" in one for one in ended) == 1
    assert len(lab.account.models()) == 1


# --- how many requests ----------------------------------------------------------------------


def test_a_hundred_creates_share_their_looks(lab_with: Callable[..., Lab]) -> None:
    """A hundred creates on eight threads share their lists, and don't need two hundred."""
    lab = lab_with(latency_ms=3)
    lifecycle = lab.lifecycle(settle_s=5)
    inputs = [declared(key=f"k{i}", lineage=f"{i:06x}") for i in range(100)]
    with ThreadPoolExecutor(8) as pool:
        made = {model_id for model_id, _ in pool.map(lifecycle.create, inputs)}
    assert len(made) == len(lab.posts()) == 100
    assert len(lab.lists()) < 150


def test_creates_that_time_out_share_their_looks(lab_with: Callable[..., Lab]) -> None:
    """Creates that get no reply, while lists are answered, don't look one by one."""
    lab = lab_with()
    lab.account.fault(method="POST", path="^/api/ml$", what="hang", when="before", times=None)
    run = lab.run(reply_timeout_s=0.5, settle_s=2.0, patience_s=1.0)

    def create(number: int) -> None:
        with pytest.raises(TimedOutError):
            ModelLifecycle(run).create(declared(key=f"k{number}", lineage=f"{number:06x}"))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(create, range(20)))
    assert len(lab.posts()) == 20
    assert len(lab.lists()) < 60, "each looks for 2 s, and would need a dozen lists of its own"
    lab.heal()


def test_a_limited_api_is_not_stampeded(lab_with: Callable[..., Lab]) -> None:
    """Creates on an API that allows few requests all succeed, each model once."""
    lab = lab_with(rate_limit=60)
    lifecycle = lab.lifecycle(patience_s=30)
    inputs = [declared(key=f"k{i}", lineage=f"{i:06x}") for i in range(20)]
    with ThreadPoolExecutor(4) as pool:
        made = {model_id for model_id, _ in pool.map(lifecycle.create, inputs)}
    assert made == set(lab.account.models())
    assert len(made) == 20


def test_tries_end() -> None:
    """The first try is always made, and the last one says that it is."""
    timing = Clock().timing()
    assert list(tries(0.0, timing)) == [False]
    assert list(tries(0.5, timing))[-1] is False
    assert all(list(tries(0.5, timing))[:-1])
    assert len(list(tries(10, timing))) > 2
