import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import Project, kill_tree
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

GOOD = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
NEVER_S = 3600.0


def outcome(account: Account, source: str, **changes: object) -> None:
    """Say what models of a source come to: a good model, unless said otherwise."""
    account.outcome({"source": f"^{source}$"}, **{"summary": GOOD, **changes})


def back_after_a_failed_gate(project: Project, policy: str = "deactivate") -> tuple[str, str]:
    """Let a replacement fail its gate, and declare again what was there before.

    Returns:
        The id of the model that was live before, and of the one that failed.
    """
    outcome(project.account, "all_users")
    outcome(project.account, "dormant", summary={**GOOD, "auc": 0.5})
    project.declare({"grow": gated(on_delete=policy)})
    project.up()
    old = project.id("grow")
    failed = fails(project, policy)
    project.declare({"grow": gated(on_delete=policy)})
    return old, failed


def fails(project: Project, policy: str = "deactivate") -> str:
    """Declare the replacement that fails its gate, and return the failed model's id."""
    project.declare({"grow": gated(source="dormant", on_delete=policy)})
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    return project.id("grow")


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
    old, failed = back_after_a_failed_gate(project, "delete")
    mark = account.mark()
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


# Where the way back is killed: while it judges the model, and while it retires the failed one.
JUDGING = {"when": "before", "path": "/summary$"}
RETIRING = {"when": "before", "method": "DELETE"}
RETIRED = {"when": "after", "method": "DELETE"}


@pytest.mark.parametrize(
    "moment", [JUDGING, RETIRING, RETIRED], ids=["judging", "retiring", "retired"]
)
def test_kill_of_the_way_back_keeps_the_model(project: Project, moment: dict[str, str]) -> None:
    """Killed anywhere, the way back goes on: the old model is untouched, the failed one gone."""
    account = project.account
    old, failed = back_after_a_failed_gate(project, "delete")
    before = account.model(old)
    mark = account.mark()
    said = project.killed_up(**moment)
    told = "\n".join([said, str(project.lytics_ml("recover", "--yes")), str(project.up())])
    assert account.creates(mark) == [], told
    assert [resource["id"] for resource in project.resources()] == [old], told
    assert account.model(old) == before, told
    assert account.live_ids() == {old}, told
    assert failed not in account.models(), told
    project.expect_no_changes()


def test_destroy_after_a_kill_of_the_way_back_retires_all(project: Project) -> None:
    """A destroy retires a model that the state holds twice: as what is meant, and as marked."""
    account = project.account
    old, failed = back_after_a_failed_gate(project, "delete")
    project.killed_up(**JUDGING)
    project.lytics_ml("recover", "--yes")
    assert sorted(r["id"] for r in project.resources()) == sorted([old, old, failed])
    ran = project.destroy()
    assert project.resources() == [], str(ran)
    assert account.models() == {}, str(ran)


def test_twice_back_trains_a_failing_declaration_once(project: Project) -> None:
    """Of fail, back, fail, back one training comes; the old model is live all the time."""
    account = project.account
    old, failed = back_after_a_failed_gate(project)
    mark = account.mark()
    before = account.model(old)
    project.up()
    assert fails(project) == failed
    assert [resource["id"] for resource in project.resources()] == [failed, old]
    project.declare({"grow": gated(on_delete="deactivate")})
    ran = project.up()
    assert account.writes(mark) == [], str(ran)
    assert account.model(old) == before, str(ran)
    assert set(account.models()) == {old, failed}
    assert [resource["id"] for resource in project.resources()] == [old], str(ran)
    project.expect_no_changes()


def test_back_with_target_keeps_the_model(project: Project) -> None:
    """Back with `--target` on the model alone, and then a full `up`: the old model stays live."""
    account = project.account
    old, _ = back_after_a_failed_gate(project, "delete")
    before = account.model(old)
    mark = account.mark()
    # The activation isn't a target: that of the failed model holds, and ends the `up` with 1.
    ran = project.up("--target", project.resource("grow")["urn"], code=None)
    assert project.id("grow") == old, str(ran)
    assert account.model(old) == before, str(ran)
    ran = project.up()
    assert account.creates(mark) == [], str(ran)
    assert account.model(old) == before, str(ran)
    assert set(account.models()) == {old}, str(ran)
    assert [resource["id"] for resource in project.resources()] == [old], str(ran)
    assert project.activation("grow")["passed"] is True
    project.expect_no_changes()


def test_destroy_after_a_failed_gate_retires_both(project: Project) -> None:
    """A destroy retires the model that failed and the one it was to replace."""
    account = project.account
    back_after_a_failed_gate(project, "delete")
    assert len(project.resources()) == 2
    ran = project.destroy()
    assert project.resources() == [], str(ran)
    assert account.models() == {}, str(ran)


def test_model_declared_again_after_its_deletion_was_cut_off_is_trained_anew(
    project: Project,
) -> None:
    """What was deleted and not written down is found by an `up` that looks."""
    account = project.account
    outcome(account, ".*")
    declared = {"grow": model(is_active=True, on_delete="delete")}
    project.declare(declared)
    project.up()
    old = project.id("grow")
    project.declare({})
    project.killed_up("after", method="DELETE")
    project.lytics_ml("recover", "--yes")
    project.declare(declared)
    ran = project.up("--refresh=false", code=None)
    assert ran.code != 0, str(ran)
    assert f"model {old} is gone" in ran.words, str(ran)
    assert "pulumi up --refresh" in ran.words, str(ran)
    assert account.models() == {}, str(ran)
    project.up()
    assert set(account.models()) == account.live_ids() == {project.id("grow")}
    project.expect_no_changes()


def test_destroy_that_runs_the_program_leaves_nothing_live(project: Project) -> None:
    """`destroy --run-program` retires live models, though the program declares them."""
    account = project.account
    outcome(account, ".*")
    project.declare({"grow": gated(), "plain": model(is_active=True, source="email_openers")})
    project.up()
    ids = {project.id("grow"), project.id("plain")}
    assert account.live_ids() == ids
    ran = project.destroy("--run-program")
    assert project.resources() == [], str(ran)
    assert account.live_ids() == set(), str(ran)
    assert set(account.models()) == ids, "on_delete: deactivate keeps them"


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
