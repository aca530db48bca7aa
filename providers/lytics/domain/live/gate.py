"""The gate as it is declared: what a trained model must score before it may go live. Pure."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Lytics docs, "Improving Lookalike Models": fitness is accuracy + reach; 0-7 Poor, 8-9 Fair,
# 10 Good, 11 and more Excellent. The value is where a band begins.
FITNESS_BANDS = {"poor": 0, "fair": 8, "good": 10, "excellent": 11}
Band = Literal["poor", "fair", "good", "excellent"]

Unit = Annotated[float, Field(ge=0, le=1)]
Decile = Annotated[float, Field(ge=0, le=10)]
Margin = Annotated[float, Field(ge=0)]


class Margins(BaseModel):
    """By how much a model must be better than the one that is live, per number."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    auc: Annotated[
        Unit | None, Field(description="area under the ROC curve, for example 0.005")
    ] = None
    accuracy: Annotated[Decile | None, Field(description="accuracy, for example 1")] = None
    reach: Annotated[Decile | None, Field(description="reach, for example 1")] = None
    fitness: Annotated[
        Annotated[float, Field(ge=0, le=20)] | None, Field(description="accuracy + reach")
    ] = None
    rsq: Annotated[Unit | None, Field(description="R squared, for example 0.01")] = None
    mse: Annotated[Unit | None, Field(description="mean squared error: lower by this much")] = None


class Bounds(BaseModel):
    """What a model must score; every part is optional."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    auc: Annotated[Unit | None, Field(description="area under the ROC curve, at least")] = None
    accuracy: Annotated[Decile | None, Field(description="accuracy, 0 to 10, at least")] = None
    reach: Annotated[Decile | None, Field(description="reach, 0 to 10, at least")] = None
    fitness: Annotated[
        Annotated[float, Field(ge=0, le=20)] | Band | None,
        Field(
            description="accuracy + reach, at least: 0 to 20, fair (8), good (10), excellent (11)"
        ),
    ] = None
    rsq: Annotated[
        Annotated[float, Field(le=1)] | None, Field(description="R squared, at least")
    ] = None
    mse: Annotated[Margin | None, Field(description="mean squared error, at most")] = None
    audience_similarity: Annotated[
        Unit | None, Field(description="Jaccard index of source and target, at most")
    ] = None
    healthy: Annotated[
        bool, Field(description="the model must be healthy (optional, default true)")
    ] = True


class Gate(Bounds):
    """What a trained model must score before it goes live; every part is optional."""

    beats_current: Annotated[
        Margins | None, Field(description="better than the live model by at least these margins")
    ] = None


def kept_gate(value: object) -> Gate | None:
    """Return the gate that a state keeps, None where it keeps none."""
    return Gate.model_validate(value) if isinstance(value, Mapping) else None
