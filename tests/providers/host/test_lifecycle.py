"""What happens to a model after its create: updated, read, retired."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.errors import AccountError, ConflictError, RequestError
from providers.lytics.host.lifecycle import ModelLifecycle
from sandbox.segments import segment_id
from tests.support.lab import ALL_USERS, HIGH_VALUE, Lab, declared, properties, through_engine

Json = dict[str, Any]


def assert_unchanged(lab: Lab, mark: int) -> None:
    """Assert that nothing was written since a mark."""
    assert lab.account.writes(mark) == []


# --- update ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({"label": "new"}, [{"label": "new"}]),
        ({"is_active": False}, [{"is_active": False}]),
        ({"label": "new", "is_active": False}, [{"label": "new", "is_active": False}]),
        ({"label": "old"}, []),
        ({"is_active": True}, []),
        ({}, []),
        ({"on_delete": "retain"}, []),
    ],
)
def test_an_update_sends_only_what_differs(lab: Lab, changes: Json, sent: list[Json]) -> None:
    """An update is one POST with only what changed of label and is_active, or none."""
    model_id, state = lab.created(label="old")
    mark = lab.account.mark()
    outputs = lab.lifecycle().update(model_id, through_engine(state), declared(**changes))
    assert [entry["body"] for entry in lab.account.writes(mark)] == sent
    assert {entry["path"] for entry in lab.account.writes(mark)} <= {f"/api/ml/{model_id}"}
    assert outputs["label"] == changes.get("label", "old")
    assert outputs["live"] is outputs["is_active"] is changes.get("is_active", True)
    assert outputs["managed"] == [name for name in ("label", "is_active") if name in changes]


def test_a_second_update_changes_nothing(lab: Lab) -> None:
    """What was just updated differs in nothing."""
    model_id, state = lab.created()
    wanted = declared(label="new", is_active=True, on_delete="delete")
    outputs = lab.lifecycle().update(model_id, state, wanted)
    again = lab.lifecycle().diff(model_id, through_engine(outputs), properties(wanted))
    assert not again.is_any


def test_an_update_of_a_model_that_is_gone_says_what_to_do(lab: Lab) -> None:
    """A model that is gone isn't updated but refreshed."""
    model_id, state = lab.created()
    lab.created(lineage="ffffff")
    lab.account.remove(model_id)
    with pytest.raises(ConflictError) as caught:
        lab.lifecycle().update(model_id, state, declared(label="new"))
    assert str(caught.value) == (
        f"model {model_id} is gone; pulumi up --refresh notices and trains it anew"
    )


def test_updates_share_a_look(lab: Lab) -> None:
    """Fifty updates need one list."""
    model_id, state = lab.created()
    mark = lab.account.mark()
    lifecycle = lab.lifecycle()
    for number in range(50):
        lifecycle.update(model_id, state, declared(label=f"label {number}"))
    assert len(lab.account.writes(mark)) == 50
    assert len(lab.lists(mark)) == 1


# --- read -----------------------------------------------------------------------------------


def test_a_read_shows_an_outside_change(lab: Lab) -> None:
    """Read takes label, is_active and what is only observed, in state and inputs."""
    model_id, state = lab.created(label="text", is_active=True)
    lab.account.change(model_id, label="by hand", is_active=False, is_healthy=False, type="gbm")
    found = lab.lifecycle().read(model_id, through_engine(state))
    assert found is not None
    outputs, inputs = found
    assert (outputs["label"], outputs["is_active"], outputs["live"]) == ("by hand", False, False)
    assert (outputs["is_healthy"], outputs["type"], outputs["state"]) == (False, "gbm", "complete")
    assert (inputs["label"], inputs["is_active"]) == ("by hand", False)
    wanted = declared(label="text", is_active=True)
    repaired = lab.lifecycle().diff(model_id, through_engine(outputs), properties(wanted))
    assert repaired.writes == ("label", "is_active")


def test_a_read_leaves_alone_what_was_never_declared(lab: Lab) -> None:
    """A label or is_active that isn't managed shows in the state and is no difference."""
    model_id, state = lab.created()
    lab.account.change(model_id, label="by hand", is_active=False)
    found = lab.lifecycle().read(model_id, through_engine(state))
    assert found is not None
    outputs, inputs = found
    assert outputs["label"] == "by hand"
    assert "label" not in inputs
    assert "is_active" not in inputs
    again = lab.lifecycle().diff(model_id, through_engine(outputs), properties(declared()))
    assert not again.is_any


def test_a_read_of_an_unchanged_model_changes_nothing(lab_with: Callable[..., Lab]) -> None:
    """A refresh of what is as it was is no difference, in any wording and with any echo."""
    for settings in ({"dialect": "table"}, {"dialect": "v2"}, {"config_echo": "zeroed"}):
        lab = lab_with(**settings)
        wanted = declared(label="text", name="mine", config={"use_scores": True, "collect": 200})
        model_id, state = lab.created(wanted)
        found = lab.lifecycle().read(model_id, through_engine(state))
        assert found is not None
        outputs, inputs = found
        assert outputs["declared_name"] == inputs["name"] == "mine"
        assert outputs["trained"] == state["trained"]
        assert outputs["state"] == "complete"
        again = lab.lifecycle().diff(model_id, through_engine(outputs), properties(wanted))
        assert not again.is_any


def test_a_refresh_asks_once_for_all(lab: Lab) -> None:
    """One ML List is shared by all the reads of a refresh."""
    made = [lab.created(key=f"k{i}", lineage=f"{i:06x}") for i in range(5)]
    mark = lab.account.mark()
    lifecycle = lab.lifecycle()
    for model_id, state in made:
        assert lifecycle.read(model_id, state) is not None
    assert [entry["path"] for entry in lab.account.requests(mark)] == ["/api/ml"]


def test_a_model_is_gone_only_when_a_get_says_so(lab: Lab) -> None:
    """A model that ML List doesn't show is gone only after a GET by its id said 404."""
    model_id, state = lab.created()
    lab.created(lineage="ffffff")
    lab.account.remove(model_id)
    mark = lab.account.mark()
    assert lab.lifecycle().read(model_id, state) is None
    assert [entry["path"] for entry in lab.account.requests(mark)] == [
        "/api/ml",
        f"/api/ml/{model_id}",
    ]


def test_a_model_that_the_list_lags_behind_is_there(lab_with: Callable[..., Lab]) -> None:
    """A model that ML List doesn't show yet is found by its id."""
    lab = lab_with(list_delay_s=60)
    model_id, state = lab.created()
    assert lab.lifecycle().read(model_id, state) is not None


def test_a_failing_api_empties_no_state(lab: Lab) -> None:
    """A read that gets no answer fails."""
    model_id, state = lab.created()
    lab.account.fault(status=500, times=None)
    with pytest.raises(RequestError):
        lab.lifecycle(patience_s=0.02).read(model_id, state)


# --- accounts -------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["read", "update", "delete"])
@pytest.mark.parametrize("populated", [False, True])
def test_a_key_of_another_account_changes_nothing(lab: Lab, do: str, *, populated: bool) -> None:
    """With a key of another account every operation fails and sends no write."""
    model_id, state = lab.created()
    if populated:
        _create_elsewhere(lab)
    lifecycle = lab.lifecycle(api_key="sandbox-other")
    mark = lab.account.mark()
    with pytest.raises(
        AccountError, match="the key belongs to account 5678, expected account 1234"
    ):
        _do(lifecycle, do, model_id, through_engine(state))
    assert_unchanged(lab, mark)


def _create_elsewhere(lab: Lab) -> None:
    ids = {side: segment_id(5678, slug) for side, slug in _SIDES.items()}
    ModelLifecycle(lab.run(api_key="sandbox-other")).create(declared(**ids))


_SIDES = {"source": "all_users", "target": "high_value"}


def _do(lifecycle: ModelLifecycle, do: str, model_id: str, state: Json) -> None:
    if do == "read":
        lifecycle.read(model_id, state)
    elif do == "update":
        lifecycle.update(model_id, state, declared(label="new"))
    else:
        lifecycle.delete(model_id, state)


@pytest.mark.parametrize("proven_by", ["diff", "config"])
def test_a_create_with_a_key_of_another_account_sends_nothing(lab: Lab, proven_by: str) -> None:
    """A create whose key isn't the account's that state or config names sends no POST."""
    model_id, state = lab.created()
    account_id = 1234 if proven_by == "config" else None
    lifecycle = lab.lifecycle(api_key="sandbox-other", account_id=account_id)
    if proven_by == "diff":
        lifecycle.diff(model_id, through_engine(state), properties(declared(generation=2)))
    mark = lab.account.mark()
    with pytest.raises(AccountError, match="Nothing was changed"):
        lifecycle.create(declared(generation=2))
    assert_unchanged(lab, mark)


def test_a_state_of_another_account_than_the_configs(lab: Lab) -> None:
    """A state that speaks of another account than lytics:accountId is refused."""
    model_id, state = lab.created()
    lifecycle = lab.lifecycle(account_id=5678)
    with pytest.raises(AccountError, match="the state belongs to account 1234, expected account"):
        lifecycle.read(model_id, through_engine(state))


def test_an_account_that_segments_prove(lab: Lab) -> None:
    """Where the last model is gone, the account is proven by another object of it."""
    model_id, state = lab.created()
    lab.account.remove(model_id)
    assert lab.lifecycle().read(model_id, through_engine(state)) is None


# --- delete ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_delete", "writes", "said"),
    [
        (None, [("POST", {"is_active": False})], "stays in the account, deactivated"),
        ("deactivate", [("POST", {"is_active": False})], "stays in the account, deactivated"),
        ("delete", [("DELETE", None)], "is deleted"),
        ("retain", [], "stays in the account as it is, live"),
    ],
)
def test_a_model_leaves_by_its_policy(
    lab: Lab, on_delete: str | None, writes: list[tuple[str, Json | None]], said: str
) -> None:
    """Delete applies the model's on_delete, deactivate where none is declared, and says so."""
    model_id, state = lab.created(on_delete=on_delete)
    mark = lab.account.mark()
    lab.lifecycle().delete(model_id, through_engine(state))
    assert [(e["method"], e["body"]) for e in lab.account.writes(mark)] == writes
    assert lab.said[-1].endswith(said)
    assert (model_id in lab.account.models()) is (on_delete != "delete")
    assert lab.account.live_ids() == ({model_id} if on_delete == "retain" else set())


def test_a_policy_that_is_declared_now_wins(lab: Lab) -> None:
    """`removed:` says how a model that is no longer declared leaves, whatever the state says."""
    model_id, state = lab.created(on_delete="delete")
    lab.lifecycle().delete(model_id, through_engine(state), "retain")
    assert lab.account.live_ids() == {model_id}
    lab.lifecycle().delete(model_id, through_engine(state), "deactivate")
    assert lab.account.live_ids() == set()


def test_what_isnt_live_is_retired_without_a_write(lab: Lab) -> None:
    """A model that isn't live needs no write to be deactivated."""
    model_id, state = lab.created(is_active=False)
    mark = lab.account.mark()
    lab.lifecycle().delete(model_id, state)
    assert_unchanged(lab, mark)
    lab.lifecycle().delete(model_id, state, "retain")
    assert lab.said[-1].endswith("as it is, not live")


def test_deleting_what_is_gone_succeeds(lab: Lab) -> None:
    """A model that is gone already is retired without a write."""
    model_id, state = lab.created()
    lab.created(lineage="ffffff")
    lab.account.remove(model_id)
    mark = lab.account.mark()
    lab.lifecycle().delete(model_id, through_engine(state))
    assert_unchanged(lab, mark)
    assert lab.said == [f"'churn': model {model_id} was gone already"]


def test_a_delete_that_isnt_one_is_told(lab: Lab) -> None:
    """An API that has no delete and still shows the model is no success."""
    model_id, state = lab.created(on_delete="delete")
    lab.account.fault(method="DELETE", status=404)
    with pytest.raises(ConflictError, match="can't be deleted: Lytics says that there is nothing"):
        lab.lifecycle().delete(model_id, state)


def test_a_delete_whose_reply_is_lost_is_done(lab: Lab) -> None:
    """A delete that is sent again finds nothing, and is done."""
    model_id, state = lab.created(on_delete="delete")
    lab.account.fault(method="DELETE", what="drop", when="after")
    lab.lifecycle().delete(model_id, state)
    assert lab.said == [f"'churn': model {model_id} is deleted"]


def test_a_model_that_is_building_is_stopped(lab_with: Callable[..., Lab]) -> None:
    """A model that would go live by itself is deactivated while it is built."""
    lab = lab_with(build_s=60)
    model_id, state = lab.lifecycle().create(declared())
    mark = lab.account.mark()
    lab.lifecycle().delete(model_id, state)
    assert lab.account.switches(mark) == [(model_id, False)]
    waits, state = lab.lifecycle().create(declared(lineage="ffffff", is_active=False))
    mark = lab.account.mark()
    lab.lifecycle().delete(waits, state)
    assert_unchanged(lab, mark)


def test_a_build_that_cant_be_stopped_is_told(lab_with: Callable[..., Lab]) -> None:
    """Where the API refuses that, the log says that the model goes live later."""
    lab = lab_with(build_s=60)
    model_id, state = lab.lifecycle().create(declared())
    lab.account.fault(method="POST", status=400)
    lab.lifecycle().delete(model_id, state)
    assert (
        "goes live by itself when it is done. Lytics refuses to keep it from that" in lab.said[-1]
    )


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ({"in_use": "."}, "is in use by an audience.* on_delete: retain, and run pulumi up"),
        ({"switching": "ignored"}, "Lytics answered 200 to is_active: false and did nothing"),
    ],
)
def test_a_live_model_that_cant_be_deactivated_isnt_retired(
    lab: Lab, way: Json, words: str
) -> None:
    """A model that Lytics keeps live stays in the state, with what helps."""
    model_id, state = lab.created()
    lab.account.behave(**way)
    with pytest.raises(ConflictError, match=words):
        lab.lifecycle().delete(model_id, state)


@pytest.mark.parametrize(
    ("kept", "today", "live"),
    [
        ("delete", "deactivate", False),
        ("hide", "deactivate", False),
        ("deactivate", "retain", True),
    ],
)
def test_what_was_replaced_and_cant_leave_so_leaves_as_its_key_is_declared_today(
    lab: Lab, kept: str, today: str, *, live: bool
) -> None:
    """The remedy that the refusal names helps: `retain`, or `deactivate` where nothing deletes."""
    model_id, state = lab.created()
    successor, now = lab.created(config={"use_content": True})
    lab.account.fault(method="DELETE", status=405, times=None)
    lab.account.behave(in_use=f"^{state['name']}$" if today == "retain" else "")
    old = {**through_engine(state), "on_delete": kept}
    for declared_today in ({"on_delete": kept}, {"on_delete": today}):
        lifecycle = lab.lifecycle()
        inputs = properties(declared(config={"use_content": True}, **declared_today))
        lifecycle.diff(successor, through_engine(now), inputs)
        if declared_today["on_delete"] == kept:
            with pytest.raises(ConflictError, match=f"on_delete:? (to )?{today}"):
                lifecycle.delete(model_id, old)
        else:
            lifecycle.delete(model_id, old)
    assert lab.account.model(model_id)["is_active"] is live


# --- the trap in going back -----------------------------------------------------------------


@pytest.mark.parametrize("policy", ["deactivate", "delete", "retain"])
@pytest.mark.parametrize("how", ["created", "adopted", "kept", "taken up"])
def test_a_delete_of_an_id_in_use_writes_nothing(lab: Lab, policy: str, how: str) -> None:
    """A delete of an id that this run created, adopted or kept writes nothing, and says why."""
    lifecycle = lab.lifecycle()
    model_id, state = lifecycle.create(declared(on_delete=policy))
    lab.wait_until_built(model_id)
    if how == "adopted":
        lifecycle = lab.lifecycle()
        lifecycle.create(declared(key="new", adopt=model_id))
    elif how == "taken up":
        lifecycle = lab.lifecycle()
        lifecycle.create(declared(on_delete=policy))
    elif how == "kept":
        lifecycle = lab.lifecycle()
        lifecycle.diff(model_id, through_engine(state), properties(declared(on_delete=policy)))
    mark = lab.account.mark()
    lifecycle.delete(model_id, through_engine(state))
    assert_unchanged(lab, mark)
    assert lab.said[-1] == f"model {model_id} stays: it is in use again"


def test_what_is_replaced_is_not_in_use(lab: Lab) -> None:
    """The delete of what this run replaced is carried out."""
    model_id, state = lab.created()
    lifecycle = lab.lifecycle()
    lifecycle.diff(model_id, through_engine(state), properties(declared(generation=2)))
    lifecycle.create(declared(generation=2))
    lifecycle.delete(model_id, through_engine(state))
    assert model_id not in lab.account.live_ids()


# --- no gap ---------------------------------------------------------------------------------


def _replace(
    lab: Lab, before: Json | None = None, **changes: object
) -> tuple[ModelLifecycle, str, Json, str]:
    """Replace a live model; return what is needed to end it."""
    model_id, state = lab.created(**(before or {"is_active": True}))
    lab.account.change(model_id, is_active=True)
    lifecycle = lab.lifecycle()
    after = declared(generation=2, **changes)
    lifecycle.diff(model_id, through_engine(state), properties(after))
    successor, _ = lifecycle.create(after)
    lab.wait_until_built(successor)
    return lifecycle, model_id, through_engine(state), successor


WAITS: Json = {"config": {"use_scores": True, "build_only": True}}


@pytest.mark.parametrize(
    "changes", [{"activation": "swap"}, {"activation": "observe"}, WAITS], ids=str
)
def test_a_live_model_stays_while_its_successor_isnt_live(lab: Lab, changes: Json) -> None:
    """A replaced live model isn't retired while nothing has set its successor live."""
    lifecycle, model_id, state, successor = _replace(lab, **changes)
    mark = lab.account.mark()
    with pytest.raises(ConflictError) as caught:
        lifecycle.delete(model_id, state)
    assert str(caught.value) == (
        f"model {model_id} of 'churn' is live and its successor {successor} isn't, so the first "
        "one is kept. Run pulumi up without --target to finish; where is_active isn't declared, "
        "declare whether the successor is to be live. See docs/guides/leave.md"
    )
    assert_unchanged(lab, mark)


def test_a_live_model_stays_while_its_successor_is_built(lab_with: Callable[..., Lab]) -> None:
    """Where an up doesn't wait, the next one retires the old model."""
    lab = lab_with()
    model_id, state = lab.created()
    lab.account.outcome({}, build_s=60)
    lifecycle = lab.lifecycle()
    lifecycle.diff(model_id, through_engine(state), properties(declared(generation=2)))
    successor, _ = lifecycle.create(declared(generation=2))
    with pytest.raises(
        ConflictError,
        match=r"is kept\. Run pulumi up again once it is live\. See docs/guides/leave\.md$",
    ):
        lifecycle.delete(model_id, through_engine(state))
    lab.account.change(successor, state="complete", is_active=True)
    lifecycle.delete(model_id, through_engine(state))
    assert lab.account.live_ids() == {successor}


def test_a_live_model_stays_when_going_back_is_refused(lab: Lab) -> None:
    """A model that is taken up again and may not go live leaves the one that it replaces live."""
    first = lab.created()
    second = lab.created(generation=2)
    lab.account.change(first[0], is_active=False)
    lifecycle = lab.lifecycle()
    lifecycle.diff(second[0], through_engine(second[1]), properties(declared()))
    lab.account.fault(method="POST", path=f"^/api/ml/{first[0]}$", status=400)
    assert lifecycle.create(declared())[0] == first[0]
    with pytest.raises(ConflictError, match="so the first one is kept"):
        lifecycle.delete(second[0], through_engine(second[1]))
    assert lab.account.live_ids() == {second[0]}


def test_a_live_model_leaves_once_its_successor_is_live(lab: Lab) -> None:
    """A full up finishes it: with the successor live, the old one is retired."""
    lifecycle, model_id, state, successor = _replace(lab, activation="swap")
    run = lifecycle._run
    run.looks.remember(run.client.update_model(successor, {"is_active": True}))
    lifecycle.delete(model_id, state)
    assert lab.account.live_ids() == {successor}


def test_a_successor_that_is_declared_idle_leaves_a_gap(lab: Lab) -> None:
    """Who declares is_active: false wants nothing live, and gets it."""
    lifecycle, model_id, state, _ = _replace(lab, is_active=False)
    lifecycle.delete(model_id, state)
    assert lab.account.live_ids() == set()


def test_a_model_that_isnt_live_leaves_no_gap(lab: Lab) -> None:
    """Where nothing is live nothing has to follow."""
    lifecycle, model_id, state, _ = _replace(lab, activation="observe")
    lab.account.change(model_id, is_active=False)
    lifecycle._run.looks.now()
    lifecycle.delete(model_id, state)
    assert "stays in the account, deactivated" in lab.said[-1]


def test_a_model_that_is_retained_needs_no_successor(lab: Lab) -> None:
    """What stays as it is leaves no gap."""
    before = {"is_active": True, "on_delete": "retain"}
    lifecycle, model_id, state, _ = _replace(lab, before, activation="observe")
    lifecycle.delete(model_id, state)
    assert lab.account.live_ids() == {model_id}


def test_a_live_model_stays_when_its_successor_is_gone(lab: Lab) -> None:
    """A successor that somebody removed isn't live."""
    lifecycle, model_id, state, successor = _replace(lab, activation="swap")
    lab.account.remove(successor)
    lifecycle._run.looks.forget(successor)
    with pytest.raises(ConflictError, match="so the first one is kept"):
        lifecycle.delete(model_id, state)


# --- adopt ----------------------------------------------------------------------------------


def test_adopting_takes_over_without_a_write(lab: Lab) -> None:
    """`adopt` takes a model over without a write that isn't needed."""
    model_id = lab.account.create(label="text")
    lab.wait_until_built(model_id)
    mark = lab.account.mark()
    found, outputs = lab.lifecycle().create(declared(adopt=model_id, label="text"))
    assert found == model_id
    assert_unchanged(lab, mark)
    assert outputs["name"] == "of_somebody_else"
    assert outputs["trained"] == {model_id: Wanted(declared()).hash}
    assert lab.said == [f"'churn' adopts model {model_id}, \"of_somebody_else\""]


def test_adopting_brings_label_and_is_active_in_line(lab: Lab) -> None:
    """What differs of label and is_active is written, and trains nothing."""
    model_id = lab.account.create()
    lab.wait_until_built(model_id)
    mark = lab.account.mark()
    lab.lifecycle().create(declared(adopt=model_id, label="ours", is_active=False))
    assert [entry["body"] for entry in lab.account.writes(mark)] == [
        {"label": "ours", "is_active": False}
    ]


def test_adopting_refuses_what_differs(lab: Lab) -> None:
    """Create refuses to adopt if anything that replaces differs, and tells all of it."""
    model_id = lab.account.create(config={"use_scores": True, "collect": 200})
    inputs = declared(
        adopt=model_id,
        name="other",
        source=HIGH_VALUE,
        target=ALL_USERS,
        config={"use_scores": False, "use_content": False},
    )
    mark = lab.account.mark()
    with pytest.raises(ConflictError) as caught:
        lab.lifecycle().create(inputs)
    assert str(caught.value).splitlines() == [
        f"'churn' can't adopt model {model_id}:",
        "  - name: declared other, the model has of_somebody_else",
        f"  - source: declared {HIGH_VALUE}, the model has {ALL_USERS}",
        f"  - target: declared {ALL_USERS}, the model has {HIGH_VALUE}",
        "  - config.collect: declared 5000, the model has 200",
        "  - config.use_scores: declared False, the model has True",
    ]
    assert_unchanged(lab, mark)


@pytest.mark.parametrize("returned", ["ML: mine", "mine_1", "Mine"])
def test_adopting_knows_a_name_that_the_server_altered(lab: Lab, returned: str) -> None:
    """A model that Lytics named otherwise than it was asked to is still the declared one."""
    there = lab.account.create(name=returned)
    lab.wait_until_built(there)
    model_id, outputs = lab.lifecycle().create(declared(adopt=there, name="mine"))
    assert (model_id, outputs["name"]) == (there, returned)
    again = properties(declared(adopt=there, name="mine"))
    assert not lab.lifecycle().diff(there, through_engine(outputs), again).is_any


def test_adopting_passes_over_a_zeroed_echo(lab_with: Callable[..., Lab]) -> None:
    """A zeroed echo refuses no adoption."""
    lab = lab_with(config_echo="zeroed")
    model_id = lab.account.create(config={"use_scores": True, "collect": 200})
    assert lab.lifecycle().create(declared(adopt=model_id))[0] == model_id


def test_adopting_what_isnt_there(lab: Lab) -> None:
    """An id that the account doesn't have is told."""
    lab.created(lineage="ffffff")
    with pytest.raises(ConflictError, match=f"- the account has no model {'0' * 32}"):
        lab.lifecycle().create(declared(adopt="0" * 32))


def test_adopting_another_stacks_model_has_to_be_said(lab: Lab) -> None:
    """A model whose name shows another lineage is adopted only with take_over."""
    model_id, _ = lab.created(lineage="ffffff")
    with pytest.raises(ConflictError, match="say take_over: true"):
        lab.lifecycle().create(declared(adopt=model_id))
    assert lab.lifecycle().create(declared(adopt=model_id, take_over=True))[0] == model_id


def test_an_adopted_id_that_is_replaced_is_ignored(lab: Lab) -> None:
    """Once a replacement retires the adopted model, the id in the file is ignored, for good."""
    adopted = lab.account.create()
    lab.wait_until_built(adopted)
    model_id, state = lab.lifecycle().create(declared(adopt=adopted))
    for generation in (2, 3):
        lifecycle = lab.lifecycle()
        after = declared(adopt=adopted, generation=generation)
        assert lifecycle.diff(model_id, through_engine(state), properties(after)).replaces
        model_id, state = lifecycle.create(after)
        assert model_id != adopted
    assert len(lab.account.models()) == 3


def test_only_so_many_models_are_remembered(lab: Lab) -> None:
    """The state remembers the latest twenty models of a declaration."""
    model_id, state = lab.created()
    for generation in range(2, 25):
        lifecycle = lab.lifecycle()
        after = declared(generation=generation)
        lifecycle.diff(model_id, through_engine(state), properties(after))
        model_id, state = lifecycle.create(after)
    assert len(state["trained"]) == 20
    assert model_id in state["trained"]
    assert list(state["trained"])[-1] == model_id


def test_policy_of_the_live_resource_wins_over_that_of_a_marked_one(lab: Lab) -> None:
    """After a kill the state may hold a model twice; how it leaves says the newer of the two."""
    model_id, state = lab.created(on_delete="delete")
    lifecycle = lab.lifecycle()
    kept = {**through_engine(state), "on_delete": "retain"}
    lifecycle.diff(model_id, kept, properties(declared(source=HIGH_VALUE, target=ALL_USERS)))
    mark = lab.account.mark()
    for one in (through_engine(state), kept):
        lifecycle.delete(model_id, one)
    assert_unchanged(lab, mark)
    assert lab.said[-1].endswith("stays in the account as it is, live")
