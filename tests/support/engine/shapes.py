"""Declarations that the tests start from."""

from typing import Any

Json = dict[str, Any]


def model(**fields: object) -> Json:
    """Return a declaration that is right, with other fields where a test wants them."""
    base: Json = {
        "source": "all_users",
        "target": "high_value",
        "config": {"use_scores": True},
    }
    return {**base, **fields}


def gated(auc: float = 0.7, **fields: object) -> Json:
    """Return a declaration that goes live when its AUC is good enough."""
    return model(**{"is_active": True, "gate": {"auc": auc}, **fields})
