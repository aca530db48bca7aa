import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from cli.drift.compare import Observed
from cli.edit.stack_edit import StackEdit
from cli.edit.yaml_text import YamlText
from cli.errors import CliError
from cli.promote.accounts import key_variable
from cli.promote.as_json import as_json
from cli.promote.evidence import Evidence, Proving, evidence_of
from cli.promote.history import Earlier, refuse_unless_passed
from cli.promote.outcome import Outcome
from cli.promote.work import Checked
from cli.promote.writing import copy_model
from cli.schema.outputs import output_schema
from cli.workspace.state import StackState
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.gate import Gate
from providers.lytics.domain.live.judging import Part
from providers.lytics.domain.live.watch import watch_of
from providers.lytics.domain.promoted import OF_ENVIRONMENT, OWN_FIRST, PROMOTED, differing
from providers.lytics.shapes import Model, Summary
from providers.lytics.stack_file.only_here import WHOLE, exceptions, reason_for
from providers.lytics.stack_file.reader import Stack, read_stack_file
from tests.cli.conftest import Run
from tests.support.engine.account import Account
from tests.support.engine.project import Project
from tests.support.review.shapes import (
    SOURCE,
    TARGET,
    activation_of,
    inputs_of,
    model_of,
    resource_of,
    state_of,
    summary_of,
)

MODEL_ID = "1" * 32


def declared(**fields: object) -> ModelDeclaration:
    """Return a declaration."""
    base = {"source": SOURCE, "target": TARGET, "config": {"use_scores": True}}
    return ModelDeclaration.model_validate({**base, **fields})


def test_every_field_is_promoted_or_belongs_to_an_environment() -> None:
    """A new field of a declaration can't be forgotten: it must be put on one side."""
    assert set(ModelDeclaration.model_fields) == {*PROMOTED, *OF_ENVIRONMENT, *OWN_FIRST, "config"}


def test_only_what_is_promoted_differs() -> None:
    """Settings of an environment are no difference, nor is a gate of its own."""
    there = declared(label="A", gate={"auc": 0.7}, generation=3, on_delete="delete")
    same = declared(label="A", gate={"auc": 0.9}, protect=True, config={"use_scores": True})
    assert list(differing(there, same)) == []
    other = declared(label="B", config={"use_scores": True, "re_run": True})
    names = {one.name for one in differing(there, other)}
    assert names == {"label", "config.re_run", "gate"}


def test_what_is_watched_is_copied_where_nothing_is() -> None:
    """A watch and an owner go along as they were written, and stay where there are some."""
    there = declared(watch={"stale": "10d", "drop": {"auc": 0.05}}, owner="growth")
    found = {one.name: one.there for one in differing(there, declared())}
    assert found == {"watch": {"stale": "10d", "drop": {"auc": 0.05}}, "owner": "growth"}
    assert list(differing(there, declared(watch={"auc": 0.6}, owner="crm"))) == []


KEPT_THERE, KEPT_HERE = "a-fa70fff760c9-875da63e", "a-3cf20d829359-875da63e"


@pytest.mark.parametrize(
    ("there", "here", "differs"),
    [
        (KEPT_THERE, KEPT_HERE, False),
        (KEPT_THERE, None, False),
        (None, KEPT_HERE, False),
        (KEPT_THERE, "Likelihood", False),
        ("Likelihood", KEPT_HERE, True),
        ("Likelihood", None, True),
    ],
)
def test_a_name_that_keep_name_wrote_stays_in_its_stack(
    there: str | None, here: str | None, *, differs: bool
) -> None:
    """Audiences of the one account find the score by it; those of the other have their own."""
    found = list(differing(declared(name=there), declared(name=here)))
    assert [one.name for one in found] == (["name"] if differs else [])
    asked = list(differing(declared(name=there), declared(name=here), "name"))
    assert [one.there for one in asked] == ([there] if there != here else []), "a roll-back"


def test_a_model_is_copied_without_the_name_of_its_stack(tmp_path: Path) -> None:
    """The other stack's model gets a name of its own, and a name that people chose goes along."""
    model = "{source: all_users, target: high_value, config: {use_scores: true}, name: NAME}"
    for name, copied in ((KEPT_THERE, False), ("Likelihood", True)):
        text = f"models:\n  a: {model.replace('NAME', name)}\n"
        (tmp_path / "there.yaml").write_text(text)
        (tmp_path / "here.yaml").write_text("models: {}\n")
        edit = StackEdit(tmp_path / "here.yaml")
        copy_model(read_stack_file(tmp_path / "there.yaml"), edit, "a", YamlText(text), {})
        assert (name in edit.yaml.text) is copied
        assert "high_value" in edit.yaml.text


EXCEPTIONS = """\
models:
  # only here: a test of this market
  whole:
    source: a
  fields:
    label: x  # only here: another language
    # only here: trains every week
    config:
      re_run: true
      collect: 100 # only here: a small account
  flow: {source: a, config: {re_run: true}}  # only here (config.re_run, label): both of them
  none: {source: a, label: "only here: no comment"}
"""


def test_what_is_only_here_is_told_with_its_reason() -> None:
    """A comment on a model, on a field, above it, or naming fields says what is only there."""
    found = exceptions(EXCEPTIONS)
    assert found["whole"] == {WHOLE: "a test of this market"}
    assert found["fields"]["label"] == "another language"
    assert reason_for(found["fields"], "config.collect") == "a small account"
    assert reason_for(found["fields"], "config.re_run") == "trains every week"
    assert reason_for(found["fields"], "source") is None
    assert set(found["flow"]) == {"config.re_run", "label"}
    assert "none" not in found
    assert exceptions("models: {}\n") == exceptions("") == {}


def proving(
    model: ModelDeclaration, state: StackState, *models: Model, **summaries: Summary
) -> Proving:
    """Return an environment with one model."""
    observed = Observed({one.id: one for one in models})
    found = {one.id: summaries.get("summary", Summary()) for one in models}
    return Proving(Stack(Path("stacks/test.yaml"), {"grow": model}), state, observed, (), found)


def test_a_model_is_proved_when_live_as_declared() -> None:
    """Trained, live, and the state is what the file declares."""
    inputs = inputs_of("grow", label="A")
    shown = model_of(inputs, MODEL_ID)
    state = state_of(resource_of(inputs, shown))
    found = evidence_of(proving(declared(label="A"), state, shown, summary=summary_of()), "grow")
    assert found.is_proved, found.reasons
    assert found.scores["auc"] == 0.8


@pytest.mark.parametrize(
    ("fields", "shown", "auc", "reason"),
    [
        ({}, {"is_active": False}, 0.9, "no gate"),
        ({"label": "B"}, {}, 0.9, "label is declared, and not applied yet"),
        ({"generation": 2}, {}, 0.9, "generation is declared"),
        ({"source": "c" * 32}, {}, 0.9, "source is declared as"),
        ({}, {"state": "invalid", "is_active": False}, 0.9, "training failed"),
        (
            {},
            {"state": "building", "is_active": False, "is_healthy": False, "type": ""},
            0.9,
            "still being trained",
        ),
    ],
)
def test_what_is_not_proved_says_why(
    fields: dict[str, object], shown: dict[str, object], auc: float, reason: str
) -> None:
    """Not applied, not trained, failed, or neither live nor gated is no proof."""
    inputs = inputs_of("grow")
    model = model_of(inputs, MODEL_ID, **shown)
    state = state_of(resource_of(inputs, model_of(inputs, MODEL_ID)))
    found = evidence_of(
        proving(declared(**fields), state, model, summary=summary_of(auc=auc)), "grow"
    )
    assert not found.is_proved
    assert any(reason in told for told in found.reasons), found.reasons


@pytest.mark.parametrize(("auc", "proved"), [(0.9, True), (0.5, False)])
def test_a_model_that_is_not_live_must_pass_its_gate_now(
    auc: float,
    proved: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """An observed gate is judged anew, on today's numbers."""
    inputs = inputs_of("grow", activation="observe")
    model = model_of(inputs, MODEL_ID, is_active=False)
    gate = {"auc": 0.7, "healthy": True}
    kept = activation_of("grow", MODEL_ID, gate=gate, activate=False, live=False)
    state = state_of(resource_of(inputs, model), activations=(kept,))
    wanted = declared(gate=Gate(auc=0.7).model_dump(exclude_none=True))
    found = evidence_of(proving(wanted, state, model, summary=summary_of(auc=auc)), "grow")
    assert found.is_proved is proved, found.reasons
    assert [part.number for part in found.parts] == ["auc", "health"]


def test_what_was_never_applied_is_not_proved() -> None:
    """A key that is not declared, not made or gone is refused with a sentence."""
    inputs = inputs_of("grow")
    state = state_of(resource_of(inputs, model_of(inputs, MODEL_ID)))
    assert "gone" in evidence_of(proving(declared(), state), "grow").reasons[0]
    assert "hasn't made it" in evidence_of(proving(declared(), state_of()), "grow").reasons[0]
    assert "doesn't declare" in evidence_of(proving(declared(), state), "other").reasons[0]


def test_each_environment_may_have_a_key_of_its_own() -> None:
    """The variable is LIOKEY_ and the stack's name, whatever organisation it is in."""
    assert key_variable("acme/lytics-ml/staging-eu") == "LIOKEY_STAGING_EU"


THERE = """\
segments:
  everyone: all_users
defaults:
  config: {use_scores: true}
models:
  # Proved by a year of campaigns.
  grow: # the first one
    label: Grow  # what people see
    source: everyone
    target: high_value
    on_delete: delete
    gate: {auc: 0.7}
    is_active: true
  fails: {source: dormant, target: high_value, is_active: true, gate: {auc: 0.99}}
"""
HERE = """\
# Production: changed by promotion only.
segments: {}

models:
  kept: {source: all_users, target: dormant, config: {use_scores: true}} # only here: a pilot

removed: {}  # the end
"""


def outcomes(account: Account) -> None:
    """Let every model of the account score the same."""
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})


@pytest.mark.engine
def test_promotion_copies_what_is_proved_and_nothing_else(project: Project, run: Run) -> None:
    """Declarations go over with comments, segments and defaults; what isn't proved is refused."""
    outcomes(project.account)
    project.declare(THERE)
    here = project.folder / "stacks" / "prod.yaml"
    here.write_text(HERE)
    early = run("promote", "test", "prod", "grow")
    assert early.code == 1, early.out + early.err
    assert "hasn't made it yet" in early.out
    project.up(code=None)  # The gate of one model isn't passed.
    mark = project.account.mark()

    refused = run("promote", "test", "prod")
    assert refused.code == 1
    assert "its gate isn't passed: auc: wanted at least 0.99, measured 0.9" in refused.out
    assert here.read_text() == HERE
    dry = run("promote", "test", "prod", "grow", "--dry-run")
    assert dry.code == 0, dry.out + dry.err
    assert "+  grow: # the first one" in dry.out
    assert here.read_text() == HERE
    unproved = run("promote", "test", "prod", "--check")
    assert unproved.code == 0, unproved.out
    assert "only here: a pilot" in unproved.out

    own = here.with_name("Pulumi.prod.yaml")
    own.write_text("config: {'lytics:accountId': 5678}\n")
    another = run("promote", "test", "prod", "grow")
    assert another.code == 2, another.out + another.err
    assert "the key belongs to account 1234, expected account 5678" in another.err
    assert here.read_text() == HERE
    own.unlink()

    done = run("promote", "test", "prod", "grow")
    assert done.code == 0, done.out + done.err
    text = here.read_text()
    assert "  # Proved by a year of campaigns.\n  grow: # the first one\n" in text
    assert "label: Grow  # what people see" in text
    assert text.startswith("# Production: changed by promotion only.")
    assert "removed: {}  # the end" in text
    assert "# only here: a pilot" in text
    data = yaml.safe_load(text)
    assert data["segments"] == {"everyone": "all_users"}
    assert "on_delete" not in data["models"]["grow"]
    assert data["models"]["grow"]["config"] == {"use_scores": True}
    assert run("promote", "test", "prod", "grow").out.endswith("nothing to write\n")
    assert run("promote", "test", "prod", "--check").code == 0

    here.write_text(text.replace("label: Grow ", "label: By hand "))
    check = run("promote", "test", "prod", "--check")
    assert check.code == 1
    assert "label differs from test" in check.out
    assert project.account.writes(mark) == []


@pytest.mark.engine
def test_rollback_writes_back_what_was_live_before(project: Project, run: Run) -> None:
    """State and git tell what was declared when it was live; the next up trains nothing."""
    outcomes(project.account)
    git(project.folder, "init", "-q")
    file = project.stack_file
    base = "# mine\nmodels:\n  grow:\n    source: {0} # whom\n    target: high_value\n"
    base += "    is_active: true\n    config: {{use_scores: true}}\n    gate: {{auc: 0.5}}\n"
    for source in ("all_users", "dormant"):
        project.declare(base.format(source))
        git(project.folder, "add", "stacks/test.yaml")
        git(project.folder, "commit", "-qm", source)
        if source == "all_users":
            project.declare(base.format("never_applied"))
            git(project.folder, "commit", "-qam", "a commit that never was applied")
            project.declare(base.format(source))
        project.up()
    first = file.read_text()
    answer = run("promote", "test", "test", "--rollback", "grow")
    assert answer.code == 0, answer.out + answer.err
    assert file.read_text() == first.replace("dormant", "all_users")
    mark = project.account.mark()
    project.up()
    assert project.account.creates(mark) == []
    assert run("promote", "test", "test", "--rollback", "nothing").code == 2


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, as nobody in particular."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def test_promote_takes_one_task_at_a_time(run: Run) -> None:
    """Keys, --rollback and --check exclude each other."""
    assert run("promote", "a", "b", "key", "--check").code == 2


def test_a_model_that_no_longer_passes_is_no_way_back() -> None:
    """With --if-passes what a live model has to keep today decides, each number by name."""
    earlier = Earlier(MODEL_ID, "c0ffee", declared(gate={"auc": 0.7}))
    wanted = watch_of(earlier.declaration.gate, None)
    refuse_unless_passed(earlier, summary_of(auc=0.7), wanted)
    with pytest.raises(CliError, match=r"auc: wanted at least 0\.7, measured 0\.6") as refused:
        refuse_unless_passed(earlier, summary_of(auc=0.6), wanted)
    assert refused.value.exit_code == 1


def test_promotion_as_json_fits_its_schema() -> None:
    """Evidence with its reasons, what was checked, and whether the file was written."""
    proved = Evidence("grow", MODEL_ID, live=True, scores={"auc": 0.8})
    part = Part("auc", "at least 0.9", "0.8", passed=False)
    unproved = Evidence("churn", parts=(part,), reasons=("it isn't trained",))
    outcome = Outcome("staging", "prod", "stacks/prod.yaml", (proved, unproved), diff="+x")
    told = as_json(outcome)
    jsonschema.validate(told, output_schema("promote"))
    assert (told["ok"], told["written"]) == (False, False)
    assert told["evidence"][1]["reasons"] == ["it isn't trained"]
    checked = (Checked("grow", proved), Checked("lost", None, ("label",)))
    told = as_json(Outcome("staging", "prod", "stacks/prod.yaml", checked=checked))
    jsonschema.validate(told, output_schema("promote"))
    assert [(one["key"], one["right"]) for one in told["checked"]] == [
        ("grow", True),
        ("lost", False),
    ]
