"""Previews as Pulumi writes them."""

import json
from typing import Any

from cli.workspace.state import Resource
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE
from tests.support.review.shapes import urn

Json = dict[str, Any]


def step(op: str, key: str, old: Resource | None, new: ModelInputs | None, **more: object) -> Json:
    """Return what happens to a model."""
    before = {"urn": urn(key), "id": old.id, "outputs": dict(old.outputs)} if old else None
    after = {"inputs": new.model_dump(exclude_none=True)} if new else None
    return {"op": op, "urn": urn(key), "oldState": before, "newState": after, **more}


def activation_step(op: str, key: str, old: Resource | None, **new: object) -> Json:
    """Return what happens to an activation."""
    before = {"id": key, "outputs": dict(old.outputs)} if old else None
    inputs = {"key": key, "activate": True, **new}
    after = {"inputs": inputs}
    return {"op": op, "urn": urn(key, ACTIVATION_TYPE), "oldState": before, "newState": after}


def preview_of(*steps: Json) -> str:
    """Return a preview."""
    stack = {"op": "same", "urn": "urn:pulumi:test::lytics-ml::pulumi:pulumi:Stack::lytics-ml-test"}
    return json.dumps({"config": {}, "steps": [stack, *steps], "duration": 1})
