"""ML Summary on the wire, in each of the documents' wordings. Pure.

The sandbox's own summary has plain names; here they become ``health`` or ``model_health``,
``failure``, ``fail`` or ``source_predictions``, and so on.
"""

from typing import Any

from sandbox.models import Model
from sandbox.settings import Dialect
from sandbox.turning.behaviour import EarlySummary

JsonObject = dict[str, Any]
NUMBERS = ("mse", "rsq", "auc", "threshold", "accuracy", "reach", "audience_similarity")
COUNTS = ("false_negative", "false_positive", "true_negative", "true_positive")
GO_COUNTS = {name: name.title().replace("_", "") for name in COUNTS}


def render_summary(
    model: Model, summary: JsonObject | None, dialect: Dialect, early: EarlySummary = "dialect"
) -> JsonObject:
    """Return the data of ML Summary.

    What the API answers for a model that isn't built isn't documented: the API page's dialects
    show an empty summary, the others Go's zero values.

    Args:
        model: whose summary.
        summary: in the sandbox's own words; None before the build ends.
        dialect: which document.
        early: how the summary of a building model looks instead.
    """
    features = [_feature(f, dialect) for f in (summary or {}).get("features", [])]
    shown: JsonObject = {
        "id": model.id,
        "name": model.name,
        "summary": _early(early, dialect) if summary is None else _numbers(summary, dialect),
        "features": features,
    }
    if dialect == "v2":
        shown["state"] = model.state
    return shown


def _early(early: EarlySummary, dialect: Dialect) -> JsonObject:
    empty = dialect in ("mldoc", "table") if early == "dialect" else early == "empty"
    return {} if empty else _numbers(_zeros(), dialect)


def _numbers(summary: JsonObject, dialect: Dialect) -> JsonObject:
    shown: JsonObject = {name: summary[name] for name in NUMBERS if name in summary}
    counts = {name: summary.get(name, 0) for name in COUNTS}
    target, source = summary["target_predictions"], summary["source_predictions"]
    match dialect:
        case "mldoc":
            shown |= {"health": summary["health"], **counts, "success": target, "failure": source}
        case "table":
            lists = {"success": _as_list(target), "failure": _as_list(source)}
            shown |= {"model_health": summary["health"], **counts, **lists}
        case "recorded":
            matrix = {"conf": _go_counts(counts)}
            shown |= {
                "model_health": summary["health"],
                **matrix,
                "success": target,
                "fail": source,
            }
        case "v2":
            maps = {"target_predictions": target, "source_predictions": source}
            matrix = {"error_matrix": _go_counts(counts)}
            shown |= {"model_health": summary["health"], **matrix, **maps}
    shown["msgs"] = summary["msgs"]
    return shown


def _zeros() -> JsonObject:
    zeros: JsonObject = dict.fromkeys((*NUMBERS, *COUNTS), 0)
    return zeros | {"health": "", "target_predictions": {}, "source_predictions": {}, "msgs": []}


def _go_counts(counts: dict[str, int]) -> dict[str, int]:
    return {GO_COUNTS[name]: count for name, count in counts.items()}


def _as_list(predictions: dict[str, int]) -> list[int]:
    """Return 101 counts, one per hundredth ("[]number" in the API page's table)."""
    return [predictions.get(f"{step / 100:.2f}", 0) for step in range(101)]


def _feature(feature: JsonObject, dialect: Dialect) -> JsonObject:
    shown = {k: feature[k] for k in ("kind", "name", "importance", "correlation")}
    shown["fieldtype" if dialect == "table" else "type"] = feature["type"]
    prevalence = "prevalance" if dialect in ("mldoc", "table") else "field_prevalence"
    shown[prevalence] = feature["prevalence"]
    impact = dict(feature["impact"])
    # The API page's samples give numeric fields a value, recorded data and v2 don't.
    if dialect in ("recorded", "v2") and "threshold" in impact:
        impact.pop("value", None)
    shown["impact"] = impact
    return shown
