"""How a model's numbers are read: accuracy, reach, health and the verdict. Pure, no libraries."""

HEALTHY_RSQ = (0.1, 0.975)
"""Below: too inaccurate; above: overfit (Lytics docs: Evaluating Lookalike Models)."""
REACH_PER_FPR = 25
"""Ours, see ``reach_of``."""
LOW = 3
HIGH = 7


def _tenth(value: float) -> int:
    return max(0, min(10, int(value + 0.5)))


def accuracy_of(rsq: float) -> int:
    """Return accuracy, 0 to 10: R² to the nearest decile (Lytics docs: Evaluating …)."""
    return _tenth(10 * rsq)


def reach_of(false_positive_rate: float) -> int:
    """Return reach, 0 to 10, from the false positive rate, 0 to 1.

    Lytics publishes no formula, only that reach is interpreted from the false positive rate
    (v2 OpenAPI). Ours is 25 times the FPR to the nearest whole number, at most 10: it gives what
    was recorded at .000 (0), .059 (1) and .069 (2), and 10 from an FPR of .4 on.
    """
    return _tenth(REACH_PER_FPR * false_positive_rate)


def health_of(rsq: float) -> str:
    """Return "healthy" or "unhealthy" by R² alone (Lytics docs: Evaluating …)."""
    low, high = HEALTHY_RSQ
    return "healthy" if low <= rsq <= high else "unhealthy"


def message(text: str, severity: str, *tags: str) -> dict[str, object]:
    """Return one of a summary's ``msgs`` (go-lytics recorded data)."""
    return {"text": text, "tags": list(tags), "severity": severity}


def verdict(rsq: float, accuracy: int, reach: int, threshold: float) -> dict[str, object]:
    """Return the one sentence worth showing, tagged ``verdict``."""
    low, high = HEALTHY_RSQ
    if rsq < low:
        text = (
            "The model is unhealthy: it could not find sufficient signal. "
            "Try Auto Tune, or add features."
        )
        return message(text, "warn", "summary", "verdict")
    if rsq > high:
        text = (
            "The model is unhealthy: it is overfit. "
            "Look for features that give the target audience away, and block them."
        )
        return message(text, "warn", "summary", "verdict")
    if reach <= LOW and accuracy >= HIGH:
        text = (
            "Reach is low but accuracy is high; to reach more users, "
            f"try adjusting the decision threshold to around {threshold:.2f}."
        )
    elif reach >= HIGH and accuracy <= LOW:
        text = "Reach is high but accuracy is low; a higher decision threshold is more accurate."
    else:
        text = f"Accuracy {accuracy} and reach {reach}; decide at around {threshold:.2f}."
    return message(text, "info", "summary", "verdict")
