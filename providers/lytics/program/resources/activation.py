"""`MlModelActivation`, the resource: what sets a model live once it is trained."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from providers.lytics.activation import MlModelActivationProvider
from providers.lytics.domain.live.judging import mark_of
from providers.lytics.program.builds.waiting import failure_of, wait_for, warn_if_unhealthy
from providers.lytics.program.ending.outcomes import Failure, Live
from providers.lytics.program.later import settled, then
from providers.lytics.program.program import this_program
from providers.lytics.program.resources.arguments import GateArgs, Later, Swap
from providers.lytics.program.resources.model import MlModel

if TYPE_CHECKING:
    from providers.lytics.shapes import Model

_OUTPUTS = (
    *("aid", "earned", "passed", "pending", "parts", "reasons"),
    *("judged_at", "live", "live_model_id", "scores"),
)


class MlModelActivation(Resource, module="lytics", name="MlModelActivation"):
    """Sets a model live once it is trained and passes its gate.

    Until it passes, the model that was live before stays live.

    Attributes:
        model_id: the model that is judged.
        passed: whether it passed its gate.
        pending: whether it wasn't trained yet.
        parts: per part of the gate its number, wanted, measured and passed.
        reasons: what stood in the way, a sentence each.
        judged_at: when it was judged last, RFC 3339 in UTC.
        live: whether the model is live.
        live_model_id: the model of this declaration that is live.
        scores: auc, accuracy, reach, rsq, mse and audience_similarity of the model.
    """

    model_id: pulumi.Output[str]
    passed: pulumi.Output[bool]
    pending: pulumi.Output[bool]
    parts: pulumi.Output[list[dict[str, Any]]]
    reasons: pulumi.Output[list[str]]
    judged_at: pulumi.Output[str | None]
    live: pulumi.Output[bool]
    live_model_id: pulumi.Output[str | None]
    scores: pulumi.Output[dict[str, float]]

    def __init__(
        self,
        key: str,
        *,
        model: MlModel,
        gate: GateArgs | Later | None = None,
        swap: Swap | Later | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare that a model goes live when it is trained, and passes its gate if it has one.

        Args:
            key: the resource's name in this stack; usually the model's key.
            model: a model that was declared with `activation="swap"`, or with
                `activation="observe"` to evaluate the gate and set nothing live.
            gate: auc, accuracy, reach, fitness, rsq (at least), mse, audience_similarity (at
                most), healthy (default true), beats_current (margins over the live model).
            swap: `break_first` to stop the old model first at the limit of live models.
            opts: Pulumi's options for resources.

        Raises:
            RunError: the model would go live by itself, before its gate.
        """
        if model.traits.activation is None:
            title = f"MlModelActivation '{key}' can't be used:"
            what = 'declare the model with activation="swap", or it goes live by itself'
            message = f"{title} {what}"
            raise pulumi.RunError(message)
        self._key = key
        self._model = model
        self._has_gate = gate is not None
        self._shown: Model | None = None
        self._problem: Failure | None = None
        self._program = this_program()
        props: dict[str, Any] = {
            **dict.fromkeys(_OUTPUTS),
            "key": key,
            "model_id": then(model.id, self._once_built),
            "activate": model.traits.activation == "swap",
            "gate": gate,
            "swap": swap,
        }
        super().__init__(MlModelActivationProvider(), key, props, opts)
        if self._program.waits:
            self._program.outcomes.expect(self._failures())

    async def _once_built(self, model_id: str) -> str:
        if self._program.waits:
            built = await wait_for(self._program, self._model, model_id)
            self._shown = built.model
            self._problem = failure_of(self._program, self._model, built)
        return model_id

    async def _failures(self) -> list[Failure]:
        outputs = (self.passed, self.pending, self.reasons, self.parts, self.live_model_id)
        judged = await settled([self.id, self.model_id, self.judged_at, *outputs])
        if judged is None:
            # This run left it out, or its model could not be made, which the engine tells.
            return [self._problem] if self._problem is not None else []
        _, model_id, at, passed, pending, reasons, parts, live_id = judged
        is_due = pending or (self._model.traits.activation == "swap" and (reasons or not passed))
        if is_due and (at or "") < self._program.began_at:
            # Its inputs have changed, but --target or --exclude leaves it out: what an earlier
            # run found is no failure of this one.
            return []
        if self._problem is not None:
            return [replace(self._problem, live=Live(model_id, live_id))]
        if not self._has_gate:
            warn_if_unhealthy(self._model, self._shown, is_live=live_id == model_id)
        # What passed may have reasons too: the model before couldn't be stopped, for example.
        if pending or (passed and not reasons):
            return []
        if self._model.traits.activation == "observe":
            title = "" if passed else "the gate is not passed: "
            pulumi.log.warn(f"{title}{'; '.join(reasons)}", self)
            return []
        return [Failure(self._key, *_told(reasons, parts), Live(model_id, live_id))]


def _told(reasons: list[str], parts: list[Any]) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    rows = tuple(
        (f"{mark_of(part['passed'])} {part['number']}", part["wanted"], part["measured"])
        for part in parts or []
    )
    failed = [part for part in parts or [] if not part["passed"]]
    if failed:
        names = ", ".join(str(part["number"]) for part in failed)
        shown = {f"{p['number']}: wanted {p['wanted']}, measured {p['measured']}" for p in failed}
        others = [reason for reason in reasons if reason not in shown]
        return "; ".join([f"the gate is not passed ({names})", *others]), rows
    return "; ".join(reasons or ["it was not judged"]), ()
