"""A model's numbers, computed from its held-out users alone."""

from typing import Any

import numpy as np

from sandbox.building import reading
from sandbox.building.features import correlation
from sandbox.building.made_up import prediction_map
from sandbox.people.fields import FieldPlan
from sandbox.people.population import Floats, Indices, missing

JsonObject = dict[str, Any]
CUT = 0.5
"""Where the error matrix divides: the recorded one agrees with its prediction maps at 0.5, not
at its own threshold of 0.67 (go-lytics recorded data)."""
SHARE_MIN = 0.01
"""A category of fewer held-out users doesn't stand for a field."""


def area_under_curve(y: Indices, p: Floats) -> float:
    """Return the area under the ROC curve, 0 to 1: how often a target user comes out on top."""
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int(y.sum())
    negatives = y.size - positives
    return float((ranks[y == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def balanced_threshold(y: Indices, p: Floats) -> float:
    """Return the hundredth at which both error rates are most alike, the lowest of several.

    The threshold balances false positives and false negatives equally (Lytics docs: Evaluating
    Lookalike Models); rates rather than counts, as the two audiences may differ in size (ours).
    """
    steps = np.arange(101) / 100
    false_positive = np.array([(p[y == 0] >= step).mean() for step in steps])
    false_negative = np.array([(p[y == 1] < step).mean() for step in steps])
    gaps = np.round(np.abs(false_positive - false_negative), 9)
    errors = np.where(gaps == gaps.min(), false_positive + false_negative, np.inf)
    return float(steps[int(np.argmin(errors))])


def summarize(y: Indices, p: Floats, similarity: float) -> JsonObject:
    """Return a summary in the sandbox's own words, without features.

    Args:
        y: truth of the held-out users, 1 for target, shape (n,).
        p: predicted probability of target, 0 to 1, shape (n,).
        similarity: Jaccard index of the segments, 0 to 1.
    """
    mse = float(np.mean((y - p) ** 2))
    rsq = 1 - mse / float(np.var(y))
    positive = p >= CUT
    true_negative, false_positive = int(np.sum(~positive[y == 0])), int(np.sum(positive[y == 0]))
    accuracy = reading.accuracy_of(rsq)
    reach = reading.reach_of(false_positive / (false_positive + true_negative))
    threshold = balanced_threshold(y, p)
    return {
        "mse": mse,
        "rsq": rsq,
        "auc": area_under_curve(y, p),
        "threshold": threshold,
        "accuracy": accuracy,
        "reach": reach,
        "audience_similarity": similarity,
        "health": reading.health_of(rsq),
        "true_positive": int(np.sum(positive[y == 1])),
        "false_negative": int(np.sum(~positive[y == 1])),
        "false_positive": false_positive,
        "true_negative": true_negative,
        "target_predictions": prediction_map(p[y == 1].tolist()),
        "source_predictions": prediction_map(p[y == 0].tolist()),
        "msgs": [reading.verdict(rsq, accuracy, reach, threshold)],
    }


def describe_feature(
    field: FieldPlan,
    values: Any,  # noqa: ANN401 - floats or str objects
    y: Indices,
    p: Floats,
    importance: float,
) -> JsonObject:
    """Return one of the summary's features.

    Args:
        field: which.
        values: of the held-out users, shape (n,).
        y: their truth.
        p: their predictions.
        importance: percent of the whole, 0 to 100.
    """
    known = ~missing(values)
    if field.type == "numeric":
        related, impact = correlation(values, y.astype(float)), _impact_of_number(values, y, p)
    else:
        related, impact = _impact_of_category(values, y, p)
    return {
        "kind": field.kind,
        "type": field.type,
        "name": field.name,
        "importance": importance,
        "correlation": related,
        "prevalence": {
            "source": float(known[y == 0].mean()),
            "target": float(known[y == 1].mean()),
        },
        "impact": impact,
    }


def _lift(chosen: Any, p: Floats) -> float:  # noqa: ANN401 - a mask
    """Return how much higher the mean prediction of chosen users is than the others', -1 to 1."""
    if not chosen.any() or chosen.all():
        return 0.0
    return float(p[chosen].mean() - p[~chosen].mean())


def _impact_of_number(values: Floats, y: Indices, p: Floats) -> JsonObject:
    """Return threshold, the decile that divides predictions best; lift from it on up; and value.

    ``value`` is the mean of the target users: the API page's samples give numeric fields one and
    no document says what it is (ours).
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return {"lift": 0.0, "threshold": 0.0, "value": 0.0}
    candidates = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9)))
    best = max(candidates, key=lambda step: _explained(values >= step, p))
    target = values[(y == 1) & ~np.isnan(values)]
    typical = float(target.mean()) if target.size else 0.0
    return {"lift": _lift(values >= best, p), "threshold": float(best), "value": typical}


def _explained(chosen: Any, p: Floats) -> float:  # noqa: ANN401 - a mask
    """Return the variance of predictions that a division explains."""
    share = float(chosen.mean())
    return share * (1 - share) * _lift(chosen, p) ** 2


def _impact_of_category(values: Any, y: Indices, p: Floats) -> tuple[float, JsonObject]:  # noqa: ANN401 - str objects
    """Return correlation and impact of the category that divides predictions best."""
    names, counts = np.unique(values.astype(str), return_counts=True)
    frequent = [name for name in names[counts >= SHARE_MIN * values.size] if name]
    if not frequent:
        return 0.0, {"lift": 0.0, "value": ""}
    best = str(max(frequent, key=lambda name: _explained(values == name, p)))
    chosen = values == best
    related = correlation(chosen.astype(float), y.astype(float))
    return related, {"lift": _lift(chosen, p), "value": best}
