from collections.abc import Callable
from typing import Any

import pytest

from providers.lytics.errors import RejectedError
from providers.lytics.host.lifecycle import ModelLifecycle
from tests.support.lab import Lab, declared, properties, through_engine

Json = dict[str, Any]


def updated(lab: Lab, model_id: str, state: Json, **changes: object) -> Json:
    """Carry another declaration of a model out, in a run of its own."""
    wanted = declared(**changes)
    lifecycle = lab.lifecycle()
    lifecycle.diff(model_id, through_engine(state), properties(wanted))
    return lifecycle.update(model_id, through_engine(state), wanted)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_answered_and_not_done_is_kept_and_asked_once(lab: Lab, *, wanted: bool) -> None:
    """A 200 that does nothing stays a difference, without a second write, until it is so."""
    model_id, _ = lab.created(is_active=not wanted)
    state = lab.lifecycle().update(model_id, {}, declared(is_active=not wanted))
    lab.account.behave(switching="ignored")
    after = updated(lab, model_id, state, is_active=wanted, label="new")
    assert (after["unheeded"]["how"], after["unheeded"]["is_active"]) == ("ignored", wanted)
    assert after["is_active"] is not wanted
    assert lab.account.model(model_id)["label"] == "new"
    assert lab.lifecycle().diff(
        model_id, through_engine(after), properties(declared(is_active=wanted, label="new"))
    ).writes == ("is_active",)
    mark = lab.account.mark()
    again = updated(lab, model_id, after, is_active=wanted, label="new")
    assert again["unheeded"] == after["unheeded"]
    assert lab.account.writes(mark) == []
    read = lab.lifecycle().read(model_id, through_engine(again))
    assert read is not None
    assert read[0]["unheeded"] == after["unheeded"]

    lab.account.change(model_id, is_active=wanted)
    read = lab.lifecycle().read(model_id, through_engine(again))
    assert read is not None
    assert "unheeded" not in read[0]
    assert "unheeded" not in updated(lab, model_id, again, is_active=wanted, label="new")


def test_a_label_that_lytics_alters_is_told_until_it_is_declared_so(lab: Lab) -> None:
    """It stays a difference: whether Lytics altered it, or a person, nobody can know."""
    lab.account.behave(labels="trimmed")
    model_id, state = lab.created()
    state = updated(lab, model_id, state, label="  Two  words ")
    told = "'churn': Lytics made \"Two words\" of its label; declare that"
    assert sum(told in line for line in lab.said) == 1
    updated(lab, model_id, state, label="  Two  words ")
    assert sum(told in line for line in lab.said) == 2, "with each write"
    mark = lab.account.mark()
    updated(lab, model_id, state, label="Two words")
    assert lab.account.writes(mark) == []
    assert sum(told in line for line in lab.said) == 2, "no more"


def test_what_is_refused_is_tried_again(lab: Lab) -> None:
    """A refusal is kept with its words, the label is written, and each run tries again."""
    model_id, state = lab.created(is_active=True)
    lab.account.behave(in_use=".")
    after = updated(lab, model_id, state, is_active=False, label="new")
    assert after["unheeded"]["how"] == "refused"
    assert "in use by an audience" in after["unheeded"]["words"]
    assert lab.account.model(model_id)["label"] == "new"
    lab.account.behave(in_use="")
    done = updated(lab, model_id, after, is_active=False, label="new")
    assert "unheeded" not in done
    assert lab.account.live_ids() == set()


def test_a_label_that_is_refused_is_raised(lab: Lab) -> None:
    """A refusal that isn't about is_active is a failure of its own."""
    model_id, state = lab.created(is_active=True)
    lab.account.fault(method="POST", path="^/api/ml/", status=400, times=None)
    with pytest.raises(RejectedError):
        updated(lab, model_id, state, is_active=False, label="new")


@pytest.mark.parametrize("way", ["accept", "ignore", "refuse"])
def test_a_gate_that_comes_while_a_model_is_built_holds_it(
    lab_with: Callable[..., Lab], way: str
) -> None:
    """What would go live by itself is asked not to, and every later run knows that it may not."""
    lab = lab_with(build_s=60)
    lab.account.behave(early_stop=way)
    model_id, state = lab.lifecycle().create(declared())
    mark = lab.account.mark()
    state = updated(lab, model_id, state, activation="swap")
    assert lab.account.switches(mark) == [(model_id, False)]
    assert state["held"] is True
    assert "unheeded" not in state
    run = lab.run()
    ModelLifecycle(run).diff(
        model_id, through_engine(state), properties(declared(activation="swap"))
    )
    assert run.is_held(model_id)
    read = lab.lifecycle().read(model_id, through_engine(state))
    assert read is not None
    assert read[0]["held"] is True
    assert "held" not in updated(lab, model_id, state)


def test_a_gate_that_comes_to_a_live_model_holds_nothing(lab: Lab) -> None:
    """A model that was live when its gate came stays live, and has earned it."""
    model_id, state = lab.created()
    mark = lab.account.mark()
    state = updated(lab, model_id, state, activation="swap")
    assert "held" not in state
    assert lab.account.writes(mark) == []


def test_is_active_false_while_a_model_is_built_stops_it_early(
    lab_with: Callable[..., Lab],
) -> None:
    """A model that would go live by itself, and isn't to any more, is stopped beforehand."""
    lab = lab_with(build_s=60)
    model_id, state = lab.lifecycle().create(declared())
    mark = lab.account.mark()
    updated(lab, model_id, state, is_active=False)
    assert lab.account.switches(mark) == [(model_id, False)]


@pytest.mark.parametrize("echo", ["full", "zeroed", "none"])
def test_a_new_model_needs_no_write_to_wait(lab_with: Callable[..., Lab], echo: str) -> None:
    """What is created so that it waits isn't written to besides, whatever Lytics echoes."""
    lab = lab_with(build_s=60, config_echo=echo)
    lab.lifecycle().create(declared(is_active=False))
    lab.lifecycle().create(declared(key="other", lineage="ffffff", activation="swap"))
    assert lab.account.switches(0) == []
