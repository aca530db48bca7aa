# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Definitions: what is read, what is refused, and who fits."""

import numpy as np
import pytest

from sandbox.audiences.filter_ql import included_segments, parse_filter
from sandbox.audiences.membership import Membership, pack, percentiles, unpack
from sandbox.audiences.scores import Written
from sandbox.errors import BadRequestError
from sandbox.people.fields import FieldPlan
from sandbox.people.population import Population
from sandbox.segments import Segment, SegmentPlan

SCORES = np.array([0.9, 0.71, 0.7, 0.2, np.nan])
USERS = Population(
    (FieldPlan("visits"), FieldPlan("city", "categorical")),
    {
        "visits": np.array([1.0, 2.0, 3.0, np.nan, 5.0]),
        "city": np.array(["Rome", "Oslo", "", "Rome", "a b"], dtype=object),
    },
    {"loyal": np.array([0, 2, 4])},
)


def fitting(definition: str, **others: str) -> list[int]:
    """Return the positions of the users who fit a definition; others are known by slug."""
    plans = [SegmentPlan("loyal", "Loyal"), SegmentPlan("it", "It", definition=definition)]
    plans += [SegmentPlan(slug, slug, definition=text) for slug, text in others.items()]
    known = {plan.slug: Segment(plan.slug, 1, plan, int) for plan in plans}
    written = {"churn-1": [Written("loyal", "loyal", 1, 0.9, pack(SCORES))]}
    found: list[int] = Membership(USERS, known.get, written).of_segment("it").nonzero()[0].tolist()
    return found


@pytest.mark.parametrize(
    ("condition", "users"),
    [
        ("*", [0, 1, 2, 3, 4]),
        ("segment_prediction.churn-1 > 0.7", [0, 1]),
        ("segment_prediction.`churn-1` >= 0.7", [0, 1, 2]),
        ("`segment_prediction.churn-1` < .9 -- in words", None),
        ("`segment_prediction.churn-1` < 0.9 -- in words", [1, 2, 3]),
        ("'segment_prediction.churn-1' = 0.2", [3]),
        ("[segment_prediction].[churn-1] != 0.2", [0, 1, 2]),
        ("segment_prediction.churn > 0", []),
        ("segment_prediction_percentile.churn-1 >= 50", [0, 1]),
        ("NOT segment_prediction.churn-1 > 0.7", [2, 3, 4]),
        ("EXISTS segment_prediction.churn-1", [0, 1, 2, 3]),
        ("EXISTS segment_prediction", [0, 1, 2, 3]),
        ('segment_prediction INTERSECTS ("churn-1", "other")', [0, 1, 2, 3]),
        ('"churn-1" IN segment_prediction', [0, 1, 2, 3]),
        ('"churn-2" IN segment_prediction', []),
        ("INCLUDE loyal", [0, 2, 4]),
        ("INCLUDE `loyal` AND visits > 1", [2, 4]),
        ("AND (INCLUDE loyal, NOT visits = 3,)", [0, 4]),
        ("visits = 1 OR visits = 2 AND city = 'Rome'", [0]),
        ("(visits = 1 OR visits = 2) AND city = 'Oslo'", [1]),
        ("OR (visits BETWEEN 1 AND 3, city IN ('a b', \"x\"))", [1, 4]),
        ("city NOT IN ('Rome')", [1, 2, 4]),
        ("NOT EXISTS visits /* or\nnot */", [3]),
        ("visits = 'Rome'", []),
        ("shoe > 1", []),
        ("INCLUDE nowhere", []),
    ],
)
def test_who_fits(condition: str, users: list[int] | None) -> None:
    """Each way to ask for scores, fields and segments finds its users."""
    definition = f"FILTER {condition}\nFROM user ALIAS it"
    if users is None:
        with pytest.raises(BadRequestError):
            parse_filter(definition)
        return
    parse_filter(definition)
    assert fitting(definition) == users


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT *",
        "FILTER",
        "FILTER visits",
        "FILTER visits >",
        "FILTER AND (visits > 1",
        "FILTER visits > 1 2",
        "FILTER visits > 1 FROM",
        "FILTER `visits > 1",
        "FILTER INCLUDE",
        "FILTER " + "(" * 2000,
        "FILTER " + "NOT " * 2000 + "*",
        "FILTER visits > \u0000",
    ],
)
def test_what_is_no_definition_is_refused(text: str) -> None:
    """What can't be read is refused in the recorded words, however hostile."""
    with pytest.raises(BadRequestError, match=r"^Invalid SegmentQL: "):
        parse_filter(text)
    assert fitting(text) == []


def test_includes_are_told_once_each() -> None:
    """All segments that a definition names are told, in its order."""
    text = "FILTER AND (INCLUDE b, NOT INCLUDE `a`, OR (INCLUDE b, visits > 1)) FROM user"
    assert included_segments(text) == ["b", "a"]


def test_including_through_others_and_in_circles() -> None:
    """INCLUDE goes through segments that include others; one that includes itself adds nobody."""
    inner = "FILTER INCLUDE inner_still FROM user"
    found = fitting("FILTER INCLUDE inner", inner=inner, inner_still="FILTER visits < 3")
    assert found == [0, 1]
    assert fitting("FILTER OR (INCLUDE other, visits = 1)", other="FILTER INCLUDE it") == [0]


def test_scores_are_kept_to_four_digits() -> None:
    """What is packed comes back, users without a score too."""
    kept = unpack(pack(np.array([0.0, 1.0, 0.12344, np.nan])))
    assert np.array_equal(kept, [0.0, 1.0, 0.1234, np.nan], equal_nan=True)


@pytest.mark.parametrize("made", [[0.1, 0.5, 0.5, 0.9, np.nan], [np.nan]])
def test_percentile_is_the_share_of_lower_scores(made: list[float]) -> None:
    """A percentile says how many percent of the scored users have less."""
    scores = np.array(made)
    known = scores[~np.isnan(scores)]
    wanted = [np.nan if np.isnan(one) else 100 * (known < one).mean() for one in scores]
    assert np.array_equal(percentiles(scores), wanted, equal_nan=True)
