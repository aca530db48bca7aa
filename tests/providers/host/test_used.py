"""A model whose score audiences use isn't deleted, unless that is declared."""

import pytest

from providers.lytics.domain.fields import EVEN_IF_USED
from providers.lytics.errors import ConflictError
from tests.support.lab import Lab, declared, properties, through_engine


def segment_lists(lab: Lab, since: int) -> int:
    """Return how often the audiences were asked for after a mark."""
    return sum(entry["path"] == "/api/segment" for entry in lab.account.requests(since))


def test_a_used_model_is_not_deleted_and_its_audiences_are_named(lab: Lab) -> None:
    """The error names who uses it, directly or not, and what to do; nothing is written."""
    model_id, state = lab.created(name="Grow", on_delete="delete")
    lab.account.audience("likely", "segment_prediction.Grow > 0.7")
    lab.account.audience("campaign", "INCLUDE likely")
    mark = lab.account.mark()

    with pytest.raises(ConflictError, match="audiences likely, campaign through likely") as refused:
        lab.lifecycle().delete(model_id, through_engine(state))

    assert "on_delete: deactivate" in str(refused.value)
    assert "{delete: even_if_used}" in str(refused.value)
    assert lab.account.writes(mark) == []


def test_an_unused_model_is_deleted(lab: Lab) -> None:
    """What an audience uses of another model, or of a longer name, doesn't count."""
    model_id, state = lab.created(name="Grow", on_delete="delete")
    lab.account.audience("likely", "segment_prediction.Grow-2 > 0.7")

    lab.lifecycle().delete(model_id, through_engine(state))

    assert model_id not in lab.account.models()


def test_a_used_model_is_deleted_where_that_is_declared(lab: Lab) -> None:
    """`on_delete: {delete: even_if_used}` asks for no audiences."""
    model_id, state = lab.created(name="Grow", on_delete=EVEN_IF_USED)
    lab.account.audience("likely", "segment_prediction.Grow > 0.7")
    mark = lab.account.mark()

    lab.lifecycle().delete(model_id, through_engine(state))

    assert model_id not in lab.account.models()
    assert segment_lists(lab, mark) == 0


def test_a_used_model_is_deleted_when_another_live_one_writes_its_score(lab: Lab) -> None:
    """A successor under the same name keeps the audiences."""
    model_id, state = lab.created(name="Grow", on_delete="delete")
    lab.account.audience("likely", "segment_prediction.Grow > 0.7")
    successor = lab.account.create(name="Grow", config={"use_content": True})
    lab.wait_until_built(successor)
    lab.account.change(successor, is_active=True)

    lab.lifecycle().delete(model_id, through_engine(state))

    assert model_id not in lab.account.models()


def test_deactivating_a_used_model_asks_for_no_audiences(lab: Lab) -> None:
    """Only a deletion costs the request."""
    model_id, state = lab.created(name="Grow")
    lab.account.audience("likely", "segment_prediction.Grow > 0.7")
    mark = lab.account.mark()

    lab.lifecycle().delete(model_id, through_engine(state))

    assert segment_lists(lab, mark) == 0
    assert not lab.account.model(model_id)["is_active"]


def test_several_deletions_ask_for_the_audiences_once(lab: Lab) -> None:
    """One list serves a run."""
    made = [lab.created(key=f"m{n}", lineage=f"1f2e3{n}", on_delete="delete") for n in range(3)]
    mark = lab.account.mark()
    lifecycle = lab.lifecycle()

    for model_id, state in made:
        lifecycle.delete(model_id, through_engine(state))

    assert segment_lists(lab, mark) == 1


def test_a_key_that_may_not_see_audiences_is_told_once_and_deletes(lab: Lab) -> None:
    """It is no refusal."""
    made = [lab.created(key=f"m{n}", lineage=f"1f2e3{n}", on_delete="delete") for n in range(2)]
    lab.account.fault(method="GET", path="^/api/segment$", status=403, times=None)
    lifecycle = lab.lifecycle()

    for model_id, state in made:
        lifecycle.delete(model_id, through_engine(state))

    assert lab.account.models() == {}
    assert sum("may not see" in line for line in lab.said) == 1


def test_a_model_that_was_replaced_leaves_as_its_key_is_declared_today(lab: Lab) -> None:
    """A refused deletion doesn't last: another policy in the file lets the old model go."""
    model_id, state = lab.created(on_delete="delete")
    lab.account.audience("likely", f"segment_prediction.`{state['name']}` > 0.7")
    successor, now = lab.created(config={"use_content": True}, on_delete="delete")
    lifecycle = lab.lifecycle()
    today = declared(config={"use_content": True}, on_delete="deactivate")
    lifecycle.diff(successor, through_engine(now), properties(today))

    lifecycle.delete(model_id, through_engine(state))

    assert not lab.account.model(model_id)["is_active"]


def test_a_replacement_that_will_be_refused_is_warned_of_beforehand(lab: Lab) -> None:
    """In the preview too: the provider compares there."""
    model_id, state = lab.created(on_delete="delete")
    lab.account.audience("likely", f"segment_prediction.`{state['name']}` > 0.7")
    other = properties(declared(config={"use_content": True}, on_delete="delete"))
    mark = lab.account.mark()

    lab.lifecycle().diff(model_id, through_engine(state), other)

    assert sum("used by audience likely." in line for line in lab.said) == 1
    assert segment_lists(lab, mark) == 1


def test_a_comparison_that_deletes_nothing_asks_for_no_audiences(lab: Lab) -> None:
    """Neither what stays, nor what keeps its name, nor what is only deactivated."""
    model_id, state = lab.created(name="Grow", on_delete="delete")
    mark = lab.account.mark()
    kept = {"use_content": True}
    for changes in (
        {"name": "Grow", "on_delete": "delete"},
        {"name": "Grow", "on_delete": "delete", "config": kept},
        {"name": "Other", "on_delete": "deactivate"},
        {"name": "Other", "on_delete": EVEN_IF_USED},
    ):
        lab.lifecycle().diff(model_id, through_engine(state), properties(declared(**changes)))

    assert segment_lists(lab, mark) == 0
