import pytest

from tests.support.bed.figures import Figures
from tests.support.engine.account import Account
from tests.support.engine.project import ACTIVATION, Project
from tests.support.engine.shapes import Json, gated, model

pytestmark = pytest.mark.engine

# What is left of a live model that leaves, by its policy: the README's table "Leaving".
LEFT: dict[str, bool | None] = {"deactivate": False, "delete": None, "retain": True}
# A swap has stopped the model before it leaves.
LEFT_BY_A_SWAP = {**LEFT, "retain": False}
PASSED = {"auc": 0.0, "healthy": False}
WAYS = ("replaced", "taken-out", "removed", "destroyed")


def left_of(account: Account, model_id: str) -> bool | None:
    """Return whether a model is live, None if it is gone."""
    model = account.models().get(model_id)
    return None if model is None else bool(model["is_active"])


def test_each_policy_holds_for_each_way_to_leave(
    project: Project, account: Account, figures: Figures
) -> None:
    """Replaced, swapped, taken out, `removed:` or destroyed: the README says what is left."""
    declared: dict[str, Json] = {
        f"{way}-{policy}": model(is_active=True, on_delete=policy)
        for way in WAYS
        for policy in LEFT
    }
    for policy in LEFT:
        # What `removed:` says now wins over what was declared before.
        other = "retain" if policy != "retain" else "delete"
        declared[f"removed-{policy}"]["on_delete"] = other
        declared[f"gone-{policy}"] = model(is_active=False, on_delete=policy)
        declared[f"swapped-{policy}"] = gated(gate=PASSED, on_delete=policy)
    project.declare(declared)
    project.up()
    ids = {key: project.id(key) for key in declared}
    for policy in LEFT:
        account.remove(ids[f"gone-{policy}"])

    kept = {key: fields for key, fields in declared.items() if key.startswith("destroyed")}
    replaced = {
        key: {**fields, "target": "likely_to_churn"}
        for key, fields in declared.items()
        if key.startswith(("replaced", "swapped"))
    }
    after = kept | replaced
    removed = {f"removed-{policy}": {"on_delete": policy} for policy in LEFT}
    project.declare(after, removed=removed)
    ran = project.up("--refresh=false")  # a refresh would notice before who is gone
    for way in ("replaced", "swapped", "taken-out", "removed"):
        for policy, live in (LEFT_BY_A_SWAP if way == "swapped" else LEFT).items():
            key = f"{way}-{policy}"
            assert left_of(account, ids[key]) is live, f"{key}\n{ran}"
            figures.add(left=1)
            told = ran.words.split(ids[key], 1)[1][:120]
            word = {"deactivate": "deactivated", "delete": "deleted", "retain": "as it is"}[policy]
            assert word in told, f"{key}\n{ran}"
    for policy in LEFT:
        assert f"model {ids[f'gone-{policy}']} was gone already" in ran.words, str(ran)
    project.expect_no_changes()

    new = {key: project.id(key) for key in after}
    ran = project.destroy()
    for key, model_id in new.items():
        policy = key.rsplit("-", 1)[1]
        assert left_of(account, model_id) is LEFT[policy], f"{key}\n{ran}"
    assert project.resources() == []
    assert project.destroy().code == 0


def test_policy_of_the_whole_stack_holds_unless_a_model_has_its_own(
    project: Project, account: Account
) -> None:
    """`defaults: on_delete` is every model's policy, a model's own wins; neither writes."""
    declared = {"own": model(is_active=True, on_delete="retain"), "none": model(is_active=True)}
    project.declare(declared)
    project.up()
    ids = {key: project.id(key) for key in declared}
    mark = account.mark()
    project.declare(declared, defaults={"on_delete": "delete"})
    project.up()
    assert account.writes(mark) == []
    project.declare({}, defaults={"on_delete": "delete"})
    project.up()
    assert left_of(account, ids["own"]) is True
    assert left_of(account, ids["none"]) is None


def test_protected_models_and_activations_stay(project: Project, account: Account) -> None:
    """`protect` refuses to replace, remove or destroy a model, and its activation."""
    kept = gated(gate=PASSED, protect=True)
    project.declare({"kept": kept})
    project.up()
    before = account.models()
    for changed in ({}, {"kept": {**kept, "target": "likely_to_churn"}}):
        mark = account.mark()
        project.declare(changed)
        ran = project.up(code=None)
        assert ran.code != 0, str(ran)
        assert "protect" in ran.words, str(ran)
        assert account.writes(mark) == [], str(ran)
    # Without gate and is_active the model itself stays; it is the activation that would go.
    mark = account.mark()
    project.declare({"kept": model(protect=True)})
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    assert "MlModelActivation::kept" in ran.words, str(ran)
    assert "protect" in ran.words, str(ran)
    assert account.writes(mark) == [], str(ran)
    assert len(project.resources(ACTIVATION)) == 1

    ran = project.destroy(code=None)
    assert ran.code != 0, str(ran)
    assert account.models() == before
    project.declare({"kept": {k: v for k, v in kept.items() if k != "protect"}})
    project.up()
    project.declare({})
    project.up()
    assert account.live_ids() == set()
    assert project.resources() == []
