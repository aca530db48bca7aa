"""Summaries for ``--no-train``: plausible, coherent, and the same for the same seed and config."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sandbox.building import reading
from sandbox.models import Config
from sandbox.people.fields import FieldPlan

JsonObject = dict[str, Any]
HELD_OUT_USERS = 100


def digest(  # noqa: PLR0913 - all that makes a training differ
    seed: int, aid: int, source: str, target: str, config: Config, *, week: int = 0
) -> int:
    """Return the number that a model's randomness grows from.

    It holds everything that makes a training differ, so two models of one declaration use the
    same sample and come to the same numbers, whatever their ids and names, if they are trained in
    the same week; ``build_only`` and ``re_run`` say nothing about training and are left out.
    """
    asked = {k: v for k, v in asdict(config).items() if k not in ("build_only", "re_run")}
    text = json.dumps([seed, aid, source, target, asked, *([week] if week else [])], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def make_up_summary(
    seed: int, fields: Sequence[FieldPlan], kept: float = 1.0, before: JsonObject | None = None
) -> JsonObject:
    """Return a summary in the sandbox's own words, whose numbers fit each other.

    Args:
        seed: same seed, same summary.
        fields: the model's features.
        kept: the share of its predictive power that the model has left, 0 to 1: AUC's part above
            chance, and R², shrink to it.
        before: the summary of the model before that; None makes it up too.
    """
    dice = random.Random(seed)  # noqa: S311 - seeded on purpose
    auc = round(dice.uniform(0.72, 0.96), 4)
    rsq = round(min(0.95, max(0.12, 2.2 * (auc - 0.5) ** 1.1 - 0.1 + dice.uniform(-0.05, 0.05))), 4)
    if before:
        auc, rsq = _number(before, "auc", auc), _number(before, "rsq", rsq)
    if kept < 1:
        # Not rounded: a year comes to the same in one step and in 52.
        auc, rsq = 0.5 + kept * (auc - 0.5), kept * rsq
    error = 0.5 * (1 - auc) + 0.02
    positive = [_clip(dice.gauss(0.5 + auc / 3, error)) for _ in range(HELD_OUT_USERS)]
    negative = [_clip(dice.gauss(0.5 - auc / 3, error)) for _ in range(HELD_OUT_USERS)]
    return _coherent(dice, auc, rsq, positive, negative) | {"features": _features(dice, fields)}


def _number(summary: JsonObject, key: str, otherwise: float) -> float:
    value = summary.get(key)
    return value if isinstance(value, int | float) else otherwise


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))


def _coherent(
    dice: random.Random, auc: float, rsq: float, positive: list[float], negative: list[float]
) -> JsonObject:
    found = sum(p >= 0.5 for p in positive)  # noqa: PLR2004 - the cut of the error matrix
    mistaken = sum(p >= 0.5 for p in negative)  # noqa: PLR2004 - the cut of the error matrix
    accuracy, reach = reading.accuracy_of(rsq), reading.reach_of(mistaken / HELD_OUT_USERS)
    threshold = round(dice.uniform(0.42, 0.58), 2)
    return {
        "mse": round(0.25 * (1 - rsq), 4),
        "rsq": rsq,
        "auc": auc,
        "threshold": threshold,
        "accuracy": accuracy,
        "reach": reach,
        "audience_similarity": round(dice.uniform(0.02, 0.4), 4),
        "health": reading.health_of(rsq),
        "true_positive": found,
        "false_negative": HELD_OUT_USERS - found,
        "false_positive": mistaken,
        "true_negative": HELD_OUT_USERS - mistaken,
        "target_predictions": prediction_map(positive),
        "source_predictions": prediction_map(negative),
        "msgs": [reading.verdict(rsq, accuracy, reach, threshold)],
    }


def prediction_map(predictions: Sequence[float]) -> dict[str, int]:
    """Count predictions per hundredth: keys "0.00" to "1.00", zeros left out."""
    counts: dict[str, int] = {}
    for value in sorted(predictions):
        key = f"{value:.2f}"
        counts[key] = counts.get(key, 0) + 1
    return counts


def _features(dice: random.Random, fields: Sequence[FieldPlan]) -> list[JsonObject]:
    weights = [dice.random() ** 4 for _ in fields]
    whole = sum(weights)
    features = [
        _feature(dice, field, 100 * weight / whole)
        for field, weight in zip(fields, weights, strict=True)
    ]
    return sorted(features, key=lambda feature: -float(feature["importance"]))


def _feature(dice: random.Random, field: FieldPlan, importance: float) -> JsonObject:
    prevalence = round(dice.uniform(0.4, 1), 4)
    impact: JsonObject = {"lift": round(dice.uniform(-0.1, 0.3), 4)}
    if field.type == "numeric":
        impact |= {"threshold": round(dice.uniform(0, 1), 4), "value": round(dice.random(), 4)}
    else:
        impact["value"] = "other"
    return {
        "kind": field.kind,
        "type": field.type,
        "name": field.name,
        "importance": round(importance, 6),
        "correlation": round(dice.uniform(-0.4, 0.6), 4),
        "prevalence": {"source": prevalence, "target": round(_clip(prevalence + 0.05), 4)},
        "impact": impact,
    }
