"""What the arguments of the resources may be, so that an editor catches a mistake in a key.

A test holds that the keys here are those of the declaration.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, Literal, TypedDict

import pulumi

from providers.lytics.domain.live.gate import Band

# What is known only later isn't looked into.
Later = pulumi.Output[Any] | Awaitable[Any]
Swap = Literal["break_first"]
Activation = Literal["swap", "observe"]


class ConfigArgs(TypedDict, total=False):
    """How a model is trained; a change of any of these trains a new one."""

    use_scores: pulumi.Input[bool]
    use_content: pulumi.Input[bool]
    collect: pulumi.Input[int]
    build_only: pulumi.Input[bool]
    auto_tune: pulumi.Input[bool]
    tune_model: pulumi.Input[bool]
    re_run: pulumi.Input[bool]
    additional: pulumi.Input[Sequence[pulumi.Input[str]]]
    blocked: pulumi.Input[Sequence[pulumi.Input[str]]]


class MarginsArgs(TypedDict, total=False):
    """By how much a model must be better than the one that is live, per number."""

    auc: pulumi.Input[float]
    accuracy: pulumi.Input[float]
    reach: pulumi.Input[float]
    fitness: pulumi.Input[float]
    rsq: pulumi.Input[float]
    mse: pulumi.Input[float]


class GateArgs(TypedDict, total=False):
    """What a trained model must score before it goes live; every part is optional."""

    auc: pulumi.Input[float]
    accuracy: pulumi.Input[float]
    reach: pulumi.Input[float]
    fitness: pulumi.Input[float] | Band
    rsq: pulumi.Input[float]
    mse: pulumi.Input[float]
    audience_similarity: pulumi.Input[float]
    healthy: pulumi.Input[bool]
    beats_current: MarginsArgs | Later


class EvenIfUsed(TypedDict):
    """`on_delete` of a model that may be deleted although audiences use it."""

    delete: Literal["even_if_used"]


OnDeleteArgs = Literal["deactivate", "hide", "delete", "retain"] | EvenIfUsed | Later
