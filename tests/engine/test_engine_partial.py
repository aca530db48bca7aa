"""What an `up` of a part of the stack comes to: --target, --exclude, --continue-on-error."""

from itertools import product

import pytest

from tests.support.engine.project import ACTIVATION, MODEL, PROJECT, STACK, Project
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine


def urn(key: str, kind: str = MODEL) -> str:
    """Return the engine's name of a resource."""
    return f"urn:pulumi:{STACK}::{PROJECT}::{kind}::{key}"


PARTS = {
    "target": ("--target", urn("grow"), "--target", urn("grow", ACTIVATION)),
    "dependents": ("--target", urn("grow"), "--target-dependents"),
    "exclude": ("--exclude", urn("new"), "--exclude", urn("new", ACTIVATION)),
}


@pytest.mark.parametrize(
    ("part", "more"),
    list(product(PARTS, [(), ("--continue-on-error", "--refresh")])),
    ids=lambda value: "+".join(value) or "alone" if isinstance(value, tuple) else value,
)
def test_failed_gate_is_told_beside_a_new_model_that_is_left_out(
    project: Project, part: str, more: tuple[str, ...]
) -> None:
    """Whatever part of the stack is brought up, a gate that fails there is told, and fails it."""
    account = project.account
    account.outcome({"source": "^dormant$"}, summary={"auc": 0.6, "health": "healthy"})
    account.outcome({"source": "^all_users$"}, summary={"auc": 0.9, "health": "healthy"})
    project.declare({"grow": gated()})
    project.up()
    old = project.id("grow")

    declared = {"grow": gated(source="dormant"), "new": gated(source="email_openers")}
    project.declare(declared)
    failed = project.up(*PARTS[part], *more, code=None)
    assert failed.code != 0, str(failed)
    assert "grow: the gate is not passed (auc)" in failed.words, str(failed)
    assert "new:" not in failed.words, str(failed)
    assert account.live_ids() == {old}, str(failed)
    assert len(account.models()) == 2, "what is left out isn't made"
    assert set(project.outputs()) == {"grow"}, "what isn't there isn't shown"


def test_part_of_a_stack_swaps_and_the_rest_follows(project: Project) -> None:
    """A model of which a new one beside it is left out swaps; a full `up` makes the new one."""
    account = project.account
    project.declare({"grow": gated(auc=0)})
    project.up()
    new = gated(auc=0, source="email_openers")
    project.declare({"grow": gated(auc=0, source="dormant"), "new": new})
    passed = project.up(*PARTS["target"])
    assert account.live_ids() == {project.id("grow")}, str(passed)
    half = project.up("--exclude", urn("new"), code=None)
    assert half.code != 0, "without its model nothing can be set live"
    assert "--exclude '**::new' leaves out both" in half.words, str(half)
    project.up("--exclude", "**::new", "--expect-no-changes")
    project.up()
    assert account.live_ids() == {project.id("grow"), project.id("new")}
    project.expect_no_changes()


def test_first_create_that_fails_its_gate_fails_a_targeted_up(project: Project) -> None:
    """A new model that isn't set live is told also where another new one is left out."""
    project.account.outcome({}, summary={"auc": 0.6, "health": "healthy"})
    project.declare({"grow": gated(), "new": model(source="email_openers")})
    failed = project.up(*PARTS["target"], code=None)
    assert failed.code != 0, str(failed)
    assert "grow: the gate is not passed (auc)" in failed.words, str(failed)
    assert project.account.live_ids() == set()

    passed = project.up("--target", urn("new"))
    assert "the gate is not passed" not in passed.words, "that is none of this part's"
    assert project.account.live_ids() == {project.id("new")}
    assert project.up(code=None).code != 0, "of the whole it is"


def test_model_that_fails_hides_no_gate_of_another(project: Project) -> None:
    """With --continue-on-error a create that fails is told, and so is the gate of another model."""
    account = project.account
    account.outcome({}, summary={"auc": 0.6, "health": "healthy"})
    project.declare({"grow": gated(), "new": gated(source="email_openers", adopt="f" * 32)})
    failed = project.up("--continue-on-error", code=None)
    assert failed.code != 0, str(failed)
    assert "Failed to create model 'new'" in failed.words, str(failed)
    assert "grow: the gate is not passed (auc)" in failed.words, str(failed)


@pytest.mark.parametrize("more", [(), ("--refresh",), ("--continue-on-error",)])
def test_failed_up_shows_no_output_as_deleted(project: Project, more: tuple[str, ...]) -> None:
    """After a failed gate the outputs say what there is, on the screen and in the state."""
    account = project.account
    account.outcome({"source": "^dormant$"}, summary={"auc": 0.6, "health": "healthy"})
    project.declare({"grow": gated()})
    project.up()
    project.declare({"grow": gated(source="dormant")})
    failed = project.up(*more, code=None)
    assert failed.code != 0, str(failed)
    assert not [line for line in failed.output.splitlines() if line.strip().startswith("- models")]
    shown = project.outputs()["grow"]
    assert (shown["id"], shown["gate"], shown["live"]) == (project.id("grow"), "not passed", False)


def test_failed_up_says_what_it_holds_back(project: Project) -> None:
    """A removal, and the old half of another replacement, wait for an `up` that ends well."""
    account = project.account
    account.outcome({"source": "^dormant$"}, summary={"auc": 0.6, "health": "healthy"})
    live = model(is_active=True, label="swapped")
    gone = model(source="email_openers")
    project.declare({"grow": gated(auc=0), "swapped": live, "gone": gone})
    project.up()
    old = {key: project.id(key) for key in ("grow", "swapped", "gone")}

    declared = {"grow": gated(source="dormant"), "swapped": {**live, "target": "likely_to_churn"}}
    project.declare(declared)
    failed = project.up(code=None)
    assert failed.code != 0, str(failed)
    for line in (
        f"- grow: the gate is not passed (auc); model {old['grow']} stays live",
        "Held back until an up succeeds:",
        f"- gone: the removal of model {old['gone']}, live",
        f"- grow: the model that was replaced, {old['grow']}, live",
        f"- swapped: the model that was replaced, {old['swapped']}",
    ):
        assert line in failed.words, f"{line}\n{failed}"
    assert old["gone"] in account.live_ids(), str(failed)

    project.declare({**declared, "grow": gated(source="dormant", auc=0.5)})
    passed = project.up()
    assert account.live_ids() == {project.id("grow"), project.id("swapped")}, str(passed)
