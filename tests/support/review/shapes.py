"""States, models and numbers as Pulumi and the API show them."""

from collections.abc import Mapping
from typing import Any

from cli.workspace.state import Resource, StackState
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE
from providers.lytics.domain.identity import default_name, lineage
from providers.lytics.domain.record import hash_of, outputs_of
from providers.lytics.shapes import Model, Summary

Json = dict[str, Any]
PROJECT = "lytics-ml"
STACK = "test"
SOURCE = "a" * 32
TARGET = "b" * 32
CONFIG = {"use_scores": True}
ECHO = {
    "collect": 5000,
    "use_scores": True,
    "use_content": False,
    "build_only": False,
    "auto_tune": False,
    "tune_model": False,
    "re_run": False,
}


def inputs_of(key: str, **fields: object) -> ModelInputs:
    """Return what a program hands to the provider for a model."""
    given = {
        "key": key,
        "stack": STACK,
        "lineage": lineage(PROJECT, STACK, key),
        "source": SOURCE,
        "target": TARGET,
        "config": CONFIG,
        **fields,
    }
    return ModelInputs.model_validate(given)


def name_of(inputs: ModelInputs) -> str:
    """Return the default name of a model."""
    return default_name(inputs.key, inputs.lineage, hash_of(inputs))


def model_of(inputs: ModelInputs, model_id: str, **fields: object) -> Model:
    """Return a trained and live model as the API shows it."""
    config = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    shown: Json = {
        "id": model_id,
        "aid": 1234,
        "name": inputs.name or name_of(inputs),
        "label": inputs.label or "",
        "state": "complete",
        "source": inputs.source,
        "target": inputs.target,
        "type": "rf",
        "is_healthy": True,
        "is_active": True,
        "created": "2026-01-02T03:04:05Z",
        "config": {**ECHO, **config},
    }
    return Model.model_validate({**shown, **fields})


def resource_of(
    inputs: ModelInputs, model: Model, trained: Mapping[str, str] | None = None, **fields: object
) -> Resource:
    """Return a model as the state keeps it after it was applied."""
    return Resource(
        key=inputs.key,
        id=model.id,
        outputs={**outputs_of(inputs, model, trained), **fields},
        urn=urn(inputs.key),
    )


def urn(key: str, kind: str = MODEL_TYPE) -> str:
    """Return the engine's name for a resource."""
    return f"urn:pulumi:{STACK}::{PROJECT}::{kind}::{key}"


def activation_of(key: str, model_id: str, **fields: object) -> Resource:
    """Return an activation as the state keeps it after its model went live."""
    outputs: Json = {
        "key": key,
        "model_id": model_id,
        "activate": True,
        "gate": {"auc": 0.7, "healthy": True},
        "passed": True,
        "pending": False,
        "parts": [],
        "reasons": [],
        "live": True,
        "live_model_id": model_id,
        "earned": [model_id],
        "scores": {"auc": 0.8},
    }
    return Resource(key, key, {**outputs, **fields}, urn=urn(key, ACTIVATION_TYPE))


def state_of(*resources: Resource, activations: tuple[Resource, ...] = ()) -> StackState:
    """Return a stack's state."""
    return StackState(STACK, resources, {one.key: one for one in activations})


def summary_of(**scores: object) -> Summary:
    """Return the numbers of a trained model."""
    given = {"auc": 0.8, "accuracy": 6, "reach": 4, "health": "healthy", **scores}
    features = [
        {"name": "visit_ct", "kind": "field", "importance": 61.5},
        {"name": "score_momentum", "kind": "score", "importance": 20.25},
    ]
    return Summary.model_validate({"summary": given, "features": features})
