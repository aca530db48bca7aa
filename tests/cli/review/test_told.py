"""What a review tells is what `up` does."""

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from cli.drift.compare import Drift
from cli.review.change import Change, Property, Review
from cli.review.deciding.reading import review_of
from cli.review.known import Known
from cli.review.plan import parse_plan
from cli.review.showing.as_json import as_json
from cli.review.showing.markdown import as_markdown
from cli.review.showing.page import as_page
from cli.schema.outputs import output_schema
from providers.lytics.shapes import Summary
from tests.cli.review.test_review import (
    NEW_ID,
    OLD_ID,
    hostile_review,
    live_model,
    only,
    reviewed,
    said,
)
from tests.support.browser import opened
from tests.support.review.previews import Json, activation_step, preview_of, step
from tests.support.review.shapes import (
    activation_of,
    inputs_of,
    model_of,
    name_of,
    resource_of,
    state_of,
    summary_of,
)


def with_facts(steps: list[Json], facts: Known) -> Review:
    """Return the review of a preview with facts."""
    return review_of(parse_plan(preview_of(*steps)), facts)


def rows(change: Change) -> dict[str, str]:
    """Return what a new model is to have, by property."""
    assert all(one.old == "" for one in change.properties)
    return {one.name: one.new for one in change.properties}


def test_what_changed_in_lytics_is_told_with_what_up_does() -> None:
    """Each property with both values, and a model that is gone; in every form of a review."""
    label = Drift("differs", "grow", OLD_ID, "n", "label", "One", "Two", "pulumi up puts it right")
    gone = Drift("gone", "other", NEW_ID, "m", "model", "there", "gone", "pulumi up trains it anew")
    facts = Known(state_of(), account={}, drifts=(label, gone))
    review = with_facts([], facts)
    begin = "Changed in Lytics since the last up: "
    for text in (as_markdown(review), "\n".join(as_json(review)["notes"])):
        plain = text.replace("`", "").replace('"', "")
        assert f"{begin}grow has label Two instead of One; pulumi up puts it right" in plain
        assert f"{begin}other is gone; pulumi up trains it anew" in plain


def test_a_created_model_shows_all_that_is_declared_of_it() -> None:
    """Label, name, segments, config and gate are in the row, in the details and on the page."""
    inputs = inputs_of("grow", label="Growth", source_name="all", activation="swap")
    steps = [
        step("create", "grow", None, inputs),
        activation_step("create", "grow", None, gate={"auc": 0.9, "healthy": True}),
    ]
    review = reviewed(steps, state_of())
    told = rows(only(review))
    assert told["label"] == "Growth"
    assert told["name"] == name_of(inputs)
    assert told["source"].startswith("all (")
    assert told["config.use_scores"] == "true"
    assert told["gate.auc"] == "0.9"
    for shown in (as_markdown(review), as_page(review)):
        assert "Growth" in shown
        assert "gate.auc" in shown


def test_nothing_is_written_is_never_said_beside_a_write() -> None:
    """A policy that changes with a label is kept in the state, and the label is written."""
    inputs = inputs_of("grow", label="Old")
    shown = model_of(inputs, OLD_ID)
    old = resource_of(inputs, shown)
    both = inputs_of("grow", label="New", on_delete="retain")
    change = only(reviewed([step("update", "grow", old, both)], state_of(old), shown))
    assert change.actions == ("relabelled", "settings")
    assert "nothing is written" not in said(change)
    alone = inputs_of("grow", label="Old", on_delete="retain")
    change = only(reviewed([step("update", "grow", old, alone)], state_of(old), shown))
    assert "nothing is written" in said(change)


@pytest.mark.parametrize(
    ("live", "fields", "told", "joins"),
    [
        (True, {}, "It is live already, and stays so", False),
        (True, {"is_active": True}, "It is live already, and stays so", False),
        (True, {"is_active": False}, "It is live, and is stopped", False),
        (False, {}, "It isn't live, and stays so", False),
        (False, {"is_active": True}, "It isn't live, and is set live", True),
        (False, {"activation": "swap"}, "It isn't live, and is set live", True),
        (
            False,
            {"activation": "swap", "gate": {"auc": 0.7}},
            "set live if it passes its gate",
            True,
        ),
        (True, {"activation": "swap", "gate": {"auc": 0.7}}, "stays so; its gate is judged", False),
        (True, {"activation": "swap"}, "It is live already, and stays so", False),
    ],
)
def test_an_adopted_model_is_live_as_it_is_and_takes_no_second_slot(
    fields: dict[str, object], told: str, *, live: bool, joins: bool
) -> None:
    """A trained model goes live by nobody's doing, and one that is live already is no more."""
    declared = {name: value for name, value in fields.items() if name != "gate"}
    adopting = inputs_of("grow", adopt=NEW_ID, **declared)
    foreign = model_of(inputs_of("grow"), NEW_ID, name="by_hand", is_active=live)
    judging = activation_step("create", "grow", None, gate=fields.get("gate"))
    steps = [step("create", "grow", None, adopting), judging]
    change = only(reviewed(steps, state_of(), foreign))
    assert change.actions == ("adopted",)
    assert told in said(change)
    assert "by itself" not in said(change)
    assert change.joins is joins


def test_an_import_of_a_full_account_is_no_second_account() -> None:
    """Twelve live models that are adopted stay twelve."""
    models = [
        model_of(inputs_of(f"m{i}"), f"{i:032x}", name=f"hand_{i}", is_active=True)
        for i in range(12)
    ]
    steps = [
        step("create", f"m{i}", None, inputs_of(f"m{i}", adopt=f"{i:032x}")) for i in range(12)
    ]
    assert "Lytics allows" not in as_markdown(reviewed(steps, state_of(), *models))


def failing(*more: Json, summary: Summary | None = None, **activation: object) -> Review:
    """Return the review of a gate that today's numbers fail, beside other changes."""
    inputs = inputs_of("judged", activation="swap")
    shown = model_of(inputs, OLD_ID)
    gone, old = (inputs_of(key) for key in ("dormant-vip", "churn"))
    models = [shown, model_of(gone, "3" * 32), model_of(old, "4" * 32)]
    state = state_of(
        resource_of(inputs, shown),
        resource_of(gone, models[1]),
        resource_of(old, models[2]),
        activations=(activation_of("judged", OLD_ID),),
    )
    steps = [
        activation_step(
            "update",
            "judged",
            state.activations["judged"],
            **{"gate": {"auc": 0.9}, "model_id": OLD_ID, **activation},
        ),
        step("delete", "dormant-vip", state.models[1], None),
        step("replace", "churn", state.models[2], inputs_of("churn", generation=2)),
        *more,
    ]
    numbers = {OLD_ID: summary or summary_of(auc=0.8)}
    return reviewed(steps, state, *models, summaries=numbers)


def test_a_gate_that_fails_today_says_what_up_holds_back() -> None:
    """The engine deletes nothing after a program that failed, so the review names what waits."""
    text = as_markdown(failing())
    (line,) = [line for line in text.splitlines() if "Ends with an error" in line]
    assert "`judged` doesn't pass its gate: `auc 0.8, at least 0.9`" in line
    assert "the removal of `dormant-vip`, the old model of `churn`" in line or (
        "the old model of `churn`, the removal of `dormant-vip`" in line
    )
    assert "Ends with an error" in as_page(failing())


@pytest.mark.parametrize(
    ("activation", "auc"), [({}, 0.95), ({"activate": False}, 0.8)], ids=["passes", "observed"]
)
def test_a_gate_that_passes_or_decides_nothing_holds_nothing_back(
    activation: dict[str, object], auc: float
) -> None:
    """Only a gate on which going live depends ends an `up` with an error."""
    assert failing(summary=summary_of(auc=auc), **activation).held_back == ()


@pytest.mark.parametrize(
    ("removals", "why"),
    [
        ({}, "stacks/test.yaml doesn't declare it any more"),
        ({"grow": "retain"}, "stacks/test.yaml lets it go, under removed.grow"),
    ],
)
def test_a_removal_says_why(removals: dict[str, str], why: str) -> None:
    """A key that was taken out, and one that `removed` names, are told apart."""
    old, shown = live_model()
    facts = Known(state_of(old), {OLD_ID: shown}, removals=removals, file="stacks/test.yaml")
    assert why in said(only(with_facts([step("delete", "grow", old, None)], facts)))


def test_what_is_live_comes_first() -> None:
    """Of models to which the same happens, the live one stands above, whatever its key is."""
    resources, models, steps = [], [], []
    for key, number, live in (("a", 1, False), ("b", 2, True)):
        inputs = inputs_of(key, label="Old")
        models.append(model_of(inputs, f"{number:032x}", is_active=live))
        resources.append(resource_of(inputs, models[-1]))
        steps.append(step("update", key, resources[-1], inputs_of(key, label="New")))
    review = reviewed(steps, state_of(*resources), *models)
    assert [change.key for change in review.changes] == ["b", "a"]


def test_an_account_that_renames_models_is_in_the_audience_key() -> None:
    """Where "ML: " was put before a name, it will be put before the next one too."""
    inputs = inputs_of("grow", name="Grow")
    shown = model_of(inputs, OLD_ID, name="ML: Grow")
    old = resource_of(inputs, shown)
    again = inputs_of("grow", name="Grow", generation=2)
    change = only(reviewed([step("replace", "grow", old, again)], state_of(old), shown))
    assert "The audience key stays ML: Grow" in said(change)
    fresh = inputs_of("new", name="New")
    review = reviewed([step("create", "new", None, fresh)], state_of(old), shown)
    assert rows(only(review))["name"] == "ML: New"


def test_a_segment_that_no_model_can_be_trained_on_is_a_problem() -> None:
    """Too small, or of another table: `up` would train in vain; what is trained stays so."""
    inputs = inputs_of("grow")
    facts = Known(
        state_of(), {}, segment_problems={inputs.source: "segment few has 3 users; Lytics takes 25"}
    )
    review = with_facts([step("create", "grow", None, inputs)], facts)
    assert review.is_stuck
    assert "segment few has 3 users" in as_markdown(review)
    found = model_of(inputs, NEW_ID)
    taken = with_facts(
        [step("create", "grow", None, inputs)], replace(facts, account={NEW_ID: found})
    )
    assert not taken.is_stuck


def test_properties_of_a_change_keep_old_and_new() -> None:
    """What a model has already is told with what it was."""
    old, shown = live_model()
    new = inputs_of("grow", config={"use_scores": True, "collect": 1000})
    change = only(reviewed([step("replace", "grow", old, new)], state_of(old), shown))
    assert change.properties == (Property("config.collect", "5000", "1000", retrains=True),)


def test_a_review_as_json_fits_its_schema() -> None:
    """What a pipeline reads has the summary, each change, and what `up` holds back."""
    told = as_json(failing())
    jsonschema.validate(told, output_schema("review"))
    assert told["held_back"] is not None
    assert "the removal of dormant-vip" in told["held_back"]
    assert {one["key"] for one in told["changes"]} == {"judged", "dormant-vip", "churn"}
    created = as_json(reviewed([step("create", "grow", None, inputs_of("grow"))], state_of()))
    assert {one["old"] for one in created["changes"][0]["properties"]} == {None}


@pytest.mark.parametrize("width", [400, 900])
def test_no_table_of_the_page_is_cut_off(tmp_path: Path, width: int) -> None:
    """On a phone the cells stand below each other, each with its heading; nothing is hidden."""
    file = tmp_path / "review.html"
    for review in (failing(), hostile_review()):
        file.write_text(as_page(review), encoding="utf-8")
        seen = opened(file, "light", width)
        assert (seen["fits"], seen["cut_off"]) == (True, 0)
