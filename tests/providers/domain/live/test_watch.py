"""What a live model must keep."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from providers.lytics.domain.live.gate import Gate
from providers.lytics.domain.live.watch import LiveModel, Watch, judge_live, lowest, watch_of
from providers.lytics.shapes import Model
from tests.support.review.shapes import inputs_of, model_of, summary_of

NOW = datetime(2026, 3, 10, tzinfo=UTC)
SINCE = {"auc": 0.8, "accuracy": 6.0, "reach": 4.0, "mse": 0.1}


def shown(**fields: object) -> Model:
    """Return a live model that was updated nine days before `NOW`."""
    return model_of(inputs_of("grow"), "1" * 32, **{"updated": "2026-03-01T00:00:00Z", **fields})


def short(watch: object, scores: Mapping[str, object], model: Model | None = None) -> list[str]:
    """Return what falls short."""
    live = LiveModel(model or shown(), summary_of(**scores), SINCE)
    parts = judge_live(Watch.model_validate(watch), live, NOW)
    return [part.number for part in parts if not part.passed]


@pytest.mark.parametrize(
    ("watch", "scores", "expected"),
    [
        ({"auc": 0.72}, {"auc": 0.72}, []),
        ({"auc": 0.72}, {"auc": 0.71}, ["auc"]),
        ({"auc": 0.72}, {"auc": None}, ["auc"]),
        ({}, {"health": "unhealthy"}, ["health"]),
        ({"healthy": False}, {"health": "unhealthy"}, []),
        ({"drop": {"auc": 0.05}}, {"auc": 0.75}, []),
        ({"drop": {"auc": 0.05}}, {"auc": 0.7499}, ["drop.auc"]),
        ({"drop": {"reach": 2, "auc": 0.05}}, {"reach": 1, "auc": 0.6}, ["drop.auc", "drop.reach"]),
        ({"drop": {"fitness": 3}}, {"accuracy": 4, "reach": 2}, ["drop.fitness"]),
        ({"drop": {"mse": 0.02}}, {"mse": 0.13}, ["drop.mse"]),
        ({"drop": {"rsq": 0.02}}, {"rsq": 0.1}, []),
        ({"drop": {"mse": 0.02}}, {"mse": None}, ["drop.mse"]),
        ({"stale": "10d"}, {}, []),
        ({"stale": "8d"}, {}, ["stale"]),
    ],
)
def test_each_part_is_judged_by_itself(
    watch: dict[str, object], scores: dict[str, object], expected: list[str]
) -> None:
    """Bounds, drops since it went live, age and health each fall short alone."""
    assert short(watch, scores) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"state": "invalid", "reason": "too few users", "is_active": False}, ["state"]),
        ({"state": "building"}, []),
        ({"state": "building", "is_active": False}, []),
        ({"is_active": False}, ["live"]),
        ({"updated": "yesterday"}, ["stale"]),
        ({"updated": "2026-03-01T00:00:00"}, ["stale"]),
    ],
)
def test_a_model_that_is_trained_anew_is_not_down(
    model: dict[str, object], expected: list[str]
) -> None:
    """Building again is no shortfall; invalid, stopped, or without a readable age is one."""
    assert short({"stale": "10d"}, {}, shown(**model)) == expected


def test_a_model_that_nobody_declared_live_may_be_stopped() -> None:
    """Only what is declared to be live falls short by being stopped; what is gone always does."""
    stopped = LiveModel(shown(is_active=False), summary_of(), SINCE, meant_live=False)
    assert all(part.passed for part in judge_live(Watch(), stopped, NOW))
    gone = judge_live(Watch(), LiveModel(None), NOW)
    assert [(part.number, part.measured) for part in gone] == [("model", "gone")]


def test_a_shortfall_says_what_was_then() -> None:
    """A drop names the value at going live and the margin."""
    live = LiveModel(shown(), summary_of(auc=0.7), SINCE)
    (part,) = [p for p in judge_live(Watch.model_validate({"drop": {"auc": 0.05}}), live, NOW)
               if p.number == "drop.auc"]  # fmt: skip
    assert str(part) == (
        "drop.auc: wanted at least 0.75 (0.8 when it went live, margin 0.05), measured 0.7"
    )


def test_the_gate_holds_where_watch_says_nothing() -> None:
    """Each bound comes from watch, else from the gate; who was to be beaten doesn't count."""
    gate = Gate.model_validate({"auc": 0.75, "reach": 3, "healthy": False, "beats_current": {}})
    assert watch_of(gate, None) == Watch(auc=0.75, reach=3, healthy=False)
    own = Watch.model_validate({"auc": 0.7, "stale": "10d"})
    assert watch_of(gate, own) == Watch(auc=0.7, reach=3, healthy=False, stale="10d")
    assert watch_of(None, own) == own
    assert watch_of(None, None).healthy


def test_the_line_of_a_chart_is_the_stricter_bound() -> None:
    """The bound of a number is the gate's or the drop's, whichever is harder to keep."""
    watch = Watch.model_validate({"auc": 0.72, "drop": {"auc": 0.05, "mse": 0.02, "reach": 1}})
    assert lowest(watch, SINCE) == {"auc": 0.75, "mse": 0.12, "reach": 3.0}
    assert lowest(watch, {}) == {"auc": 0.72}
