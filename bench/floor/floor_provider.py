"""The engine's floor: a dynamic provider that does nothing but sleep while an API would answer."""

import os
import time
from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

# What the stand-in of the API takes for each request.
LATENCY_S = float(os.environ.get("LATENCY_MS", "50")) / 1000
# As many outputs as a model has.
SHOWN = {
    "name": "model",
    "state": "complete",
    "type": "rf",
    "is_active": False,
    "live": False,
    "is_healthy": True,
    "created": "2026-01-01T00:00:00Z",
    "updated": "2026-01-01T00:00:00Z",
    "aid": 1234,
    "declared_name": "model",
    "managed": ["label"],
    "reported_config": {"use_scores": True, "collect": 5000},
    "trained": {},
}


class FloorProvider(ResourceProvider):
    """Knows nothing, asks nobody."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Take as long as a request, and keep what was declared."""
        time.sleep(LATENCY_S)
        return CreateResult(f"id-{props['key']}", {**props, **SHOWN})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the one thing that changes."""
        return DiffResult(changes=_olds["label"] != _news["label"])

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Take as long as a request, and keep what was declared."""
        time.sleep(LATENCY_S)
        return UpdateResult({**_news, **SHOWN})


class Floor(Resource, module="bench", name="Floor"):
    """A resource with a model's properties."""

    def __init__(self, key: str, props: dict[str, Any]) -> None:
        super().__init__(FloorProvider(), key, {**props, **dict.fromkeys(SHOWN)})
