"""Gate and swap: a model goes live when it has earned it, and until then what was live stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from providers.lytics.domain.activation import ActivationInputs, Outcome, differs
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.live.liveness import LIVE_LIMIT
from providers.lytics.errors import AccountError, ConflictError, RequestError
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.run import Run
from providers.lytics.host.swap import ActivationLifecycle
from providers.lytics.shapes import Model
from sandbox.segments import segment_id
from tests.support.lab import Lab, declared, properties, through_engine

Json = dict[str, Any]
PASSES = {"healthy": False, "auc": 0.1}
FAILS = {"healthy": False, "auc": 1}
BEATS = {"healthy": False, "beats_current": {"auc": 0.005}}
MORE = "See docs/concepts/going-live.md#where-lytics-doesnt-do-as-it-is-asked"


def activation(model_id: str, **changes: object) -> ActivationInputs:
    """Return what is declared of a model's going live."""
    return ActivationInputs.model_validate({"key": "churn", "model_id": model_id, **changes})


def apply(lab: Lab, inputs: ActivationInputs, state: Json | None = None) -> Outcome:
    """Judge a model in a run of its own."""
    return ActivationLifecycle(lab.run()).apply(inputs, through_engine(state or {}))


def outputs(outcome: Outcome, inputs: ActivationInputs, state: Json | None = None) -> Json:
    """Return the state that an outcome leaves, as the engine hands it back."""
    handed: Json = through_engine(outcome.outputs(inputs, state or {}))
    return handed


def is_different(state: Json, inputs: ActivationInputs) -> bool:
    """Compare a state with what is declared, both as the engine hands them."""
    return differs(state, through_engine(inputs.model_dump()))


def test_an_id_in_upper_case_is_kept_and_no_difference() -> None:
    """Under another spelling it would not be found in the list, and each `up` would judge again."""
    model_id = "57A430982DBD4C35ABB3AB3B4F65ECB5"
    raw = {"key": "churn", "model_id": model_id, "activate": True}
    outcome = Outcome(passed=True, live=True, live_model_id=model_id)
    state = outputs(outcome, ActivationInputs.model_validate(raw))
    assert state["model_id"] == model_id
    assert not differs(state, raw)


def built(lab: Lab, generation: int = 1, **summary: Any) -> str:  # noqa: ANN401 - JSON
    """Build a model that doesn't go live by itself, with the numbers that are given."""
    if summary:
        lab.account.outcome({}, summary=summary, times=1)
    return lab.created(activation="swap", generation=generation)[0]


def live(lab: Lab, gate: Json | None = None, **summary: Any) -> tuple[str, Json]:  # noqa: ANN401
    """Build a model and put it live; return its id and its activation's state."""
    model_id = built(lab, **summary)
    inputs = activation(model_id, gate=gate)
    outcome = apply(lab, inputs)
    assert outcome.live
    return model_id, outputs(outcome, inputs)


# --- going live -----------------------------------------------------------------------------


def test_without_a_gate_a_built_model_goes_live(lab: Lab) -> None:
    """A model without a gate is live once it is trained and asked to be."""
    model_id = built(lab, auc=0.8)
    inputs = activation(model_id)
    outcome = apply(lab, inputs)
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (True, True, model_id)
    assert outcome.scores["auc"] == 0.8
    assert lab.account.live_ids() == {model_id}
    assert lab.said == [f"'churn': model {model_id} is live"]
    assert not is_different(outputs(outcome, inputs), inputs)


def test_a_gate_that_passes_goes_live(lab: Lab) -> None:
    """A model that passes its gate is put live, and its parts are kept."""
    model_id = built(lab, auc=0.8)
    outcome = apply(lab, activation(model_id, gate={"auc": 0.75, "healthy": False}))
    assert (outcome.passed, outcome.live) == (True, True)
    assert [str(part) for part in outcome.parts] == ["auc: wanted at least 0.75, measured 0.8"]


def test_a_swap_starts_the_new_model_before_it_stops_the_old_one(lab: Lab) -> None:
    """A swap activates the new model, then deactivates the old one: one of them is always live."""
    old, state = live(lab)
    new = built(lab, 2)
    mark = lab.account.mark()
    inputs = activation(new)
    assert is_different(state, inputs)
    outcome = apply(lab, inputs, state)
    assert lab.account.switches(mark) == [(new, True), (old, False)]
    assert lab.account.live_ids() == {new}
    assert outcome.live_model_id == new
    assert outputs(outcome, inputs, state)["earned"] == [old, new]


def test_the_old_model_is_known_by_its_lineage(lab: Lab) -> None:
    """Without a state the live model of the lineage is the one that is stopped."""
    old, _ = live(lab)
    other = lab.account.create(name="of_somebody_else")
    lab.wait_until_built(other)
    new = built(lab, 2)
    mark = lab.account.mark()
    apply(lab, activation(new))
    assert lab.account.switches(mark) == [(new, True), (old, False)]
    assert lab.account.live_ids() == {new, other}


@pytest.mark.parametrize("can_tell", [True, False])
def test_a_model_that_another_state_has_is_not_stopped(lab: Lab, *, can_tell: bool) -> None:
    """A name proves no ownership: what another stack has, or nobody can tell, is left alone."""
    theirs, _ = live(lab)
    new = built(lab, 2)

    def held() -> list[Holding]:
        if not can_tell:
            message = "no pulumi"
            raise ConflictError(message)
        return [Holding("prod", "churn", theirs)]

    run = lab.run()
    run._ask_holdings = held
    mark = lab.account.mark()
    ActivationLifecycle(run).apply(activation(new), {})
    assert lab.account.switches(mark) == [(new, True)]
    assert lab.account.live_ids() == {theirs, new}


@pytest.mark.parametrize("can_tell", [True, False])
def test_what_was_live_before_is_not_stopped_once_another_stack_has_it(
    lab: Lab, *, can_tell: bool
) -> None:
    """What a state remembers as live is stopped, unless Pulumi says that it is another's by now."""
    old, state = live(lab)
    new = built(lab, 2)

    def held() -> list[Holding]:
        if not can_tell:
            message = "no pulumi"
            raise ConflictError(message)
        return [Holding("prod", "churn", old)]

    run = lab.run()
    run._ask_holdings = held
    mark = lab.account.mark()
    ActivationLifecycle(run).apply(activation(new), state)
    assert lab.account.live_ids() == ({old, new} if can_tell else {new})
    assert lab.account.switches(mark) == [(new, True)] + [(old, False)] * (not can_tell)


def test_a_model_that_this_run_replaces_is_the_one_to_stop(lab: Lab) -> None:
    """A model whose name shows no lineage is known by what this run replaced."""
    old = lab.account.create()
    lab.wait_until_built(old)
    adopted, state = lab.lifecycle().create(declared(adopt=old))
    run = lab.run()
    after = declared(adopt=old, generation=2, activation="swap")
    ModelLifecycle(run).diff(adopted, through_engine(state), properties(after))
    new, _ = ModelLifecycle(run).create(after)
    lab.wait_until_built(new)
    mark = lab.account.mark()
    ActivationLifecycle(run).apply(activation(new), {})
    assert lab.account.switches(mark) == [(new, True), (old, False)]


def test_after_a_kill_the_model_before_is_known_from_the_state(lab: Lab) -> None:
    """Where an earlier run replaced it, the state's memory says which live model to stop."""
    old = lab.account.create()
    lab.wait_until_built(old)
    adopted, state = lab.lifecycle().create(declared(adopt=old))
    killed, after = lab.lifecycle(), declared(adopt=old, generation=2, activation="swap")
    killed.diff(adopted, through_engine(state), properties(after))
    new, state = killed.create(after)
    lab.wait_until_built(new)
    run = lab.run()
    ModelLifecycle(run).diff(new, through_engine(state), properties(after))
    mark = lab.account.mark()
    ActivationLifecycle(run).apply(activation(new), {})
    assert lab.account.switches(mark) == [(new, True), (old, False)]


@pytest.mark.parametrize("name", ["Churn", "Churn_2", "ML: Churn"])
def test_a_declared_name_stops_nobodys_model(lab: Lab, name: str) -> None:
    """A colleague's live model is no predecessor because its name looks like the declared one."""
    theirs = lab.account.create(name=name, config={"use_content": True})
    lab.wait_until_built(theirs)
    mine, _ = lab.created(name="Churn", activation="swap")
    mark = lab.account.mark()
    outcome = apply(lab, activation(mine, gate=BEATS))
    assert outcome.parts[0].measured.endswith("nothing to beat")
    assert lab.account.switches(mark) == [(mine, True)]
    assert lab.account.live_ids() == {mine, theirs}


def test_a_model_of_another_key_is_neither_beaten_nor_stopped(lab: Lab) -> None:
    """What another declaration of the run took over is that one's, though it was live here once."""
    old, state = live(lab)
    new = built(lab, 2)
    run = lab.run()
    ModelLifecycle(run).create(declared(key="other", lineage="ffffff", adopt=old, take_over=True))
    mark = lab.account.mark()
    outcome = ActivationLifecycle(run).apply(activation(new, gate=BEATS), through_engine(state))
    assert outcome.live
    assert lab.account.switches(mark) == [(new, True)]
    assert lab.account.live_ids() == {old, new}


def test_a_model_that_is_live_already_needs_no_write(lab: Lab) -> None:
    """What is live and may be stays live without a write."""
    model_id, _ = live(lab)
    mark = lab.account.mark()
    assert apply(lab, activation(model_id, gate=PASSES)).live
    assert lab.account.writes(mark) == []


# --- a gate that fails ----------------------------------------------------------------------


def test_a_failing_gate_keeps_what_is_live(lab: Lab) -> None:
    """A gate that fails stores why and keeps live_model_id; nothing is written."""
    old, state = live(lab)
    new = built(lab, 2, auc=0.6)
    inputs = activation(new, gate={"auc": 0.75, "healthy": False})
    mark = lab.account.mark()
    outcome = apply(lab, inputs, state)
    assert lab.account.writes(mark) == []
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (False, False, old)
    assert outcome.reasons == ("auc: wanted at least 0.75, measured 0.6",)
    after = outputs(outcome, inputs, state)
    assert (after["passed"], after["live_model_id"], after["earned"]) == (False, old, [old])
    assert lab.account.live_ids() == {old}


def test_a_failing_gate_is_a_difference_until_it_passes(lab: Lab) -> None:
    """Each up judges again, without a write, until the gate is changed or passes."""
    old, state = live(lab)
    new = built(lab, 2, auc=0.6)
    inputs = activation(new, gate={"auc": 0.75, "healthy": False})
    mark = lab.account.mark()
    for _ in range(2):
        state = outputs(apply(lab, inputs, state), inputs, state)
        assert is_different(state, inputs)
    assert lab.account.writes(mark) == []
    loosened = activation(new, gate={"auc": 0.5, "healthy": False})
    assert is_different(state, loosened)
    assert apply(lab, loosened, state).live
    assert lab.account.switches(mark) == [(new, True), (old, False)]


def test_a_gate_that_is_tightened_leaves_a_live_model_live(lab: Lab) -> None:
    """A tightened gate fails and leaves the model that is live where it is."""
    model_id, state = live(lab, gate=PASSES)
    inputs = activation(model_id, gate=FAILS)
    assert is_different(state, inputs)
    mark = lab.account.mark()
    outcome = apply(lab, inputs, state)
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (False, True, model_id)
    assert lab.account.writes(mark) == []
    assert is_different(outputs(outcome, inputs, state), inputs)


@pytest.mark.parametrize("gate", [None, PASSES])
def test_a_gate_that_is_taken_away_or_loosened_lets_it_live(lab: Lab, gate: Json | None) -> None:
    """A model that failed goes live once nothing stands in its way, without training again."""
    model_id = built(lab)
    failed = activation(model_id, gate=FAILS)
    state = outputs(apply(lab, failed), failed)
    assert apply(lab, activation(model_id, gate=gate), state).live
    assert lab.account.live_ids() == {model_id}


# --- observing ------------------------------------------------------------------------------


@pytest.mark.parametrize(("gate", "passed"), [(PASSES, True), (FAILS, False), (None, True)])
def test_observing_never_sets_live(lab: Lab, gate: Json | None, *, passed: bool) -> None:
    """A gate without is_active is evaluated and shown, and nothing goes live."""
    old, state = live(lab)
    new = built(lab, 2)
    inputs = activation(new, gate=gate, activate=False)
    mark = lab.account.mark()
    outcome = apply(lab, inputs, state)
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (passed, False, old)
    assert lab.account.writes(mark) == []
    assert not is_different(outputs(outcome, inputs, state), inputs)


def test_what_is_observed_is_judged_once_per_model_and_gate(lab: Lab) -> None:
    """A new gate or model is judged again, an old one isn't."""
    model_id = built(lab)
    inputs = activation(model_id, gate=FAILS, activate=False)
    state = outputs(apply(lab, inputs), inputs)
    assert not is_different(state, inputs)
    assert is_different(state, activation(model_id, gate=PASSES, activate=False))
    assert is_different(state, activation("b" * 32, gate=FAILS, activate=False))
    assert is_different(state, activation(model_id, gate=FAILS))
    assert is_different(state, activation(model_id, gate=FAILS, activate=False, swap="break_first"))


# --- outside changes ------------------------------------------------------------------------


def test_an_outside_deactivation_is_undone_without_a_new_gate(lab: Lab) -> None:
    """A model that earned its place is activated again, without asking for its summary."""
    model_id, state = live(lab, gate=PASSES)
    lab.account.change(model_id, is_active=False)
    read = ActivationLifecycle(lab.run()).read(state)
    assert read["live"] is False
    inputs = activation(model_id, gate=PASSES)
    assert is_different(read, inputs)
    mark = lab.account.mark()
    outcome = apply(lab, inputs, read)
    assert lab.account.switches(mark) == [(model_id, True)]
    assert not any("summary" in entry["path"] for entry in lab.account.requests(mark))
    after = outputs(outcome, inputs, read)
    assert (after["live"], after["parts"], after["scores"]) == (
        True,
        state["parts"],
        state["scores"],
    )


@pytest.mark.parametrize("names", [(None, None), ("one", "two")], ids=["default", "declared"])
def test_an_outside_rollback_is_undone_on_both_sides(
    lab: Lab, names: tuple[str | None, str | None]
) -> None:
    """Where somebody stopped the new model and started the old one, the swap is made again."""
    old, new = (
        lab.created(activation="swap", generation=number, name=name)[0]
        for number, name in enumerate(names, 1)
    )
    state: Json = {}
    for inputs in (activation(old, gate=PASSES), activation(new, gate=PASSES)):
        state = outputs(apply(lab, inputs, state), inputs, state)
    lab.account.change(new, is_active=False)
    lab.account.change(old, is_active=True)
    mark = lab.account.mark()
    outcome = apply(lab, inputs, state)
    assert lab.account.switches(mark) == [(new, True), (old, False)]
    assert outcome.live_model_id == new
    assert not any("summary" in entry["path"] for entry in lab.account.requests(mark))


def test_an_outside_deactivation_and_a_new_gate_is_judged(lab: Lab) -> None:
    """With another gate than before it has to be earned again."""
    model_id, state = live(lab, gate=PASSES)
    lab.account.change(model_id, is_active=False)
    outcome = apply(lab, activation(model_id, gate=FAILS), state)
    assert not outcome.live
    assert lab.account.live_ids() == set()


def test_a_read_of_what_is_live_changes_nothing(lab: Lab) -> None:
    """A refresh of what is as it was is no difference."""
    model_id, state = live(lab)
    read = ActivationLifecycle(lab.run()).read(state)
    assert read == state
    assert not is_different(read, activation(model_id))


def test_a_read_of_a_model_that_is_gone_shows_it_not_live(lab: Lab) -> None:
    """What isn't there isn't live."""
    model_id, state = live(lab)
    lab.account.remove(model_id)
    assert ActivationLifecycle(lab.run()).read(state)["live"] is False


# --- the limit of live models ---------------------------------------------------------------


def _fill(lab: Lab, count: int) -> None:
    for number in range(count):
        other = lab.account.create(name=f"other{number}")
        lab.wait_until_built(other)
    assert len(lab.account.live_ids()) == LIVE_LIMIT


@pytest.mark.parametrize("swap", [None, "break_first"])
def test_a_full_account_refuses_another_live_model(lab: Lab, swap: str | None) -> None:
    """At 20 of 20 live models one that replaces none stays as it is, with the reason."""
    _fill(lab, LIVE_LIMIT)
    model_id = built(lab)
    mark = lab.account.mark()
    outcome = apply(lab, activation(model_id, swap=swap))
    assert lab.account.writes(mark) == []
    assert (outcome.passed, outcome.live) == (False, False)
    (reason,) = outcome.reasons
    assert reason == "the account has 20 of 20 live models. Deactivate one"


def test_a_full_account_refuses_a_swap(lab: Lab) -> None:
    """At 20 of 20, other people's included, a swap is refused and the old one stays live."""
    old, state = live(lab)
    _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2)
    mark = lab.account.mark()
    outcome = apply(lab, activation(new), state)
    assert lab.account.writes(mark) == []
    assert outcome.live_model_id == old
    assert outcome.reasons[0].endswith(
        "or set swap: break_first to stop the old one before the new one starts. "
        "See docs/concepts/going-live.md#twenty-of-twenty"
    )


def test_break_first_stops_the_old_model_first(lab: Lab) -> None:
    """With swap: break_first the old model is stopped before the new one starts."""
    old, state = live(lab)
    _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2)
    mark = lab.account.mark()
    outcome = apply(lab, activation(new, swap="break_first"), state)
    assert lab.account.switches(mark) == [(old, False), (new, True)]
    assert (outcome.live, outcome.live_model_id) == (True, new)


def test_break_first_breaks_nothing_where_there_is_room(lab: Lab) -> None:
    """Below the limit the new model starts first, whatever swap says."""
    old, state = live(lab)
    new = built(lab, 2)
    mark = lab.account.mark()
    apply(lab, activation(new, swap="break_first"), state)
    assert lab.account.switches(mark) == [(new, True), (old, False)]


@pytest.mark.parametrize("full", [False, True])
def test_a_refused_activation_leaves_the_old_model_live(lab: Lab, *, full: bool) -> None:
    """Where Lytics refuses the new model, the old one is live, again if it had been stopped."""
    old, state = live(lab)
    if full:
        _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2)
    lab.account.fault(method="POST", path=f"^/api/ml/{new}$", status=400)
    outcome = apply(lab, activation(new, swap="break_first"), state)
    assert old in lab.account.live_ids()
    assert new not in lab.account.live_ids()
    assert (outcome.passed, outcome.live_model_id) == (False, old)
    why = f"model {new} is not live: Lytics refuses to activate it (400 fault on request)"
    assert outcome.reasons == (f"{why}. pulumi up tries again. {MORE}",)
    mark = lab.account.mark()
    again = apply(lab, activation(new, swap="break_first"), outputs(outcome, activation(new)))
    assert again.live is not full
    assert len(lab.account.switches(mark)) == (0 if full else 2), "old ones are stopped once"


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_whatever_stops_a_swap_the_old_model_is_started_again(lab: Lab, status: int) -> None:
    """A model that was stopped first is live again, however the activation of the new one fails."""
    old, state = live(lab)
    _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2)
    lab.account.fault(method="POST", path=f"^/api/ml/{new}$", status=status, times=None)
    lifecycle = ActivationLifecycle(lab.run(patience_s=0.02))
    inputs = activation(new, swap="break_first")
    mark = lab.account.mark()
    if status == 400:
        assert not lifecycle.apply(inputs, state).live
    else:
        with pytest.raises(RequestError, match=f"POST /api/ml/{new}: {status}"):
            lifecycle.apply(inputs, state)
    switches = lab.account.switches(mark)
    assert (switches[0], switches[-1]) == ((old, False), (old, True))
    assert old in lab.account.live_ids()
    assert len(lab.account.live_ids()) == LIVE_LIMIT


def test_a_model_that_cant_be_started_again_is_told(lab: Lab) -> None:
    """Where neither model can be live, it says which was stopped, since when, and goes on later."""
    old, state = live(lab)
    _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2)
    lab.account.fault(method="POST", path="^/api/ml/", skip=1, status=403, times=None)
    inputs = activation(new, swap="break_first")
    outcome = apply(lab, inputs, state)
    assert outcome.live_model_id is None
    assert outcome.reasons[0].startswith(f"POST /api/ml/{new}: 403")
    assert outcome.down is not None
    assert outcome.reasons[1] == (
        f"nothing of 'churn' is live since {outcome.down.since}: model {old}, live before, was "
        "stopped to make room for its successor. See docs/concepts/going-live.md#twenty-of-twenty"
    )
    lab.heal()
    after = outputs(outcome, inputs, state)
    assert is_different(after, inputs)
    assert (after["down"]["model_id"], after["earned"]) == (old, [old])
    outcome = apply(lab, inputs, after)
    assert (outcome.live_model_id, outcome.down) == (new, None)


def test_what_was_stopped_is_started_where_the_new_one_cant_be(lab: Lab) -> None:
    """A model that a swap stopped is started by a later run, where its successor isn't wanted."""
    old, state = live(lab)
    _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2, auc=0.6)
    lab.account.fault(method="POST", path="^/api/ml/", skip=1, status=403, times=None)
    inputs = activation(new, swap="break_first")
    after = outputs(apply(lab, inputs, state), inputs, state)
    lab.heal()
    failing = activation(new, swap="break_first", gate={"auc": 0.75, "healthy": False})
    outcome = apply(lab, failing, after)
    assert (outcome.passed, outcome.live_model_id, outcome.down) == (False, old, None)
    assert old in lab.account.live_ids()
    assert lab.said[-1] == f"'churn': model {old}, live before, is live again"


def test_a_swap_that_a_kill_cut_short_says_what_is_down(lab: Lab) -> None:
    """A run that was killed between stop and start, and a place that is taken: it is said."""
    old, state = live(lab)
    lab.account.change(old, is_active=False)
    _fill(lab, LIVE_LIMIT)
    new = built(lab, 2)
    mark = lab.account.mark()
    outcome = apply(lab, activation(new, swap="break_first"), state)
    assert outcome.down is not None
    assert outcome.down.model_id == old
    assert lab.account.writes(mark) == []


def test_an_activation_whose_reply_was_lost_is_no_failure(lab: Lab) -> None:
    """A model that is live although the reply said otherwise is live, and nothing is started."""
    old, state = live(lab)
    _fill(lab, LIVE_LIMIT - 1)
    new = built(lab, 2)
    lab.account.fault(method="POST", path=f"{new}$", status=500, when="after", times=None)
    mark = lab.account.mark()
    lifecycle = ActivationLifecycle(lab.run(patience_s=0.02))
    outcome = lifecycle.apply(activation(new, swap="break_first"), state)
    assert outcome.live_model_id == new
    assert old not in {one for one, active in lab.account.switches(mark) if active}


# --- what Lytics answers and doesn't do -------------------------------------------------------


def test_an_old_model_that_isnt_stopped_is_told_and_asked_once(lab: Lab) -> None:
    """A stop that is answered 200 and not done leaves both live, is a difference, and is told."""
    old, state = live(lab)
    new = built(lab, 2)
    lab.account.behave(switching="off_ignored")
    outcome = apply(lab, activation(new), state)
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (True, True, new)
    assert outcome.reasons == (
        (
            f"the model before is still live beside it: model {old} is live: Lytics answered 200 "
            "to is_active: false and did nothing. It isn't asked again: deactivate it in Lytics, "
            f"then run pulumi up. {MORE}"
        ),
    )
    after = outputs(outcome, activation(new), state)
    assert is_different(after, activation(new))
    mark = lab.account.mark()
    again = apply(lab, activation(new), after)
    assert again.reasons == outcome.reasons
    assert lab.account.writes(mark) == []
    lab.account.change(old, is_active=False)
    done = outputs(apply(lab, activation(new), after), activation(new), after)
    assert not is_different(done, activation(new))


def held(lab: Lab, generation: int = 1, *, auc: float) -> str:
    """Build a model that goes live by itself although it was declared not to."""
    lab.account.behave(build_only="ignored")
    model_id = built(lab, generation, auc=auc)
    assert model_id in lab.account.live_ids()
    return model_id


@pytest.mark.parametrize("activate", [True, False])
def test_a_model_that_went_live_past_its_gate_is_stopped(lab: Lab, *, activate: bool) -> None:
    """What went live by itself before its gate was judged is stopped at once, and said."""
    old, state = live(lab)
    new = held(lab, generation=2, auc=0.6)
    run = lab.run()
    run.note_held(new)
    inputs = activation(new, gate={"auc": 0.75, "healthy": False}, activate=activate)
    mark = lab.account.mark()
    outcome = ActivationLifecycle(run).apply(inputs, state)
    assert lab.account.switches(mark) == [(new, False)]
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (False, False, old)
    told = f"model {new} went live before its gate was judged, and is stopped"
    assert outcome.reasons[-1] == told
    assert lab.said[-1] == f"'churn': {told}"


@pytest.mark.parametrize(("way", "writes"), [({"switching": "ignored"}, 0), ({"in_use": "."}, 1)])
def test_a_model_that_cant_be_stopped_past_its_gate_is_told(
    lab: Lab, way: Json, writes: int
) -> None:
    """Where Lytics doesn't stop it, each up says so; what it refused is tried again."""
    new = held(lab, auc=0.6)
    run = lab.run()
    run.note_held(new)
    lab.account.behave(**way)
    inputs = activation(new, gate={"auc": 0.75, "healthy": False})
    outcome = ActivationLifecycle(run).apply(inputs, {})
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (False, True, new)
    assert f"model {new} went live before its gate was judged" in outcome.reasons[-1]
    after = outputs(outcome, inputs)
    assert after["earned"] == []
    assert is_different(after, inputs)
    mark = lab.account.mark()
    again = apply(lab, inputs, after)
    assert again.reasons == outcome.reasons
    assert len(lab.account.writes(mark)) == writes


def test_a_model_that_went_live_by_itself_and_passes_stays_live(lab: Lab) -> None:
    """A model that passes its gate after all isn't interrupted; the one before it is stopped."""
    old, state = live(lab)
    new = held(lab, generation=2, auc=0.9)
    run = lab.run()
    run.note_held(new)
    mark = lab.account.mark()
    inputs = activation(new, gate={"auc": 0.75, "healthy": False})
    outcome = ActivationLifecycle(run).apply(inputs, state)
    assert (outcome.passed, outcome.live_model_id) == (True, new)
    assert lab.account.switches(mark) == [(old, False)]


def test_what_a_killed_swap_set_live_stays_live_under_a_stricter_gate(lab: Lab) -> None:
    """That the one before is stopped shows that a swap was carried out: nothing is stopped more."""
    old, state = live(lab, gate=PASSES)
    new = built(lab, 2)
    swap = activation(new, gate=PASSES)
    apply(lab, swap, state)
    run = lab.run()
    run.note_held(new)
    mark = lab.account.mark()
    inputs = activation(new, gate=FAILS)
    outcome = ActivationLifecycle(run).apply(inputs, state)
    assert lab.account.writes(mark) == []
    assert lab.account.live_ids() == {new}
    assert (outcome.passed, outcome.live_model_id) == (False, new)
    assert outputs(outcome, inputs, state)["earned"] == [old, new]


def shows_no_effect(run: Run, monkeypatch: pytest.MonkeyPatch, *, took_effect: bool) -> None:
    """Answer an activation with a model that isn't live, whether it took effect or not."""
    client = run.client
    written = client.update_model

    def update(model_id: str, changes: Json) -> Model:
        if changes["is_active"] and not took_effect:
            found = client.fetch_model(model_id)
            assert found is not None
            return found
        return written(model_id, changes).model_copy(update={"is_active": False})

    monkeypatch.setattr(client, "update_model", update)


def test_an_activation_without_effect_leaves_the_old_model_live(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that says yes and shows a model that isn't live is a failure, with the reason."""
    old, state = live(lab)
    new = built(lab, 2)
    run = lab.run()
    shows_no_effect(run, monkeypatch, took_effect=False)
    outcome = ActivationLifecycle(run).apply(activation(new), state)
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (False, False, old)
    assert outcome.reasons == (
        (
            f"model {new} is not live: Lytics answered 200 to is_active: true and did nothing. It "
            f"isn't asked again: activate it in Lytics, then run pulumi up. {MORE}"
        ),
    )
    assert lab.account.live_ids() == {old}
    assert is_different(outputs(outcome, activation(new), state), activation(new))


def test_an_activation_that_shows_late_is_believed_once_it_is_seen(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply may show the model as it was before: the model itself is asked for."""
    old, state = live(lab)
    new = built(lab, 2)
    run = lab.run()
    shows_no_effect(run, monkeypatch, took_effect=True)
    assert ActivationLifecycle(run).apply(activation(new), state).live
    assert lab.account.live_ids() == {new}
    assert run.looks.any().models[new].is_active
    assert not run.looks.any().models[old].is_active


def test_an_activation_of_a_model_that_is_gone_by_then(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that somebody deletes between reply and look isn't live."""
    model_id = built(lab)
    run = lab.run()
    shows_no_effect(run, monkeypatch, took_effect=True)
    monkeypatch.setattr(run.client, "fetch_model", lambda _: None)
    assert not ActivationLifecycle(run).apply(activation(model_id), {}).live


def test_swaps_are_one_after_the_other(lab_with: Callable[..., Lab]) -> None:
    """Swaps of one run don't overlap: the peak of live models is one above their number."""
    lab = lab_with(latency_ms=5)
    keys = [f"{number:06x}" for number in range(6)]
    before = {key: lab.created(lineage=key, is_active=True)[0] for key in keys}
    after = {key: lab.created(lineage=key, activation="swap", generation=2)[0] for key in keys}
    lifecycle = ActivationLifecycle(lab.run())
    mark = lab.account.mark()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: lifecycle.apply(activation(after[key]), {}), keys))
    assert lab.account.live_ids() == set(after.values())
    alive = set(before.values())
    for model_id, is_active in lab.account.switches(mark):
        alive = alive | {model_id} if is_active else alive - {model_id}
        assert len(alive) in {6, 7}


# --- what can't be judged -------------------------------------------------------------------


def test_a_model_that_is_building_is_pending(lab_with: Callable[..., Lab]) -> None:
    """A model that isn't trained is judged later; until then it is a difference."""
    lab = lab_with(build_s=60)
    model_id, _ = lab.lifecycle().create(declared(activation="swap"))
    inputs = activation(model_id, gate=PASSES)
    outcome = apply(lab, inputs)
    assert (outcome.passed, outcome.pending, outcome.live) == (False, True, False)
    assert outcome.reasons == (f"model {model_id} is still being built (building)",)
    assert is_different(outputs(outcome, inputs), inputs)
    observed = activation(model_id, gate=PASSES, activate=False)
    assert is_different(outputs(apply(lab, observed), observed), observed)


def test_an_unknown_state_is_never_done(lab: Lab) -> None:
    """A model in a state that nobody documented isn't judged."""
    model_id = built(lab)
    lab.account.change(model_id, state="retraining")
    assert apply(lab, activation(model_id)).pending


@pytest.mark.parametrize("state", ["building", "invalid"])
def test_what_cant_be_judged_shows_whether_it_is_live(lab: Lab, state: str) -> None:
    """A live model that is trained again, or whose retraining failed, is shown as live."""
    model_id, kept = live(lab)
    lab.account.change(model_id, state=state)
    inputs = activation(model_id, gate=PASSES)
    outcome = apply(lab, inputs, kept)
    assert (outcome.passed, outcome.live, outcome.live_model_id) == (False, True, model_id)
    assert outcome.pending is (state == "building")
    lab.account.change(model_id, is_active=False)
    assert not apply(lab, inputs, kept).live


@pytest.mark.parametrize(
    ("dialect", "why"), [("mldoc", ": too few users"), ("recorded", ": too few users")]
)
def test_an_invalid_model_fails_with_the_apis_reason(
    lab_with: Callable[..., Lab], dialect: str, why: str
) -> None:
    """An invalid model never goes live, and says why, wherever the API says it."""
    lab = lab_with(dialect=dialect)
    lab.account.outcome({}, state="invalid", reason="too few users")
    model_id, _ = lab.created(activation="swap")
    outcome = apply(lab, activation(model_id))
    assert (outcome.passed, outcome.pending) == (False, False)
    assert outcome.reasons == (f"model {model_id} is invalid{why}",)


def test_a_model_that_is_gone_fails_with_what_to_do(lab: Lab) -> None:
    """A model that is gone isn't judged."""
    old, state = live(lab)
    new = built(lab, 2)
    lab.account.remove(new)
    outcome = apply(lab, activation(new), state)
    assert outcome.live_model_id == old
    assert outcome.reasons == (f"model {new} is gone; pulumi up --refresh trains it anew",)


@pytest.mark.parametrize("how", ["missing", "odd"])
def test_a_summary_that_cant_be_read_fails_the_gate(lab: Lab, how: str) -> None:
    """A summary that is missing or odd fails the gate with a sentence and changes nothing."""
    model_id = built(lab)
    if how == "missing":
        lab.account.fault(path="summary$", status=404)
    else:
        lab.account.change(model_id, summary={"auc": "odd"})
    mark = lab.account.mark()
    outcome = ActivationLifecycle(lab.run(patience_s=0.02)).apply(
        activation(model_id, gate=PASSES), {}
    )
    assert not outcome.passed
    assert outcome.reasons[0].startswith(
        f"the summary can't be read: GET /api/ml/{model_id}/summary: "
    )
    assert lab.account.writes(mark) == []


def test_an_empty_summary_fails_the_gate(lab: Lab) -> None:
    """A number that the summary lacks doesn't pass, and without a gate nothing asks for it."""
    model_id = built(lab, auc=None, health="")
    outcome = apply(lab, activation(model_id, gate={"auc": 0.1}))
    assert outcome.reasons == (
        "auc: wanted at least 0.1, measured missing",
        "health: wanted healthy, measured missing",
    )
    assert apply(lab, activation(model_id)).live


def test_a_missing_summary_is_no_matter_without_a_gate(lab: Lab) -> None:
    """Without a gate a summary that can't be read stops nothing."""
    model_id = built(lab)
    lab.account.fault(path="summary$", status=404)
    outcome = apply(lab, activation(model_id))
    assert outcome.live
    assert outcome.scores == {}


def test_a_failing_api_is_raised(lab: Lab) -> None:
    """An API that fails is no verdict: the next run goes on."""
    model_id = built(lab)
    lab.account.fault(path="summary$", status=500, times=None)
    with pytest.raises(RequestError):
        ActivationLifecycle(lab.run(patience_s=0.02)).apply(activation(model_id), {})
    assert lab.account.live_ids() == set()


# --- beats_current --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auc", "expected"), [(0.85, True), (0.805, True), (0.8, False), (0.75, False)]
)
def test_a_live_model_is_challenged(lab: Lab, auc: float, *, expected: bool) -> None:
    """A better model takes the live one's place; an equal and a worse one don't."""
    old, state = live(lab, gate=BEATS, auc=0.8)
    new = built(lab, 2, auc=auc)
    outcome = apply(lab, activation(new, gate=BEATS), state)
    assert outcome.passed is expected
    assert lab.account.live_ids() == {new if expected else old}


def test_nothing_to_beat_passes(lab: Lab) -> None:
    """The first model of a declaration has nothing to beat."""
    outcome = apply(lab, activation(built(lab, auc=0.8), gate=BEATS))
    assert outcome.passed
    assert outcome.parts[0].measured == "0.8, nothing to beat"


def test_a_live_model_without_a_summary_isnt_beaten(lab: Lab) -> None:
    """Where the live model's summary can't be read, nothing has beaten it."""
    old, state = live(lab, auc=0.8)
    new = built(lab, 2, auc=0.9)
    lab.account.fault(path=f"{old}/summary$", status=404)
    outcome = apply(lab, activation(new, gate=BEATS), state)
    assert outcome.parts[0].measured == "0.9, the live model has none"
    assert lab.account.live_ids() == {old}


def test_going_back_needs_to_beat_nothing(lab: Lab) -> None:
    """What was live before returns without beating what replaced it."""
    old, state = live(lab, gate=BEATS, auc=0.8)
    new = built(lab, 2, auc=0.9)
    inputs = activation(new, gate=BEATS)
    state = outputs(apply(lab, inputs, state), inputs, state)
    mark = lab.account.mark()
    outcome = apply(lab, activation(old, gate=BEATS), state)
    assert outcome.passed
    assert lab.account.switches(mark) == [(old, True), (new, False)]


# --- accounts -------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["read", "apply", "check"])
@pytest.mark.parametrize("populated", [False, True])
def test_a_key_of_another_account_changes_nothing(lab: Lab, do: str, *, populated: bool) -> None:
    """With a key of another account an activation's read, update and delete fail."""
    model_id, state = live(lab)
    if populated:
        ids = {"source": segment_id(5678, "all_users"), "target": segment_id(5678, "high_value")}
        ModelLifecycle(lab.run(api_key="sandbox-other")).create(declared(**ids))
    state = {**state, "aid": 1234.0}
    lifecycle = ActivationLifecycle(lab.run(api_key="sandbox-other"))
    mark = lab.account.mark()
    act: dict[str, Callable[[], object]] = {
        "read": lambda: lifecycle.read(state),
        "apply": lambda: lifecycle.apply(activation(model_id, gate=FAILS), state),
        "check": lambda: lifecycle.check_account(state),
    }
    with pytest.raises(AccountError, match="the key belongs to account 5678, expected account"):
        act[do]()
    assert lab.account.writes(mark) == []


def test_an_old_state_without_an_account_is_read(lab: Lab) -> None:
    """A state that an older version wrote says nothing of the account."""
    _, state = live(lab)
    lifecycle = ActivationLifecycle(lab.run())
    assert lifecycle.read(state)["live"] is True
    assert lifecycle.account == 1234
