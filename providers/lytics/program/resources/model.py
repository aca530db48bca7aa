"""`MlModel`, the resource: what a program declares."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from providers.lytics.domain.fields import kept_on_delete
from providers.lytics.domain.identity import lineage
from providers.lytics.domain.record import SHOWN
from providers.lytics.domain.segments import is_id
from providers.lytics.model import MlModelProvider
from providers.lytics.program.later import awaited
from providers.lytics.program.program import this_program
from providers.lytics.program.resources.arguments import (
    Activation,
    ConfigArgs,
    GateArgs,
    Later,
    OnDeleteArgs,
    Swap,
)

if TYPE_CHECKING:
    from providers.lytics.program.resources.activation import MlModelActivation


@dataclass(frozen=True)
class ModelTraits:
    """What the program itself needs to know of a model that it declared.

    The resource's attributes of these names are outputs, known only once the engine answered.

    Attributes:
        key: the resource's name in this stack.
        activation: what an `MlModelActivation` does for it.
        build_timeout: how long an `up` waits for the build.
        manages_live: whether an `up` sets the model live, or stops it.
        is_active: what is declared of the model itself, None where nothing is, or it is an Output.
    """

    key: str
    activation: Activation | None
    build_timeout: pulumi.Input[str] | None
    manages_live: bool
    is_active: bool | None = None


@dataclass(frozen=True)
class Spelled:
    """What a stack file says besides of a model.

    Attributes:
        source: how it spells the source, None where it is given by its id.
        target: how it spells the target.
    """

    source: str | None = None
    target: str | None = None


class MlModel(Resource, module="lytics", name="MlModel"):
    """A lookalike model of a Lytics account.

    Only `label` and `is_active` change in place; a change of anything else that trains makes a
    new model, and the old one leaves by its `on_delete` once the new one is there.

    Attributes:
        id: the id that Lytics gave, 32 hex digits.
        name: the key under which profiles hold the prediction; audiences use it.
        label: text that people see.
        state: `building`, `complete` or `invalid`.
        type: the algorithm that training chose (`rf`, `gbm`, `lr`), empty while it is built.
        is_active: whether the model is live, or will be once it is built.
        live: whether it was live when the API was last asked.
        is_healthy: whether Lytics finds its predictions fit for use.
        created: when it was created, RFC 3339.
        updated: when it was last trained, RFC 3339.
        aid: the number of the account.
        unheeded: a write of is_active that Lytics didn't carry out; where is_active is declared.
        lineage: 12 hex digits that all models of this declaration share.
        judgement: the `MlModelActivation` that `gate` declared, None without a gate.
    """

    source: pulumi.Output[str]
    target: pulumi.Output[str]
    name: pulumi.Output[str]
    label: pulumi.Output[str | None]
    is_active: pulumi.Output[bool]
    live: pulumi.Output[bool]
    is_healthy: pulumi.Output[bool]
    state: pulumi.Output[str]
    type: pulumi.Output[str]
    created: pulumi.Output[str]
    updated: pulumi.Output[str]
    aid: pulumi.Output[int]
    config: pulumi.Output[dict[str, Any] | None]
    unheeded: pulumi.Output[dict[str, Any] | None]
    lineage: pulumi.Output[str]
    _spelled = Spelled()

    def __init__(  # noqa: PLR0913 - each is one field of the declaration
        self,
        key: str,
        *,
        source: pulumi.Input[str],
        target: pulumi.Input[str],
        label: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        is_active: pulumi.Input[bool] | None = None,
        config: ConfigArgs | Later | None = None,
        gate: GateArgs | Later | None = None,
        on_delete: OnDeleteArgs | None = None,
        generation: pulumi.Input[int] | None = None,
        adopt: pulumi.Input[str] | None = None,
        take_over: pulumi.Input[bool] | None = None,
        build_timeout: pulumi.Input[str] | None = None,
        swap: Swap | Later | None = None,
        activation: Activation | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a model.

        Args:
            key: the resource's name in this stack.
            source: whom to score: a segment's slug or its id of 32 hex digits.
            target: whom they should resemble, in the same way.
            label: text that people see; left out, it isn't managed.
            name: the model's name; left out, it is made from the key.
            is_active: whether the model is live; left out, it isn't managed.
            config: use_scores, use_content, collect, build_only, auto_tune, tune_model, re_run,
                additional, blocked (API v2); a change trains a new model.
            gate: what the trained model must score before it goes live, with `is_active=True`;
                without is_active it is only judged and shown. See `MlModelActivation`.
            on_delete: `deactivate` (default), `delete`, `retain` or
                `{"delete": "even_if_used"}`.
            generation: raise it to train an unchanged declaration anew (default 1).
            adopt: id of an existing model to take over instead of training one.
            take_over: adopt a model whose name shows that another stack made it.
            build_timeout: how long an `up` waits for the build, for example `4h` (default).
            swap: `break_first` to stop the old model first at the limit of live models.
            activation: `swap` when an `MlModelActivation` of your own sets this model live,
                `observe` when one only evaluates a gate; the model is then built without going
                live. Not together with `gate`.
            opts: Pulumi's options for resources.

        Raises:
            RunError: a gate together with `activation`, or with an is_active known only later.
        """
        if gate is not None:
            activation = _activation_of_gate(key, is_active, activation)
            is_active = None if activation is not None else is_active
        program = this_program()
        program.models.append(self)
        manages_live = is_active is not None or activation == "swap"
        declared = is_active if isinstance(is_active, bool) else None
        self.traits = ModelTraits(key, activation, build_timeout, manages_live, declared)
        parent = opts.parent if opts is not None else None
        given = {
            "label": label,
            "name": name,
            "is_active": is_active,
            "config": config,
            "on_delete": kept_on_delete(on_delete),
            "generation": generation,
            "adopt": adopt,
            "take_over": take_over,
            "build_timeout": build_timeout,
            "swap": swap,
            "activation": activation,
        }
        props = {
            # Every property is an output, and costs time: only those that are declared or shown.
            **dict.fromkeys(SHOWN),
            **({} if declared is None else {"unheeded": None}),
            **{name: value for name, value in given.items() if value is not None},
            "key": key,
            "stack": pulumi.get_stack(),
            "lineage": _lineage(key, parent),
            "source": program.segments.resolve(source),
            "target": program.segments.resolve(target),
            "source_name": self._spelled.source or _spelling(source),
            "target_name": self._spelled.target or _spelling(target),
        }
        super().__init__(MlModelProvider(), key, props, opts)
        self.judgement = None
        if gate is not None and activation is not None:
            self.judgement = _judged(self, key, gate, swap, opts)


def _judged(
    model: MlModel,
    key: str,
    gate: GateArgs | Later,
    swap: Swap | Later | None,
    opts: pulumi.ResourceOptions | None,
) -> "MlModelActivation":
    from providers.lytics.program.resources.activation import (  # noqa: PLC0415 - it needs MlModel
        MlModelActivation,
    )

    return MlModelActivation(key, model=model, gate=gate, swap=swap, opts=opts)


def _activation_of_gate(
    key: str, is_active: pulumi.Input[bool] | None, activation: Activation | None
) -> Activation | None:
    """Return what a gate's activation does, by the rule of the stack files."""
    what = ""
    if activation is not None:
        what = "gate declares the activation itself; leave activation out"
    elif is_active is not None and not isinstance(is_active, bool):
        what = "with a gate, is_active must be True, False or left out"
    if what:
        message = f"MlModel '{key}' can't be used: {what}"
        raise pulumi.RunError(message)
    if is_active is False:
        return None
    return "swap" if is_active else "observe"


def _spelling(reference: pulumi.Input[str]) -> str | None:
    return reference if isinstance(reference, str) and not is_id(reference) else None


def _lineage(key: str, parent: pulumi.Resource | None) -> pulumi.Input[str]:
    project, stack = pulumi.get_project(), pulumi.get_stack()
    if parent is None:
        return lineage(project, stack, key)

    async def below(resource: pulumi.Resource) -> str:
        # As an input the URN itself would make the child depend on its parent, and so on itself.
        return lineage(project, stack, key, await resource.urn.future() or "")

    return awaited(below(parent))
