import pytest

from tests.engine.test_engine_rollback import fails, outcome
from tests.support.engine.project import Project
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

# What is left of a live model by its policy: live, stopped, or gone.
LEFT = {"deactivate": False, "delete": None, "retain": True}


def left_of(project: Project, model_id: str) -> bool | None:
    """Return whether a model is live, None if it is gone."""
    shown = project.account.models().get(model_id)
    return None if shown is None else bool(shown["is_active"])


def brought_up(project: Project, prefix: str) -> dict[str, str]:
    """Bring up a live model for each policy, and return the ids by policy."""
    outcome(project.account, ".*")
    declared = {
        f"{prefix}-{policy}": model(is_active=True, on_delete=policy) for policy in LEFT
    } | {"stays": model(source="dormant", is_active=True)}
    project.declare(declared)
    project.up()
    return {policy: project.id(f"{prefix}-{policy}") for policy in LEFT}


@pytest.mark.parametrize("how", ["taken out", "removed"])
def test_model_that_is_taken_out_with_refresh_leaves_as_declared(
    project: Project, how: str
) -> None:
    """`up --refresh` lets a model leave by its policy, or by that of `removed`."""
    ids = brought_up(project, "goes")
    wanted = dict(LEFT)
    removed = {}
    if how == "removed":
        removed = {f"goes-{policy}": {"on_delete": "delete"} for policy in LEFT}
        wanted = dict.fromkeys(LEFT, None)
    project.declare({"stays": model(source="dormant", is_active=True)}, removed=removed)
    ran = project.up("--refresh")
    assert {policy: left_of(project, ids[policy]) for policy in LEFT} == wanted, str(ran)
    assert project.live("stays") == {"stays": True}
    project.expect_no_changes()


@pytest.mark.parametrize("targeted", [False, True], ids=["all", "target"])
def test_destroy_with_refresh_retires_as_declared(project: Project, *, targeted: bool) -> None:
    """`destroy --refresh`, also of chosen models, lets each leave by its policy."""
    ids = brought_up(project, "goes")
    urns = [project.resource(f"goes-{policy}")["urn"] for policy in LEFT]
    targets = [word for urn in urns for word in ("--target", urn)] if targeted else []
    stays = project.id("stays")
    ran = project.destroy("--refresh", *targets)
    assert {policy: left_of(project, ids[policy]) for policy in LEFT} == LEFT, str(ran)
    assert project.account.model(stays)["is_active"] is targeted, str(ran)


def test_target_of_a_model_that_was_taken_out_retires_it_with_refresh(project: Project) -> None:
    """`up --refresh --target` of a model that is no longer declared lets it leave."""
    ids = brought_up(project, "goes")
    urn = project.resource("goes-deactivate")["urn"]
    kept = {f"goes-{policy}": model(is_active=True, on_delete=policy) for policy in LEFT}
    del kept["goes-deactivate"]
    project.declare(kept | {"stays": model(source="dormant", is_active=True)})
    ran = project.up("--refresh", "--target", urn)
    assert left_of(project, ids["deactivate"]) is False, str(ran)
    assert left_of(project, ids["delete"]) is True, str(ran)


@pytest.mark.parametrize("policy", LEFT)
def test_both_halves_of_a_replacement_leave_with_refresh(project: Project, policy: str) -> None:
    """Taken out after a failed gate, the new model and the live old one leave in one `up`."""
    outcome(project.account, "all_users")
    outcome(project.account, "dormant", summary={"auc": 0.5})
    project.declare({"grow": gated(on_delete=policy)})
    project.up()
    old = project.id("grow")
    failed = fails(project, policy)
    project.declare({})
    ran = project.up("--refresh")
    assert project.resources() == [], str(ran)
    assert left_of(project, old) is LEFT[policy], str(ran)
    assert left_of(project, failed) is (None if policy == "delete" else False), str(ran)
