"""What a create comes to, and whose the models are."""

from collections.abc import Iterable
from typing import Any

import pytest

from providers.lytics.domain.finding.creation import (
    Account,
    Adopt,
    Decision,
    Refuse,
    TakeUp,
    Train,
    decide,
)
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.domain.finding.ownership import Holding, holdings_in
from providers.lytics.domain.identity import NameIndex, lives
from providers.lytics.shapes import Model
from tests.support.lab import HIGH_VALUE, LINEAGE, declared
from tests.support.lab import shown_of as model

FIRST, SECOND = "a" * 32, "b" * 32
OURS = declared(stack="dev")
SECOND_LIFE = list(lives(LINEAGE))[1]


def decided(wanted: Wanted, *models: Model, held: Iterable[Holding] = ()) -> Decision:
    """Return what a create comes to in an account with these models."""
    names = NameIndex((one.id, one.name) for one in models)
    return decide(wanted, Account({one.id: one for one in models}, names, lambda: held))


def holding(stack: str = "prod", key: str = "churn", **changes: Any) -> Holding:  # noqa: ANN401
    """Return what a state has: the first model, under the first lineage."""
    return Holding(**{"stack": stack, "key": key, "id": FIRST, "lineage": LINEAGE, **changes})


def test_nothing_there_is_trained_without_asking_any_state() -> None:
    """An account without such a model: it is trained, and Pulumi isn't asked."""

    def never() -> Iterable[Holding]:
        raise AssertionError

    account = Account({}, NameIndex(), never)
    assert decide(Wanted(OURS), account) == Train(Wanted(OURS))


def test_what_a_killed_run_made_is_taken_up() -> None:
    """A model of these inputs that no state has was made by a run that could not write it down."""
    found = decided(
        Wanted(OURS), model(OURS), held=[holding("dev", "other", id=SECOND, lineage="")]
    )
    assert isinstance(found, TakeUp)
    assert found.model.id == FIRST
    assert found.wanted.inputs.lineage == LINEAGE


@pytest.mark.parametrize(
    "held",
    [
        holding(),
        holding("dev", "renamed"),
        holding("prod", "renamed", lineage=""),
        holding(id=SECOND, lineage="", trained={FIRST: "1f54eef5"}),
    ],
    ids=["another stack", "another key", "moved", "remembered"],
)
def test_what_another_declaration_has_is_left_alone(held: Holding) -> None:
    """A new declaration gets a lineage of its own where another one has the models of its name."""
    found = decided(Wanted(OURS), model(OURS), held=[held])
    assert isinstance(found, Train)
    assert found.wanted.inputs.lineage == SECOND_LIFE
    assert found.wanted.name != Wanted(OURS).name
    assert str(held) in found.note


def test_second_life_is_found_again_after_a_kill() -> None:
    """What a killed run trained under the second lineage is taken up by the next one."""
    second = declared(stack="dev", lineage=SECOND_LIFE)
    found = decided(Wanted(OURS), model(OURS), model(second, SECOND), held=[holding()])
    assert isinstance(found, TakeUp)
    assert found.model.id == SECOND


def test_lineage_is_left_to_another_stack_with_other_inputs() -> None:
    """Where another stack has the lineage, no model of other inputs is made under it either."""
    others = declared(source=HIGH_VALUE, target=OURS.source)
    found = decided(Wanted(OURS), model(others), held=[holding()])
    assert isinstance(found, Train)
    assert found.wanted.inputs.lineage == SECOND_LIFE


def test_own_state_is_no_other_declarations() -> None:
    """What the own state has under this key, marked for deletion, is taken up again."""
    found = decided(Wanted(OURS), model(OURS), held=[holding("dev", is_leaving=True)])
    assert isinstance(found, TakeUp)


def test_state_keeps_its_lineage_while_it_is_renamed() -> None:
    """Going back in the very run that renames: the state has the model under its earlier key."""
    wanted = Wanted(OURS, replaced={SECOND}, trained={FIRST: Wanted(OURS).hash})
    held = [holding("dev", "earlier", is_leaving=True), holding("dev", "earlier", id=SECOND)]
    found = decided(wanted, model(OURS), held=held)
    assert isinstance(found, TakeUp)
    assert found.wanted.inputs.lineage == LINEAGE


def test_going_back_to_what_another_stack_has_by_now_is_a_question() -> None:
    """A model that the state remembers and another stack has taken over isn't taken from it."""
    wanted = Wanted(OURS, replaced={SECOND}, trained={FIRST: Wanted(OURS).hash})
    found = decided(wanted, model(OURS), held=[holding()])
    assert isinstance(found, Refuse)
    assert str(found) == (
        f"'churn' comes to model {FIRST} \"{Wanted(OURS).name}\", and 'churn' of stack prod has "
        "it. Give one of them another name or generation, or take it out there with "
        "on_delete: retain and adopt it here. See docs/concepts/ownership.md"
    )


def test_declared_name_that_another_stack_has_is_a_question() -> None:
    """A model under the declared name that another stack has isn't taken up."""
    named = declared(stack="dev", name="mine")
    found = decided(Wanted(named), model(named), held=[holding(lineage="")])
    assert isinstance(found, Refuse)
    assert "'churn' of stack prod has it" in str(found)


def test_adoption_of_what_another_stack_has_is_refused() -> None:
    """A model is let go in one stack before another one adopts it; what was retired is free."""
    wanted = Wanted(declared(stack="dev", adopt=FIRST, take_over=True))
    shown = model(declared(), name="theirs")
    found = decided(wanted, shown, held=[holding()])
    assert isinstance(found, Refuse)
    removal = "removed: {churn: {on_delete: retain}}"
    what = f"'churn' of stack prod has it; take it out there first with {removal} and pulumi up"
    assert found.reasons == (what,)
    retired = holding(id=SECOND, trained={FIRST: "1f54eef5"})
    assert isinstance(decided(wanted, shown, held=[retired]), Adopt)
    assert isinstance(decided(wanted, shown), Adopt)


def test_model_of_an_earlier_version_is_taken_up() -> None:
    """A name with a lineage of 6 digits is the same declaration's."""
    long = declared(stack="dev", lineage=f"{LINEAGE}300c19")
    found = decided(Wanted(long), model(declared()))
    assert isinstance(found, TakeUp)
    assert found.wanted.inputs.lineage == long.lineage


def test_what_is_invalid_is_trained_anew() -> None:
    """An invalid match isn't fit for use, and isn't what the create makes."""
    found = decided(Wanted(OURS), model(OURS, state="invalid"))
    assert isinstance(found, Train)
    assert found.before == {FIRST}


def test_holdings_are_read_from_a_state() -> None:
    """A state's models, those that leave too, with what it remembers; nothing else."""
    kind = "pulumi-python:dynamic/lytics:MlModel"
    outputs = {"lineage": LINEAGE, "trained": {FIRST: "1f54eef5"}}
    resources = [
        {"type": "pulumi:pulumi:Stack", "urn": "urn:x"},
        {"type": kind, "urn": f"urn:pulumi:dev::p::{kind}::churn", "id": FIRST, "outputs": outputs},
        {"type": kind, "urn": f"urn:pulumi:dev::p::{kind}::old", "id": SECOND, "delete": True},
    ]
    assert holdings_in("me/p/dev", {"deployment": {"resources": resources}}) == [
        Holding("dev", "churn", FIRST, LINEAGE, {FIRST: "1f54eef5"}),
        Holding("dev", "old", SECOND, is_leaving=True),
    ]
    assert holdings_in("dev", {}) == []
