"""How a model is declared to go live, what came of it, and whether more is to be done. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from providers.lytics.domain.diff import holds_unknown
from providers.lytics.domain.fields import FieldClass, OwnId
from providers.lytics.domain.live.gate import Gate, kept_gate
from providers.lytics.domain.live.judging import Part
from providers.lytics.domain.live.liveness import Down, Unheeded
from providers.lytics.domain.record import MOST_REMEMBERED
from providers.lytics.text import harmless


class ActivationInputs(BaseModel):
    """What is declared of going live."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), defer_build=True
    )

    key: Annotated[str, Field(min_length=1), FieldClass.NEVER]
    model_id: Annotated[OwnId, FieldClass.IN_PLACE]
    # Without is_active in the declaration a gate is evaluated and shown, nothing goes live.
    activate: Annotated[bool, FieldClass.IN_PLACE] = True
    gate: Annotated[Gate | None, FieldClass.IN_PLACE] = None
    swap: Annotated[str | None, FieldClass.STATE_ONLY] = None


@dataclass(frozen=True)
class Outcome:
    """What became of a model after its build.

    Attributes:
        passed: whether it may be live; False is a difference until it is True.
        pending: whether it wasn't trained yet, so that nothing could be judged.
        parts: every part of the gate.
        reasons: what stood in the way, a sentence each.
        live: whether it is live now.
        live_model_id: the model of this declaration that is live now, None if none is.
        scores: the main numbers of its summary.
        unheeded: the last write, where Lytics didn't do as it was asked.
        down: the model that a swap stopped, where nothing is live since.
    """

    passed: bool
    live: bool
    live_model_id: str | None
    pending: bool = False
    parts: tuple[Part, ...] = ()
    reasons: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    unheeded: Unheeded | None = None
    down: Down | None = None

    def outputs(self, inputs: ActivationInputs, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the state keeps, with the ids that were live for this declaration."""
        earned = [i for i in state.get("earned") or [] if i != self.live_model_id]
        # A model that Lytics doesn't stop may be live without having passed: it doesn't count.
        is_past_gate = not self.passed and self.unheeded is not None
        if self.live_model_id is not None and not is_past_gate:
            earned.append(self.live_model_id)
        kept: dict[str, Any] = {}
        if self.unheeded is not None:
            kept["unheeded"] = self.unheeded.as_dict()
        if self.down is not None:
            kept["down"] = self.down.as_dict()
        return {
            "earned": earned[-MOST_REMEMBERED:],
            **kept,
            **inputs.model_dump(exclude_none=True),
            "passed": self.passed,
            "pending": self.pending,
            "parts": [part.as_dict() for part in self.parts],
            "reasons": [harmless(reason) for reason in self.reasons],
            "live": self.live,
            "live_model_id": self.live_model_id,
            "scores": dict(self.scores),
        }


def differs(state: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Tell whether an activation has something to do; pure.

    Three things are a difference: a gate that didn't pass, until it does; a model that somebody
    deactivated outside; a write that Lytics didn't carry out. A gate that is only observed is
    judged once per model and gate.
    """
    wanted = inputs.get("gate")
    # A bound that isn't known yet, in a preview, may be any.
    gate_changed = holds_unknown(wanted) or kept_gate(state.get("gate")) != kept_gate(wanted)
    changed = any(state.get(name) != inputs.get(name) for name in ("model_id", "activate", "swap"))
    if changed or gate_changed or state.get("pending"):
        return True
    if state.get("unheeded"):
        return True
    return bool(inputs.get("activate")) and not (state.get("passed") and state.get("live"))
