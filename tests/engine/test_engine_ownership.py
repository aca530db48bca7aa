import shutil

import pytest
import yaml

from tests.engine.test_engine_rollback import GOOD, outcome
from tests.support.engine.project import ROOT, SETTINGS, STACK, Project, Ran, run_pulumi
from tests.support.engine.shapes import Json, gated, model

pytestmark = pytest.mark.engine

EVERY = ("--non-interactive", "--color", "never")


def begun(project: Project, stack: str) -> None:
    """Make another stack of the same project."""
    made = run_pulumi(project.folder, ("stack", "init", stack, *EVERY), project.env)
    assert made.code == 0, str(made)
    own = project.folder / "stacks" / f"Pulumi.{stack}.yaml"
    own.write_text(yaml.safe_dump({**yaml.safe_load(own.read_text()), "config": SETTINGS}))


def declared(project: Project, stack: str, models: Json, **rest: object) -> None:
    """Write another stack's declarations."""
    path = project.stack_file.with_name(f"{stack}.yaml")
    path.write_text(yaml.safe_dump({**rest, "models": models}, sort_keys=False))


def ran(project: Project, stack: str, *arguments: str, code: int | None = 0) -> Ran:
    """Run a command on another stack."""
    found = run_pulumi(project.folder, (*arguments, "--stack", stack, *EVERY), project.env)
    assert code in {None, found.code}, str(found)
    return found


def up(project: Project, stack: str, *arguments: str, code: int | None = 0) -> Ran:
    """Bring another stack up."""
    return ran(project, stack, "up", "--yes", "--skip-preview", *arguments, code=code)


def validated(project: Project) -> Ran:
    """Run `lytics-ml validate` on the stack."""
    command = str(ROOT / "bin" / "lytics-ml")
    return run_pulumi(project.folder, ("validate", STACK), project.env, command)


def handed_over(project: Project) -> dict[str, str]:
    """Bring a stack up, rename it to `prod`, and make a new one of the name that it had."""
    outcome(project.account, ".*")
    declarations = {"plain": model(is_active=True), "gated": gated(source="dormant")}
    project.declare(declarations)
    project.up()
    ids = {key: project.id(key) for key in declarations}
    ran(project, STACK, "stack", "rename", "prod")
    shutil.copy(project.stack_file, project.stack_file.with_name("prod.yaml"))
    begun(project, STACK)
    return ids


def test_new_stack_of_an_earlier_name_has_models_of_its_own(project: Project) -> None:
    """After `stack rename` a new stack of the old name neither takes nor stops the other's models.

    The preview says so before, an `up` that was killed finds its own models again, and each stack
    is as declared at the end.
    """
    account = project.account
    prod = handed_over(project)
    before = {one: account.model(one) for one in prod.values()}
    shown = project.preview()
    assert "'plain' of stack prod has the models of this name" in shown.words, str(shown)
    project.killed_up("after", method="POST", path="^/api/ml$")
    project.lytics_ml("recover", "--yes")
    made = project.up()
    ours = {key: project.id(key) for key in prod}
    assert set(ours.values()).isdisjoint(prod.values()), str(made)
    assert set(account.models()) == {*ours.values(), *prod.values()}, str(made)
    assert len({one["name"] for one in account.models().values()}) == 4
    project.expect_no_changes()
    project.up("--refresh")
    project.expect_no_changes()
    mark = account.mark()
    up(project, "prod")
    assert account.writes(mark) == []

    project.declare({"plain": model(is_active=True), "gated": gated(source="email_openers")})
    project.up()
    project.destroy("--refresh")
    assert {one: account.model(one) for one in before} == before
    assert account.live_ids() == set(before)
    up(project, "prod", "--expect-no-changes")


def test_new_stack_of_an_earlier_name_stops_nothing_with_other_inputs(project: Project) -> None:
    """A swap in the new stack leaves the other's live model alone."""
    account = project.account
    prod = handed_over(project)
    project.declare({"gated": gated(source="email_openers")})
    told = project.up()
    assert account.live_ids() == {*prod.values(), project.id("gated")}, str(told)
    mark = account.mark()
    up(project, "prod")
    assert account.writes(mark) == []


@pytest.mark.parametrize("changed", [False, True], ids=["same inputs", "other inputs"])
def test_key_that_moved_can_be_declared_again(project: Project, *, changed: bool) -> None:
    """After `move` the same key in the first stack is another model; each leaves for itself."""
    account = project.account
    outcome(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    moved = project.id("grow")
    begun(project, "other")
    declared(project, "other", {})
    run_pulumi(
        project.folder,
        ("move", "grow", STACK, "other"),
        project.env,
        str(ROOT / "bin" / "lytics-ml"),
    )
    project.up()
    up(project, "other")
    mark = account.mark()
    again = gated(source="dormant") if changed else gated()
    project.declare({"grow": again})
    told = project.up()
    assert project.id("grow") != moved, str(told)
    assert account.live_ids() == {moved, project.id("grow")}, str(told)
    assert len(account.creates(mark)) == 1
    project.expect_no_changes()
    project.destroy()
    assert account.live_ids() == {moved}
    up(project, "other", "--expect-no-changes")


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_key_of_a_renamed_model_can_be_declared_again(project: Project, *, first: bool) -> None:
    """After a rename, and once `was` is gone, the old key is a model of its own: no swap stops it.

    Whichever of the two stands first in the file.
    """
    account = project.account
    outcome(account, ".*")
    project.declare({"a": gated()})
    project.up()
    kept = project.id("a")
    project.declare({"b": gated(was="a")})
    project.up()
    new: Json = {"a": gated()}
    old: Json = {"b": gated()}
    project.declare(new | old if first else old | new)
    told = project.up()
    assert project.id("b") == kept, str(told)
    assert account.live_ids() == {kept, project.id("a")}, str(told)
    project.expect_no_changes()
    project.declare({"a": gated(source="dormant"), "b": gated()})
    told = project.up()
    assert account.live_ids() == {kept, project.id("a")}, str(told)
    project.declare({"b": gated()})
    project.up()
    assert account.live_ids() == {kept}
    project.expect_no_changes()


def test_adoption_waits_until_the_other_stack_has_let_go(project: Project) -> None:
    """A model that one stack has is adopted by another one only once it was let go."""
    account = project.account
    theirs = account.create(name="by hand")
    project.declare({"grow": model(adopt=theirs)})
    project.up()
    begun(project, "other")
    declared(project, "other", {"grow": model(adopt=theirs)})
    refused = up(project, "other", code=None)
    assert refused.code != 0
    assert f"'grow' of stack {STACK} has it; take it out there first" in refused.words
    project.declare({}, removed={"grow": {"on_delete": "retain"}})
    project.up()
    up(project, "other")


# --- names --------------------------------------------------------------------------------------


def test_third_name_of_the_same_inputs_is_what_is_declared(project: Project) -> None:
    """Going back takes up what has the declared name: Alpha, Beta and Gamma are three models."""
    account = project.account
    account.outcome({}, summary=GOOD)
    made = {}
    for name in (None, "Alpha", "Beta", "Gamma"):
        project.declare({"grow": model(is_active=True, **({"name": name} if name else {}))})
        told = project.up()
        made[name] = project.id("grow")
        shown = account.model(made[name])["name"]
        assert name in {None, shown}, str(told)
        assert account.live_ids() == {made[name]}, str(told)
    assert len(set(made.values())) == 4
    mark = account.mark()
    project.declare({"grow": model(is_active=True, name="Alpha")})
    project.up()
    assert project.id("grow") == made["Alpha"]
    assert account.creates(mark) == []


# --- renames ------------------------------------------------------------------------------------


def test_rename_with_refresh_keeps_the_model(project: Project) -> None:
    """`was` together with --refresh, in preview and up, renames without a write."""
    account = project.account
    project.declare({"a": gated(), "plain": model(source="dormant")})
    project.up()
    kept = {key: project.id(key) for key in ("a", "plain")}
    mark = account.mark()
    project.declare({"b": gated(was="a"), "renamed": model(source="dormant", was="plain")})
    project.preview("--refresh")
    told = project.up("--refresh")
    assert {project.id("b"), project.id("renamed")} == set(kept.values()), str(told)
    assert account.writes(mark) == [], str(told)
    project.expect_no_changes()


def test_rename_and_new_model_of_the_old_key_at_once_are_refused(project: Project) -> None:
    """What the engine can't carry out is refused by validate and up, with place and remedy."""
    account = project.account
    project.declare({"a": model()})
    project.up()
    kept = project.id("a")
    both = {"b": model(was="a"), "a": model(source="dormant")}
    project.declare(both)
    mark = account.mark()
    for told in (
        validated(project),
        project.preview(code=None),
        project.up(code=None),
    ):
        assert told.code != 0, str(told)
        assert "models.b.was: 'a' is declared as well" in told.words, str(told)
        assert "stacks/test.yaml" in told.words, str(told)
    assert account.writes(mark) == []
    assert [r["id"] for r in project.resources()] == [kept]

    project.declare({"b": model(was="a")})
    project.up()
    project.declare(both)
    assert validated(project).code == 0
    project.up()
    assert project.id("b") == kept
    assert project.id("a") != kept
    project.expect_no_changes()


def test_rename_survives_a_kill(project: Project) -> None:
    """A rename together with a replacement is finished after a kill, wherever it was."""
    account = project.account
    outcome(account, ".*")
    project.declare({"a": gated()})
    project.up()
    project.declare({"b": gated(was="a", source="dormant")})
    project.killed_up("after", method="POST", path="^/api/ml$")
    project.lytics_ml("recover", "--yes")
    told = project.up("--refresh")
    assert account.live_ids() == {project.id("b")}, str(told)
    assert len(account.models()) == 2, str(told)
    assert len(project.resources()) == 1, str(told)
    project.expect_no_changes()
