from dataclasses import replace

import pytest

from cli.drift.compare import Drift, Observed, StackDrift, compare
from cli.drift.report import as_markdown
from cli.workspace.state import StackState
from providers.lytics.domain.audiences import Audience, uses_of_models
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.identity import default_name, lineage
from providers.lytics.domain.live.liveness import Unheeded
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.shapes import Model, Segment
from tests.cli.conftest import Run
from tests.support.engine.project import Project
from tests.support.engine.shapes import gated, model
from tests.support.review.shapes import (
    PROJECT,
    SOURCE,
    STACK,
    activation_of,
    inputs_of,
    model_of,
    name_of,
    resource_of,
    state_of,
)

HOSTILE = "a|b`c\n<img src=x onerror=alert(1)> @everyone [x](javascript:1)"
MODEL_ID = "1" * 32


def compared(state: StackState, *models: Model, **observed: object) -> StackDrift:
    """Compare a state with an account of some models."""
    shown = Observed({one.id: one for one in models}, **observed)  # type: ignore[arg-type]
    return compare(PROJECT, state, shown)


def declared_today(**fields: object) -> ModelDeclaration:
    """Return what a stack file declares of a model."""
    given = {"source": "all_users", "target": "high_value", **fields}
    return ModelDeclaration.model_validate(given)


def triples(report: StackDrift) -> list[tuple[str, str, str]]:
    """Return property, declared and actual of each drift."""
    return [(one.property, one.declared, one.actual) for one in report.drifts]


def test_what_was_applied_is_no_drift() -> None:
    """A model that the API shows as the state keeps it is no drift, whatever isn't managed."""
    inputs = inputs_of("grow", label="Grow", is_active=True)
    shown = model_of(inputs, MODEL_ID)
    report = compared(state_of(resource_of(inputs, shown)), shown)
    assert report.drifts == ()
    assert "no drift, 1 model" in report.summary
    unmanaged = inputs_of("grow")
    kept = resource_of(unmanaged, model_of(unmanaged, MODEL_ID))
    changed = model_of(unmanaged, MODEL_ID, label="clicked", is_active=False)
    assert compared(state_of(kept), changed).drifts == ()


def test_field_that_was_taken_out_of_the_file_is_no_drift() -> None:
    """An `up` without a label changes no output, and neither does the next one change it back."""
    inputs = inputs_of("grow", label="Grow", is_active=True)
    applied = {"key": "grow", "is_active": True}
    kept = replace(resource_of(inputs, model_of(inputs, MODEL_ID)), inputs=applied)
    changed = model_of(inputs, MODEL_ID, label="clicked", is_active=False)
    assert triples(compared(state_of(kept), changed)) == [("is_active", "true", "false")]
    refused = Unheeded(MODEL_ID, is_active=True, how="refused", words="20 are live").as_dict()
    kept = replace(kept, outputs={**kept.outputs, "unheeded": refused}, inputs={"key": "grow"})
    assert compared(state_of(kept), changed).drifts == ()


def test_scores_that_no_live_model_writes_are_named_and_no_drift() -> None:
    """Somebody stopped or deleted the model, or its successor has another name."""
    inputs = inputs_of("grow", name="grow")
    idle = model_of(inputs, MODEL_ID, is_active=False)
    uses = uses_of_models(
        [
            Audience("1", "likely", text="FILTER segment_prediction.grow > 0.7"),
            Audience("2", "older|<b>", text="FILTER segment_prediction.`gone` > 0.7"),
        ]
    )
    report = compared(state_of(resource_of(inputs, idle)), idle, uses=uses)
    assert report.drifts == ()
    assert report.as_dict()["unwritten"] == [
        {"name": "gone", "audiences": ["older|<b>"]},
        {"name": "grow", "audiences": ["likely"]},
    ]
    assert "| `gone` | `older\\|<b>` |" in as_markdown(report)
    assert "grow" in as_markdown(report)
    unseen = compared(state_of(resource_of(inputs, idle)), idle)
    assert any("may not see audiences" in note for note in unseen.notes)


@pytest.mark.parametrize(
    ("declared", "shown", "expected"),
    [
        ({"label": "Grow"}, {"label": "Clicked"}, ("label", "Grow", "Clicked")),
        ({"is_active": True}, {"is_active": False}, ("is_active", "true", "false")),
        ({"is_active": False}, {"is_active": True}, ("is_active", "false", "true")),
        ({}, {"source": "c" * 32}, ("source", SOURCE, "c" * 32)),
        (
            {"config": {"use_scores": True, "collect": 1000}},
            {"config": {"collect": 2000}},
            ("config.collect", "1000", "2000"),
        ),
        (
            {},
            {"state": "invalid", "is_healthy": False, "is_active": False, "type": ""},
            ("state", "complete", "invalid"),
        ),
    ],
)
def test_each_difference_names_property_declared_and_actual(
    declared: dict[str, object], shown: dict[str, object], expected: tuple[str, str, str]
) -> None:
    """A value that somebody changed outside is told with what was applied and what is there."""
    inputs = inputs_of("grow", **declared)
    is_active = inputs.is_active is not False
    kept = resource_of(inputs, model_of(inputs, MODEL_ID, is_active=is_active))
    report = compared(state_of(kept), model_of(inputs, MODEL_ID, **shown))
    assert triples(report) == [expected]
    assert {one.key for one in report.drifts} == {"grow"}


@pytest.mark.parametrize(
    ("declared", "put_right", "gone"),
    [
        (None, "pulumi up puts it right", "pulumi up trains it anew"),
        ({"grow": {"label": "One"}}, "pulumi up puts it right", "pulumi up trains it anew"),
        ({"grow": {"label": "Two"}}, "the file declares the same now", "trains it anew"),
        ({"grow": {"label": "Three"}}, "the file declares another one now", "trains it anew"),
        ({"grow": {}}, "doesn't declare it any more, and pulumi up leaves it", "trains it anew"),
        ({"other": {}}, "it isn't declared any more, and pulumi up lets the model go", "forgets"),
    ],
)
def test_advice_is_what_up_does_by_the_file_of_today(
    declared: dict[str, dict[str, object]] | None, put_right: str, gone: str
) -> None:
    """What the file declares no more, or declares otherwise, isn't put right as it was applied."""
    inputs = inputs_of("grow", label="One")
    state = state_of(resource_of(inputs, model_of(inputs, MODEL_ID)))
    changed = Observed({MODEL_ID: model_of(inputs, MODEL_ID, label="Two")})
    today = None if declared is None else {k: declared_today(**v) for k, v in declared.items()}
    [found] = compare(PROJECT, state, changed, declared=today).drifts
    assert put_right in found.advice
    [found] = compare(PROJECT, state, Observed({}, {MODEL_ID}), declared=today).drifts
    assert gone in found.advice


@pytest.mark.parametrize(
    ("today", "advice"),
    [
        ({"is_active": True}, "pulumi up puts it right"),
        ({"is_active": False}, "the file declares the same now"),
        ({"is_active": True, "gate": {"auc": 0.9}}, "by the gate that the file has now"),
        ({"gate": {"auc": 0.9}}, "pulumi up leaves it"),
    ],
)
def test_advice_on_a_stopped_model_goes_by_the_gate_of_today(
    today: dict[str, object], advice: str
) -> None:
    """A gate that the file has got since decides, and nobody promises that the model goes live."""
    inputs = inputs_of("grow", is_active=True)
    state = state_of(resource_of(inputs, model_of(inputs, MODEL_ID)))
    stopped = Observed({MODEL_ID: model_of(inputs, MODEL_ID, is_active=False)})
    [found] = compare(PROJECT, state, stopped, declared={"grow": declared_today(**today)}).drifts
    assert advice in found.advice


def test_a_model_that_is_still_built_is_no_drift() -> None:
    """A first build that will go live by itself differs in nothing from a declared is_active."""
    inputs = inputs_of("grow", is_active=True)
    building = {"state": "building", "is_active": False, "is_healthy": False, "type": ""}
    shown = model_of(inputs, MODEL_ID, **building)
    assert compared(state_of(resource_of(inputs, shown)), shown).drifts == ()


def test_a_zeroed_echo_is_no_drift() -> None:
    """A config that the API doesn't report is not taken for a changed one."""
    inputs = inputs_of("grow")
    shown = model_of(inputs, MODEL_ID, config={"collect": 0, "use_scores": False})
    kept = resource_of(inputs, model_of(inputs, MODEL_ID))
    assert compared(state_of(kept), shown).drifts == ()


def test_gone_models_are_told_only_when_they_are_gone_for_certain() -> None:
    """What ML List doesn't show is drift once a GET by its id has said so too."""
    inputs = inputs_of("grow")
    state = state_of(resource_of(inputs, model_of(inputs, MODEL_ID)))
    assert compared(state).drifts == ()
    report = compared(state, gone={MODEL_ID})
    assert [(one.kind, one.actual) for one in report.drifts] == [("gone", "gone")]


@pytest.mark.parametrize(
    ("kept", "shown", "expected"),
    [
        ({}, {"is_active": False}, [("is_active", "true", "false")]),
        ({}, {"is_healthy": False}, [("health", "healthy", "unhealthy")]),
        (
            {"passed": False, "live": False, "live_model_id": None},
            {"is_active": True},
            [("is_active", "false", "true")],
        ),
        ({"passed": False, "live": False, "live_model_id": None}, {"is_active": False}, []),
        (
            {"passed": False, "live": False, "live_model_id": None},
            {"is_active": False, "is_healthy": False},
            [],
        ),
        ({"pending": True, "passed": False}, {"is_active": False}, []),
        (
            {"pending": True, "passed": False, "live_model_id": None, "earned": []},
            {"is_active": True},
            [("is_active", "false", "true")],
        ),
        ({"activate": False}, {"is_active": False}, []),
    ],
)
def test_a_gated_model_is_compared_with_what_its_gate_allowed(
    kept: dict[str, object], shown: dict[str, object], expected: list[tuple[str, str, str]]
) -> None:
    """Live what passed, not live what didn't; what waits or is only observed is no drift."""
    inputs = inputs_of("grow", activation="swap")
    state = state_of(
        resource_of(inputs, model_of(inputs, MODEL_ID)),
        activations=(activation_of("grow", MODEL_ID, **kept),),
    )
    assert triples(compared(state, model_of(inputs, MODEL_ID, **shown))) == expected


@pytest.mark.parametrize(("is_active", "expected"), [(False, 1), (True, 0)])
def test_a_model_that_a_swap_left_down_is_told(*, is_active: bool, expected: int) -> None:
    """Where a swap left nothing live, drift says which model is down since when, while it is."""
    inputs, old_id = inputs_of("grow", activation="swap"), "2" * 32
    old = model_of(inputs_of("grow", config={"use_content": True}), old_id, is_active=is_active)
    down = {"model_id": old_id, "since": "2026-01-02T03:04:05Z"}
    kept = {"passed": False, "live": False, "live_model_id": None, "down": down}
    shown = model_of(inputs, MODEL_ID, is_active=False)
    state = state_of(
        resource_of(inputs, shown), activations=(activation_of("grow", MODEL_ID, **kept),)
    )
    found = [one for one in compared(state, shown, old).drifts if one.kind == "differs"]
    assert len(found) == expected
    for one in found:
        assert old_id in one.property
        assert (one.declared, one.actual) == ("true", "False since 2026-01-02T03:04:05Z")


@pytest.mark.parametrize("of", ["model", "activation"])
@pytest.mark.parametrize(("is_active", "expected"), [(True, 1), (False, 0)])
def test_what_lytics_didnt_do_is_drift_until_it_is_so(
    of: str, *, is_active: bool, expected: int
) -> None:
    """A write that Lytics didn't carry out is told with what helps, until somebody does it."""
    inputs = inputs_of("grow", activation="swap")
    last = {"model_id": MODEL_ID, "is_active": False, "how": "ignored", "words": ""}
    shown = model_of(inputs, MODEL_ID, is_active=is_active)
    kept = resource_of(inputs, shown)
    activation = activation_of("grow", MODEL_ID, live=is_active)
    if of == "model":
        kept = replace(kept, outputs={**kept.outputs, "unheeded": last})
    else:
        activation = replace(activation, outputs={**activation.outputs, "unheeded": last})
    report = compared(state_of(kept, activations=(activation,)), shown)
    told = [one for one in report.drifts if "Lytics answered 200" in one.advice]
    assert len(told) == expected
    assert all("#where-lytics-doesnt-do-as-it-is-asked`" in as_markdown(report) for _ in told)


def test_the_model_that_stays_live_until_the_gate_passes_is_watched() -> None:
    """While a gate isn't passed, the old model's being stopped is drift."""
    inputs = inputs_of("grow", activation="swap")
    old_id = "2" * 32
    old = model_of(inputs_of("grow", config={"use_content": True}), old_id, is_active=False)
    state = state_of(
        resource_of(inputs, model_of(inputs, MODEL_ID, is_active=False)),
        activations=(activation_of("grow", MODEL_ID, passed=False, live_model_id=old_id),),
    )
    report = compared(state, model_of(inputs, MODEL_ID, is_active=False), old)
    assert old_id in report.drifts[0].property


def retired(key: str, model_id: str, **fields: object) -> tuple[str, Model]:
    """Return a model that this stack made of other inputs."""
    inputs = inputs_of(key, config={"use_content": True})
    return model_id, model_of(inputs, model_id, **fields)


def test_models_of_the_stack_that_nobody_declares_are_told() -> None:
    """Live or being built and in no state is drift; retired, or somebody else's, is none."""
    inputs = inputs_of("grow")
    current = model_of(inputs, MODEL_ID)
    live_id, live = retired("grow", "2" * 32)
    stopped_id, stopped = retired("other", "3" * 32, is_active=False)
    building = {"state": "building", "is_active": False, "is_healthy": False, "type": ""}
    _, orphan = retired("third", "4" * 32, **building)
    foreign = current.model_copy(
        update={
            "id": "5" * 32,
            "name": default_name("grow", lineage(PROJECT, "another", "grow"), "0" * 8),
        }
    )
    named = current.model_copy(update={"id": "6" * 32, "name": "made_by_hand"})
    state = state_of(resource_of(inputs, current, trained={live_id: "0" * 8}))
    report = compared(state, current, live, stopped, orphan, foreign, named)
    found = {(one.kind, one.key, one.actual) for one in report.drifts}
    assert found == {("undeclared", "grow", "live"), ("undeclared", "third", "being built")}
    assert any("1 retired model" in note for note in report.notes)
    assert f"adopt: {live_id}" in as_markdown(report)
    assert "see lytics-ml recover if an up was interrupted`" in as_markdown(report), "not cut off"
    assert stopped_id not in str(report.drifts)


def test_what_was_let_go_on_purpose_is_no_drift() -> None:
    """A live model that its declaration or `removed` retains stays, as meant."""
    inputs = inputs_of("grow", on_delete="retain")
    current = model_of(inputs, MODEL_ID)
    _, live = retired("grow", "2" * 32)
    _, let_go = retired("gone", "3" * 32)
    state = state_of(resource_of(inputs, current))
    shown = Observed({one.id: one for one in (current, live, let_go)})
    assert compare(PROJECT, state, shown, retained={"gone"}).drifts == ()


def test_a_slug_that_is_another_segment_now_is_drift() -> None:
    """The same spelling with another id is told before the next up trains a model for it."""
    inputs = inputs_of("grow", source_name="all_users", target_name="lost")
    shown = model_of(inputs, MODEL_ID)
    book = SegmentBook([Segment(id="d" * 32, slug_name="all_users")])
    report = compared(state_of(resource_of(inputs, shown)), shown, book=book)
    assert [one.property for one in report.drifts] == ["source", "target"]
    assert "d" * 32 in report.drifts[0].actual
    assert report.drifts[1].actual == "no such segment"


def test_untrusted_text_is_no_markup_in_the_issue() -> None:
    """Labels, names and keys stand in code spans that they can't leave."""
    drift = Drift("differs", HOSTILE, MODEL_ID, HOSTILE, "label", HOSTILE, HOSTILE, "do")
    written = as_markdown(StackDrift(STACK, 1, (drift,)))
    row = next(line for line in written.splitlines() if "img" in line)
    assert row.count("``") >= 6
    assert "a\\|b`c <img" in row
    assert len([line for line in written.splitlines() if line.startswith("|")]) == 3


def test_retired_models_of_a_renamed_key_are_known_by_their_lineage() -> None:
    """A model whose name holds a key of before is this stack's by the lineage in the state."""
    inputs = inputs_of("new", lineage=lineage(PROJECT, STACK, "old"))
    current = model_of(inputs, MODEL_ID)
    other = model_of(inputs_of("old", config={"use_content": True}), "2" * 32)
    report = compared(state_of(resource_of(inputs, current)), current, other)
    assert [one.kind for one in report.drifts] == ["undeclared"]
    assert name_of(inputs) == current.name


@pytest.mark.engine
def test_drift_only_reads(project: Project, run: Run) -> None:
    """Drift sends GETs only, leaves the state byte for byte as it was, and has exit codes."""
    account = project.account
    declared = {
        "label": model(label="As declared"),
        "live": gated(auc=0.0, source="dormant"),
        "lost": model(source="mobile_users"),
    }
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    project.declare(declared)
    project.up()
    clean = run("drift", "--stack", STACK)
    assert clean.code == 0, clean.out
    assert "no drift, 3 models" in clean.out

    ids = {key: project.id(key) for key in declared}
    account.change(ids["label"], label="Clicked")
    account.change(ids["live"], is_active=False)
    account.remove(ids["lost"])
    orphan = default_name("lost", lineage("lytics-ml", STACK, "lost"), "0" * 8)
    account.create(name=orphan)
    files = {p: p.read_bytes() for p in project.folder.rglob("state/**/*") if p.is_file()}
    mark = account.mark()
    file = project.folder / "issue.md"
    answer = run("drift", "--stack", STACK, "--json", "--markdown", str(file))
    assert answer.code == 1, answer.err
    told = {(d["kind"], d["key"], d["property"], d["actual"]) for d in answer.json()["drift"]}
    assert ("differs", "label", "label", "Clicked") in told
    assert ("differs", "live", "is_active", "false") in told
    assert ("gone", "lost", "model", "gone") in told
    assert {kind for kind, *_ in told} == {"differs", "gone", "undeclared"}
    asked = account.requests(mark)
    assert {entry["method"] for entry in asked} == {"GET"}
    assert len(asked) <= 3
    assert {p: p.read_bytes() for p in files} == files
    assert "As declared" in file.read_text()

    account.fault(path="^/api/ml$", status=500, times=None)
    unable = run("drift", "--stack", STACK)
    assert unable.code == 2
    assert "500" in unable.err


@pytest.mark.engine
def test_drift_never_takes_another_accounts_key_for_an_empty_account(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a key of another account nothing is gone: it could not be told."""
    project.declare({"grow": model()})
    project.up()
    monkeypatch.setenv("LIOKEY", "sandbox-other")
    answer = run("drift", "--stack", STACK)
    assert answer.code == 2
    assert "account" in answer.err


def test_drift_needs_a_stack(folder: object, run: Run) -> None:
    """A stack that isn't there can't be told about: exit code 2."""
    assert folder
    answer = run("drift", "--stack", "nowhere")
    assert answer.code == 2


@pytest.mark.engine
def test_what_was_changed_outside_can_be_accepted(project: Project, run: Run) -> None:
    """Label and is_active go into the file, comments stay, and the next `up` writes nothing."""
    account = project.account
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    text = """\
models:
  # the first one
  grow:
    label: Grow # as sales calls it
    source: all_users
    target: high_value
    is_active: true
    config: {use_scores: true}
    gate: {auc: 0.5}
  other: {source: dormant, target: high_value, label: Other, config: {use_scores: true}}
"""
    project.declare(text)
    project.up()
    account.change(project.id("grow"), label="Sales: grow", is_active=False)
    account.change(project.id("other"), label="Clicked")
    before = project.stack_file.read_text()
    refused = run("drift", "--accept", "grow", "othr", "--stack", STACK)
    assert refused.code == 2
    assert "Did you mean other?" in refused.err
    assert project.stack_file.read_text() == before

    answer = run("drift", "--accept", "grow", "--stack", STACK)
    assert answer.code == 0, answer.err
    written = project.stack_file.read_text()
    expected = before.replace("label: Grow #", "label: 'Sales: grow' #")
    expected = expected.replace("is_active: true", "is_active: false")
    assert written.replace('"', "'") == expected
    left = run("drift", "--stack", STACK, "--json").json()["drift"]
    assert {one["key"] for one in left} == {"grow", "other"}
    mark = account.mark()
    project.up()
    assert {entry["path"].rsplit("/", 1)[1] for entry in account.writes(mark)} <= {
        project.id("other")
    }
    assert account.model(project.id("grow"))["label"] == "Sales: grow"
    nothing = run("drift", "--accept", "grow", "--stack", STACK)
    assert nothing.code == 1
    assert "grow: it has no drift" in nothing.err
