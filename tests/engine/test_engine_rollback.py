import pytest

from tests.engine.account import Account
from tests.engine.project import Project, kill_tree
from tests.engine.shapes import gated, model

pytestmark = pytest.mark.engine

GOOD = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
NEVER_S = 3600.0


def outcome(account: Account, source: str, **changes: object) -> None:
    """Say what models of a source come to: a good model, unless said otherwise."""
    account.outcome({"source": f"^{source}$"}, **{"summary": GOOD, **changes})


def test_going_back_takes_the_trained_model_up_again(project: Project) -> None:
    """A rollback, and the way forward after it, swaps trained models and trains none."""
    account = project.account
    outcome(account, ".*")
    one = {"grow": gated(), "plain": model(is_active=True, source="email_openers")}
    two = {
        "grow": gated(source="dormant"),
        "plain": model(is_active=True, source="mobile_users"),
    }
    project.declare(one)
    project.up()
    first = {key: project.id(key) for key in one}
    project.declare(two)
    project.up()
    second = {key: project.id(key) for key in two}
    assert account.live_ids() == set(second.values())

    project.declare(one)
    shown = project.preview()
    assert f"takes up model {first['grow']}" in shown.words, str(shown)
    for declared, expected in ((one, first), (two, second), (one, first)):
        mark = account.mark()
        project.declare(declared)
        ran = project.up()
        assert account.creates(mark) == [], str(ran)
        assert {key: project.id(key) for key in declared} == expected, str(ran)
        assert account.live_ids() == set(expected.values()), str(ran)
    project.expect_no_changes()


def test_rollback_by_hand_is_undone_on_both_sides(project: Project) -> None:
    """Where somebody stopped the new model and started the old one, one `up` turns both back."""
    account = project.account
    outcome(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    old = project.id("grow")
    project.declare({"grow": gated(source="dormant")})
    project.up()
    new = project.id("grow")
    account.change(new, is_active=False)
    account.change(old, is_active=True)
    mark = account.mark()
    ran = project.up("--refresh")
    assert account.switches(mark) == [(new, True), (old, False)], str(ran)
    assert account.live_ids() == {new}
    project.expect_no_changes()


def test_going_back_after_a_failed_gate_keeps_the_model(project: Project) -> None:
    """The model that an earlier `up` marked for deletion is the one that is meant: it stays."""
    account = project.account
    outcome(account, "all_users")
    outcome(account, "dormant", summary={**GOOD, "auc": 0.5})
    project.declare({"grow": gated(on_delete="delete")})
    project.up()
    old = project.id("grow")
    project.declare({"grow": gated(on_delete="delete", source="dormant")})
    assert project.up(code=None).code != 0
    failed = project.id("grow")

    mark = account.mark()
    project.declare({"grow": gated(on_delete="delete")})
    ran = project.up()
    assert account.creates(mark) == [], str(ran)
    assert account.switches(mark) == [], str(ran)
    assert [resource["id"] for resource in project.resources()] == [old], str(ran)
    assert account.live_ids() == {old}, str(ran)
    assert failed not in account.models(), "on_delete: delete holds for the one that failed"
    project.expect_no_changes()


def test_going_back_after_a_kill_keeps_the_model(project: Project) -> None:
    """After a kill in the middle of a replacement the earlier declaration is simply true again."""
    account = project.account
    outcome(account, "all_users")
    outcome(account, "dormant", build_s=NEVER_S)
    project.declare({"grow": gated(on_delete="delete")})
    project.up()
    old = project.id("grow")

    project.declare({"grow": gated(on_delete="delete", source="dormant")})
    mark = account.mark()
    process = project.start_up()
    try:
        account.wait(lambda: account.creates(mark))
        waits = account.creates(mark)[0]["seq"]
        account.wait(lambda: len(account.requests(waits)) > 3)
    finally:
        output = kill_tree(process)
    project.pulumi("cancel", "--yes")

    mark = account.mark()
    project.declare({"grow": gated(on_delete="delete")})
    ran = project.up()
    assert account.creates(mark) == [], output + str(ran)
    assert account.switches(mark) == [], str(ran)
    assert [resource["id"] for resource in project.resources()] == [old], str(ran)
    assert account.live_ids() == {old}, str(ran)
    assert list(account.models()) == [old]
    project.expect_no_changes()


def test_destroy_after_a_failed_gate_retires_both(project: Project) -> None:
    """A destroy retires the model that failed and the one it was to replace."""
    account = project.account
    outcome(account, "all_users")
    outcome(account, "dormant", summary={**GOOD, "auc": 0.5})
    project.declare({"grow": gated(on_delete="delete")})
    project.up()
    project.declare({"grow": gated(on_delete="delete", source="dormant")})
    assert project.up(code=None).code != 0
    assert len(project.resources()) == 2
    ran = project.destroy()
    assert project.resources() == [], str(ran)
    assert account.models() == {}, str(ran)


def test_generation_trains_an_unchanged_declaration_anew(project: Project) -> None:
    """A higher `generation` makes another model; taking it back takes the first one up again."""
    account = project.account
    outcome(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    first = project.id("grow")
    project.declare({"grow": gated(generation=2)})
    project.up()
    second = project.id("grow")
    assert second != first
    mark = account.mark()
    project.declare({"grow": gated()})
    project.up()
    assert project.id("grow") == first
    assert account.creates(mark) == []
    assert account.live_ids() == {first}


def test_key_that_leaves_and_comes_back_is_the_same_model(project: Project) -> None:
    """A declaration that is taken out and put back takes its trained model up again."""
    account = project.account
    outcome(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    first = project.id("grow")
    project.declare({})
    project.up()
    assert project.resources() == []
    assert account.live_ids() == set()
    project.declare({"grow": gated()})
    mark = account.mark()
    project.up()
    assert project.id("grow") == first
    assert account.creates(mark) == []
    assert account.live_ids() == {first}
