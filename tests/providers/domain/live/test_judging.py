"""The gate: what a trained model must score before it may go live."""

from typing import Any

import pytest
from pydantic import ValidationError

from providers.lytics.domain.live.gate import FITNESS_BANDS, Gate
from providers.lytics.domain.live.judging import Part, Verdict, evaluate, number
from providers.lytics.shapes import Summary

Json = dict[str, Any]
GOOD: Json = {
    "auc": 0.8,
    "accuracy": 6,
    "reach": 4,
    "rsq": 0.5,
    "mse": 0.1,
    "audience_similarity": 0.3,
    "health": "healthy",
}
NUMBERS = ["auc", "accuracy", "reach", "fitness", "rsq", "mse", "audience_similarity"]


def summary(**changes: object) -> Summary:
    """Return the summary of a good model, changed."""
    return Summary.model_validate({"id": "a", "summary": {**GOOD, **changes}})


def gate(**parts: object) -> Gate:
    """Return a gate of the parts that are given, which doesn't ask about health."""
    return Gate.model_validate({"healthy": False, **parts})


def passes(wanted: Gate, measured: Summary, current: Summary | None = None) -> bool:
    """Tell whether a model passes."""
    return evaluate(wanted, measured, current).passed


@pytest.mark.parametrize(
    ("name", "bound", "better", "worse"),
    [
        ("auc", 0.8, 0.81, 0.79),
        ("accuracy", 6, 7, 5),
        ("reach", 4, 5, 3),
        ("rsq", 0.5, 0.6, 0.4),
        ("mse", 0.1, 0.09, 0.11),
        ("audience_similarity", 0.3, 0.2, 0.4),
    ],
)
def test_each_bound(name: str, bound: float, better: float, worse: float) -> None:
    """Each number passes at its bound and on the better side of it, and nowhere else."""
    wanted = gate(**{name: bound})
    assert passes(wanted, summary(**{name: bound}))
    assert passes(wanted, summary(**{name: better}))
    assert not passes(wanted, summary(**{name: worse}))


@pytest.mark.parametrize(
    ("accuracy", "reach", "wanted", "expected"),
    [
        (6, 4, 10, True),
        (6, 3, 10, False),
        (0, 0, "poor", True),
        (4, 4, "fair", True),
        (4, 3, "fair", False),
        (6, 4, "good", True),
        (5, 4, "good", False),
        (6, 5, "excellent", True),
        (6, 4, "excellent", False),
    ],
)
def test_fitness(accuracy: float, reach: float, wanted: object, *, expected: bool) -> None:
    """Fitness is accuracy and reach together, in numbers or in the documentation's bands."""
    measured = summary(accuracy=accuracy, reach=reach)
    assert passes(gate(fitness=wanted), measured) is expected
    assert FITNESS_BANDS == {"poor": 0, "fair": 8, "good": 10, "excellent": 11}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_missing_number_never_passes(name: str, value: float | None) -> None:
    """A number that is missing, or is none, passes no bound, not even the lowest."""
    lowest = 1 if name in {"mse", "audience_similarity"} else 0
    field = "reach" if name == "fitness" else name
    (part,) = evaluate(gate(**{name: lowest}), summary(**{field: value}), None).parts
    assert not part.passed
    assert part.measured == "missing"


@pytest.mark.parametrize(
    ("health", "expected", "measured"),
    [
        ("healthy", True, "healthy"),
        ("good", True, "good"),
        ("unhealthy", False, "unhealthy"),
        ("", False, "missing"),
        (None, False, "missing"),
    ],
)
def test_health_is_asked_about_by_default(
    health: str | None, measured: str, *, expected: bool
) -> None:
    """A gate asks for a healthy model unless it says that it doesn't."""
    assert evaluate(Gate(), summary(health=health), None).parts == (
        Part("health", "healthy", measured, expected),
    )
    assert evaluate(gate(), summary(health=health), None).parts == ()


CURRENT: Json = {"auc": 0.81, "accuracy": 6, "reach": 4, "rsq": 0.5, "mse": 0.1}


@pytest.mark.parametrize(
    ("name", "margin", "ours", "expected"),
    [
        ("auc", 0.005, 0.815, True),
        ("auc", 0.005, 0.8149, False),
        ("auc", 0, 0.81, True),
        ("auc", 0, 0.8099, False),
        ("accuracy", 1, 7, True),
        ("accuracy", 1, 6, False),
        ("reach", 1, 5, True),
        ("rsq", 0.1, 0.6, True),
        ("rsq", 0.1, 0.59, False),
        ("mse", 0.01, 0.09, True),
        ("mse", 0.01, 0.091, False),
        ("mse", 0, 0.1, True),
    ],
)
def test_beats_current(name: str, margin: float, ours: float, *, expected: bool) -> None:
    """Better, equal or worse than the live model by a margin, which floats don't blur."""
    wanted = gate(beats_current={name: margin})
    assert passes(wanted, summary(**{name: ours}), summary(**CURRENT)) is expected


def test_a_margin_isnt_missed_by_the_last_bit_of_a_float() -> None:
    """0.2 is lower than 0.3 by 0.1, and 0.815 higher than 0.81 by 0.005."""
    assert passes(gate(beats_current={"mse": 0.1}), summary(mse=0.2), summary(mse=0.3))
    assert passes(gate(beats_current={"auc": 0.005}), summary(auc=0.815), summary(auc=0.81))


def test_beats_current_by_fitness() -> None:
    """Fitness can be what a model has to be better in."""
    wanted = gate(beats_current={"fitness": 1})
    assert passes(wanted, summary(accuracy=7, reach=4), summary(**CURRENT))
    assert not passes(wanted, summary(accuracy=6, reach=4), summary(**CURRENT))


def test_nothing_to_beat_passes() -> None:
    """Without a live model there is nothing to beat, and the reason says so."""
    (part,) = evaluate(gate(beats_current={"auc": 0.005}), summary(), None).parts
    assert part == Part(
        "beats_current.auc",
        "better than the live model by 0.005",
        "0.8, nothing to beat",
        passed=True,
    )


def test_a_number_that_either_lacks_beats_nothing() -> None:
    """A model without the number doesn't beat, nor is one without it beaten."""
    wanted = gate(beats_current={"auc": 0.005})
    (ours,) = evaluate(wanted, summary(auc=None), None).parts
    assert (ours.measured, ours.wanted, ours.passed) == ("missing", "better by 0.005", False)
    (theirs,) = evaluate(wanted, summary(), Summary()).parts
    assert (theirs.measured, theirs.passed) == ("0.8, the live model has none", False)


def test_a_verdict_has_reasons() -> None:
    """Each part says what was wanted and measured; the reasons are those that failed."""
    wanted = Gate.model_validate(
        {"auc": 0.85, "fitness": "good", "mse": 0.2, "beats_current": {"auc": 0.005, "mse": 0.01}}
    )
    verdict = evaluate(wanted, summary(), summary(**CURRENT))
    assert not verdict.passed
    assert verdict.reasons == [
        "auc: wanted at least 0.85, measured 0.8",
        "beats_current.auc: wanted at least 0.815 (live 0.81, margin 0.005), measured 0.8",
        "beats_current.mse: wanted at most 0.09 (live 0.1, margin 0.01), measured 0.1",
    ]
    assert [part.as_dict() for part in verdict.parts][1] == {
        "number": "fitness",
        "wanted": "at least 10 (good)",
        "measured": "10",
        "passed": True,
    }
    assert Verdict(()).passed


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    """Every number of a gate is read from the summary."""
    assert number(summary(), name) == (10 if name == "fitness" else GOOD[name])


@pytest.mark.parametrize(
    "odd",
    [
        {"auc": 1.1},
        {"auc": -0.1},
        {"accuracy": 11},
        {"reach": -1},
        {"fitness": 21},
        {"fitness": "superb"},
        {"rsq": 1.5},
        {"mse": -1},
        {"audience_similarity": 2},
        {"healthy": None},
        {"beats_current": {"auc": 2}},
        {"beats_current": {"audience_similarity": 0.1}},
        {"lift": 1},
    ],
)
def test_an_impossible_gate_is_refused(odd: Json) -> None:
    """A gate with an unknown part, or with a number that can't be, is refused."""
    with pytest.raises(ValidationError):
        Gate.model_validate(odd)
