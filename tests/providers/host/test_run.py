"""What one run knows: who is which model, and what the states have."""

from collections.abc import Callable

import pytest

from providers.lytics.api.settings import Settings
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.errors import ConflictError
from providers.lytics.host import run as run_module
from providers.lytics.host.declared import Declarations
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.run import Run, start_run
from tests.support.lab import Lab, declared

MODEL_ID = "a" * 32


# --- who is which model ---------------------------------------------------------------------


def test_one_id_one_resource() -> None:
    """The second resource that comes to an id is refused, the first may come again."""
    declared = Declarations()
    churn = declared.get("churn", "1f2e3d")
    declared.keep(churn, MODEL_ID)
    declared.keep(churn, MODEL_ID)
    assert declared.owner(MODEL_ID) == "churn"
    assert declared.of_model(MODEL_ID) is churn
    with pytest.raises(ConflictError, match="'churn' and 'other' both come to model"):
        declared.keep(declared.get("other", "ffffff"), MODEL_ID)


def test_a_replaced_model_that_is_kept_is_replaced_no_more() -> None:
    """What a create comes back to isn't what is being replaced."""
    run = Run(Settings(api_key="k"))
    churn = run.declared.get("churn", "1f2e3d")
    run.declared.replace(churn, MODEL_ID, "delete")
    assert churn.replaced == {MODEL_ID}
    assert run.declared.policy_of(MODEL_ID) == "delete"
    assert run.lineage_of(MODEL_ID) is None
    run.declared.keep(churn, MODEL_ID)
    assert churn.replaced == set()
    assert run.lineage_of(MODEL_ID) is churn
    assert run.owner(MODEL_ID) == "churn"


def test_successor_is_the_declaration_that_keeps_the_lineage() -> None:
    """What a state was written for is found by its lineage, the same key before another one."""
    declared = Declarations()
    renamed = declared.get("new", "1f2e3d")
    declared.remember(renamed, "1f2e3d", {})
    assert declared.successor_of("old", "1f2e3d") is renamed
    same = declared.get("old", "aaaaaa")
    declared.remember(same, "1f2e3d", {})
    assert declared.successor_of("old", "1f2e3d") is same
    assert declared.successor_of("old", "ffffff") is None


def test_a_stored_lineage_stays() -> None:
    """A resource keeps the lineage it was created with, also in a check without old inputs."""
    declared = Declarations()
    assert not declared.is_checked("new")
    assert declared.checked("new", None) == "new"
    assert declared.is_checked("new")
    assert declared.checked("new", "old") == "old"
    assert declared.checked("new", None) == "old"
    assert declared.is_checked("old")
    assert not declared.is_checked(None)


def test_what_the_states_have_is_asked_for_once() -> None:
    """Pulumi is asked where it matters whose a model is, and once in a run."""
    asked: list[int] = []

    def ask() -> list[Holding]:
        asked.append(1)
        return [Holding("prod", "churn", MODEL_ID)]

    run = Run(Settings(api_key="k"), holdings=ask)
    assert asked == []
    assert run.holdings() == run.holdings() == (Holding("prod", "churn", MODEL_ID),)
    assert asked == [1]


def test_one_process_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both providers of a process share one run."""
    monkeypatch.setattr(run_module, "_runs", {})
    first = start_run(lambda key: "1234" if key == "accountId" else None)
    assert start_run(lambda _: None) is first
    assert first.settings.account_id == 1234


def test_a_run_needs_no_client_before_it_asks(lab: Lab) -> None:
    """A client is made when it is first needed, and once."""
    assert Run(Settings()).settings.api_key is None
    run = Run(lab.settings())
    with run.client as client:
        assert run.client is client
        assert run.looks is run.looks
        assert run.baseline() == frozenset()


def test_baseline_is_what_was_there_before(lab: Lab, lab_with: Callable[..., Lab]) -> None:
    """The baseline is what was there before this run created anything."""
    there = lab.account.create()
    run = lab.run()
    lifecycle = ModelLifecycle(run)
    lifecycle.create(declared())
    lifecycle.create(declared(lineage="ffffff"))
    assert run.baseline() == {there}
    assert lab_with().run().baseline() == frozenset()
