"""The API's objects, in whatever spelling they arrive."""

from typing import Any

import pytest
from pydantic import ValidationError

from providers.lytics.shapes import Model, Segment, Summary

Json = dict[str, Any]


def test_a_model_of_the_api_page() -> None:
    """The API page's sample is read whole."""
    model = Model.model_validate(
        {
            "aid": 1234,
            "id": "2120ae0818414cba840b68308710b98a",
            "name": "ML: Grow Customer Base",
            "label": "Predictive Model to grow customer base",
            "state": "complete",
            "source": "cf21ba3ceb194961b964358ee92ec4a9",
            "target": "e34563f98bc848b7abb17c4a0499968c",
            "type": "rf",
            "is_healthy": True,
            "is_active": True,
            "created": "2020-08-10T16:00:00.123456789-07:00",
            "updated": "2020-08-10T16:00:00.123456789-07:00",
            "config": {"collect": 5000, "use_scores": True, "model_type": "rf", "re_run": True},
        }
    )
    assert (model.aid, model.name, model.type) == (1234, "ML: Grow Customer Base", "rf")
    assert model.config.reported() == {"collect": 5000, "use_scores": True, "re_run": True}
    assert model.is_complete
    assert model.age_key == (1597100400.123456, model.id)


def test_an_id_is_all_that_a_model_needs() -> None:
    """Documented fields may be missing, or null."""
    names = set(Model.model_fields) - {"id", "unreadable"}
    for model in (
        Model.model_validate({"id": "a"}),
        Model.model_validate({"id": "a", **dict.fromkeys(names)}),
    ):
        assert (model.name, model.label, model.state, model.aid) == ("", "", "", None)
        assert not model.is_active
        assert not model.config.is_reported
        assert model.age_key == (float("inf"), "a")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (1, True),
        (False, False),
        ("false", False),
        ("False", False),
        (0, False),
        ("", False),
        (None, False),
    ],
    ids=repr,
)
def test_a_flag_that_comes_as_a_word_is_read(shown: object, *, expected: bool) -> None:
    """The API page writes flags as words too: "false" is no truth."""
    model = Model.model_validate({"id": "a", "is_active": shown, "is_healthy": shown})
    assert (model.is_active, model.is_healthy) == (expected, expected)


def test_a_flag_that_is_none_is_refused() -> None:
    """What is neither true nor false is never taken for one of them."""
    with pytest.raises(ValidationError, match="is_active"):
        Model.model_validate({"id": "a", "is_active": "perhaps"})


def test_undocumented_fields_are_passed_over() -> None:
    """A field that nobody documented breaks nothing, at any depth."""
    odd = {"id": "a", "work_ids": ["x"], "config": {"custom_segment_ids": [], "collect": 1.0}}
    assert Model.model_validate(odd).config.collect == 1


@pytest.mark.parametrize(
    ("shown", "reason"),
    [({"reason": "too small"}, "too small"), ({"error": "too small"}, "too small"), ({}, "")],
)
def test_why_a_model_is_invalid(shown: Json, reason: str) -> None:
    """The reason is read under either name."""
    model = Model.model_validate({"id": "a", "state": "invalid", **shown})
    assert model.is_invalid
    assert model.reason == reason


@pytest.mark.parametrize(
    ("state", "complete", "invalid"),
    [
        ("complete", True, False),
        ("completed", True, False),
        ("invalid", False, True),
        ("building", False, False),
        ("retraining", False, False),
        ("", False, False),
    ],
)
def test_states(state: str, *, complete: bool, invalid: bool) -> None:
    """The words complete and completed are one, and an unknown state is never done."""
    model = Model.model_validate({"id": "a", "state": state})
    assert (model.is_complete, model.is_invalid) == (complete, invalid)
    assert model.was_once_complete is complete


@pytest.mark.parametrize("shown", [{"is_active": True}, {"is_healthy": True}, {"type": "rf"}])
def test_what_was_once_complete_shows(shown: Json) -> None:
    """A model that is trained again still shows that it was trained before."""
    assert Model.model_validate({"id": "a", "state": "building", **shown}).was_once_complete


@pytest.mark.parametrize("config", [{"collect": 0, "use_scores": False}, {}, None])
def test_a_zeroed_echo_reports_nothing(config: Json | None) -> None:
    """A config without a sample size is the zeroed echo of an older model."""
    assert Model.model_validate({"id": "a", "config": config}).config.reported() == {}


SHARED = {"mse": 0.09, "rsq": 0.91, "auc": 0.9, "threshold": 0.55, "accuracy": 8, "reach": 4}
COUNTS = {"false_negative": 1, "false_positive": 2, "true_negative": 3, "true_positive": 4}
GO_COUNTS = {"FalseNegative": 1, "FalsePositive": 2, "TrueNegative": 3, "TruePositive": 4}
MAP = {"0.00": 2, "0.55": 7}
LIST = [2 if step == 0 else 7 if step == 55 else 0 for step in range(101)]


@pytest.mark.parametrize(
    "spelling",
    [
        {"health": "healthy", **COUNTS, "success": MAP, "failure": MAP},
        {"model_health": "healthy", **COUNTS, "success": LIST, "failure": LIST},
        {"model_health": "healthy", "conf": GO_COUNTS, "success": MAP, "fail": MAP},
        {
            "model_health": "healthy",
            "error_matrix": GO_COUNTS,
            "target_predictions": MAP,
            "source_predictions": MAP,
        },
    ],
    ids=["samples", "tables", "recorded", "v2"],
)
def test_a_summary_in_every_spelling(spelling: Json) -> None:
    """Health, error matrix and prediction counts are read under every name that they have."""
    scores = Summary.model_validate({"id": "a", "summary": {**SHARED, **spelling}}).scores
    assert (scores.health, scores.auc, scores.accuracy) == ("healthy", 0.9, 8)
    matrix = scores.error_matrix
    assert (matrix.false_negative, matrix.false_positive) == (1, 2)
    assert (matrix.true_negative, matrix.true_positive) == (3, 4)
    assert scores.target_predictions == scores.source_predictions == MAP


@pytest.mark.parametrize("prevalence", ["prevalance", "field_prevalence", "prevalence"])
@pytest.mark.parametrize("kind", ["type", "fieldtype"])
def test_a_feature_in_every_spelling(prevalence: str, kind: str) -> None:
    """Type and prevalence of a feature are read under every name that they have."""
    shown = {"name": "score", kind: "numeric", prevalence: {"source": 0.8, "target": 0.9}}
    feature = Summary.model_validate({"features": [{**shown, "impact": {"value": "x"}}]}).features[
        0
    ]
    assert (feature.type, feature.prevalence.source, feature.prevalence.target) == (
        "numeric",
        0.8,
        0.9,
    )
    assert (feature.impact.value, feature.impact.lift) == ("x", None)


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"summary": None, "features": None},
        {"summary": {}, "features": []},
        {"summary": {"msgs": None, "success": None, "conf": None}},
    ],
)
def test_an_untrained_models_summary_is_empty(shown: Json) -> None:
    """A summary without numbers is read as one without numbers."""
    summary = Summary.model_validate(shown)
    assert (summary.scores.auc, summary.scores.health, summary.features) == (None, "", [])
    assert (summary.scores.msgs, summary.scores.target_predictions) == ([], {})


@pytest.mark.parametrize(
    "odd",
    [{"summary": {"auc": "high"}}, {"summary": {"success": 7}}, {"summary": [1]}, {"features": 3}],
)
def test_an_odd_summary_is_refused(odd: Json) -> None:
    """What isn't a summary is an error, not a guess."""
    with pytest.raises(ValidationError):
        Summary.model_validate(odd)


def test_a_segment() -> None:
    """A segment needs an id alone, and is of users unless it says otherwise."""
    segment = Segment.model_validate({"id": "a", "slug_name": None, "invalid": None})
    assert (segment.table, segment.slug_name, segment.invalid) == ("user", "", False)


def test_building_is_no_reason() -> None:
    """v2 writes "building" where a reason would stand while a model is built."""
    assert Model.model_validate({"id": "a", "error": "building"}).reason == ""
    assert Model.model_validate({"id": "a", "error": "no luck"}).reason == "no luck"
