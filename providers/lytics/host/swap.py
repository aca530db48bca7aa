"""Gate and swap: what happens once a model is trained. Knows no Pulumi."""

from collections.abc import Mapping
from typing import Any

from providers.lytics.domain.activation import ActivationInputs, Outcome
from providers.lytics.domain.gate import Gate, kept_gate
from providers.lytics.domain.judging import Part, Verdict, evaluate, scores_of
from providers.lytics.domain.liveness import LIVE_LIMIT
from providers.lytics.domain.matching import share_lineage
from providers.lytics.errors import (
    NotFoundError,
    RejectedError,
    RequestError,
    UnreadableReplyError,
)
from providers.lytics.host.model_list import Look
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model, Summary


class ActivationLifecycle:
    """Judges trained models and sets them live, one after the other.

    Args:
        run: the account and what this run knows of it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def apply(self, inputs: ActivationInputs, state: Mapping[str, Any]) -> Outcome:
        """Judge a model; put it live if it passes and is meant to be; stop the one before.

        Swaps are one after the other, so that the account never has more than one live model
        above its number.

        Args:
            inputs: what is declared.
            state: the old outputs, {} for a new activation.

        Raises:
            AccountError: the key is another account's.
            RequestError: the API failed; the next run goes on.
        """
        with self._run.swapping:
            look = self._run.looks.now()
            self.check_account(state)
            model = self._run.find(inputs.model_id, look)
            before = self._live_before(inputs, state, model, look)
            if model is None:
                reason = f"model {inputs.model_id} is gone; pulumi up --refresh trains it anew"
                return _failed(before, [reason])
            if not model.is_complete:
                return self._untrained(model, before)
            challenged = before if before is not None and before.id != model.id else None
            if self._was_deactivated_outside(inputs, state, model):
                verdict = self._known_verdict(state)
                return self._set_live(inputs, model, challenged, verdict, state)
            return self._judged(inputs, state, model, challenged)

    def read(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the old outputs with what the API shows of live and not.

        Raises:
            AccountError: the key is another account's.
        """
        self.check_account(state)
        model = self._run.looks.any().models.get(str(state.get("model_id")))
        live = model is not None and model.is_active
        return {**state, "live": live}

    @property
    def account(self) -> int | None:
        """The number of the account, None if nothing in it says so."""
        return self._run.looks.any().aid

    def check_account(self, state: Mapping[str, Any]) -> None:
        """Refuse to go on with a key of another account than the state's; a write isn't needed.

        Raises:
            AccountError: the key is another account's.
        """
        if state.get("aid") is not None:
            self._run.expect_account(state.get("aid"))
            self._run.prove_account()

    def _live_before(
        self,
        inputs: ActivationInputs,
        state: Mapping[str, Any],
        model: Model | None,
        look: Look,
    ) -> Model | None:
        """Return the live model of this declaration: the one to beat and to stop.

        It is one that this declaration had, or whose name proves that it is of this lineage, and
        never one that is another resource's.
        """
        live = {
            m.id: m
            for m in look.models.values()
            if m.is_active and (m.id == inputs.model_id or self._run.owner(m.id) is None)
        }
        remembered = live.get(str(state.get("live_model_id")))
        if remembered is not None:
            return remembered
        if model is not None and model.is_active:
            return model
        known = self._run.lineage_of(inputs.model_id)
        ids = {*(state.get("earned") or [])}
        if known is not None:
            ids |= {*known.replaced, *known.trained}
        found = [m for m in live.values() if m.id in ids or share_lineage(m, model)]
        return min(found, key=lambda m: m.age_key) if found else None

    def _untrained(self, model: Model, before: Model | None) -> Outcome:
        live = model.is_active
        if model.is_invalid:
            why = self._run.client.why_invalid(model)
            reason = f"model {model.id} is invalid{f': {why}' if why else ''}"
            return _failed(before, [reason], live=live)
        reason = f"model {model.id} is still being built ({model.state or 'no state'})"
        return _failed(before, [reason], pending=True, live=live)

    def _was_deactivated_outside(
        self, inputs: ActivationInputs, state: Mapping[str, Any], model: Model
    ) -> bool:
        """Tell whether a model that earned its place has been stopped by somebody else."""
        same = (
            state.get("model_id") == inputs.model_id and kept_gate(state.get("gate")) == inputs.gate
        )
        earned = bool(state.get("passed")) and state.get("live_model_id") == inputs.model_id
        return inputs.activate and same and earned and not model.is_active

    def _known_verdict(self, state: Mapping[str, Any]) -> Verdict:
        return Verdict(tuple(Part(**part) for part in state.get("parts") or []))

    def _judged(
        self,
        inputs: ActivationInputs,
        state: Mapping[str, Any],
        model: Model,
        challenged: Model | None,
    ) -> Outcome:
        # What is live of this declaration, whether it passes or not: the one before, or itself.
        current = challenged or (model if model.is_active else None)
        live_id = current.id if current else None
        summary, problem = self._summary(model.id)
        if inputs.gate is None:
            verdict = Verdict(())
        elif problem:
            return _failed(current, [problem], live=model.is_active)
        else:
            # Going back is a decision: what was live before needn't beat what replaced it.
            is_return = model.id in (state.get("earned") or [])
            verdict = self._verdict(inputs.gate, summary, None if is_return else challenged)
        scores = scores_of(summary)
        if not verdict.passed:
            reasons = tuple(verdict.reasons)
            return Outcome(
                passed=False,
                live=model.is_active,
                live_model_id=live_id,
                parts=verdict.parts,
                reasons=reasons,
                scores=scores,
            )
        if not inputs.activate:
            return Outcome(
                passed=True,
                live=model.is_active,
                live_model_id=live_id,
                parts=verdict.parts,
                scores=scores,
            )
        return self._set_live(inputs, model, challenged, verdict, {"scores": scores})

    def _verdict(self, gate: Gate, summary: Summary, challenged: Model | None) -> Verdict:
        current = None
        if gate.beats_current is not None and challenged is not None:
            current, problem = self._summary(challenged.id)
            if problem:
                current = Summary()
        return evaluate(gate, summary, current)

    def _summary(self, model_id: str) -> tuple[Summary, str]:
        """Return a model's summary, or why there is none; a failing API is raised."""
        try:
            return self._run.client.fetch_summary(model_id), ""
        except (NotFoundError, UnreadableReplyError) as exc:
            return Summary(), f"the summary can't be read: {exc}"

    def _set_live(
        self,
        inputs: ActivationInputs,
        model: Model,
        challenged: Model | None,
        verdict: Verdict,
        state: Mapping[str, Any],
    ) -> Outcome:
        """Put a model live, then stop the one before; the other way round only where it says so."""
        scores = state.get("scores") or {}
        live_count = sum(m.is_active for m in self._run.looks.any().models.values())
        full = not model.is_active and live_count >= LIVE_LIMIT
        break_first = full and inputs.swap == "break_first" and challenged is not None
        if full and not break_first:
            reason = (
                f"the account has {live_count} of {LIVE_LIMIT} live models. Deactivate one, "
                "or set swap: break_first to stop the old one before the new one starts"
            )
            return _failed(challenged, [reason], parts=verdict.parts, scores=scores)
        stopped = challenged if break_first else None
        if stopped is not None:
            self._write(stopped.id, active=False)
        if not model.is_active:
            if reason := self._activated(model, stopped):
                return _failed(challenged, [reason], parts=verdict.parts, scores=scores)
            self._run.say(f"'{inputs.key}': model {model.id} is live")
        if challenged is not None and not break_first:
            self._write(challenged.id, active=False)
        return Outcome(
            passed=True, live=True, live_model_id=model.id, parts=verdict.parts, scores=scores
        )

    def _activated(self, model: Model, stopped: Model | None) -> str:
        """Set a model live; return why it isn't, "" when it is.

        Whatever goes wrong, one that was stopped for it is set live again.
        """
        reason = ""
        try:
            if not (self._write(model.id, active=True).is_active or self._is_live(model.id)):
                reason = f"Lytics took the activation of model {model.id} and shows it as not live"
        except RejectedError as exc:
            reason = f"Lytics refuses to activate it: {exc}"
        except RequestError:
            self._restart(stopped)
            raise
        if reason:
            self._restart(stopped)
        return reason

    def _is_live(self, model_id: str) -> bool:
        shown = self._run.client.fetch_model(model_id)
        if shown is not None:
            self._run.looks.remember(shown)
        return shown is not None and shown.is_active

    def _restart(self, stopped: Model | None) -> None:
        if stopped is None:
            return
        try:
            self._write(stopped.id, active=True)
        except RequestError as exc:
            what = f"model {stopped.id} was live before and could not be set live again"
            self._run.say(f"{what}: {exc}. Set it live in Lytics, or run pulumi up again")

    def _write(self, model_id: str, *, active: bool) -> Model:
        changed = self._run.client.update_model(model_id, {"is_active": active})
        self._run.looks.remember(changed)
        return changed


def _failed(  # noqa: PLR0913 - each is one fact of the outcome
    before: Model | None,
    reasons: list[str],
    *,
    pending: bool = False,
    live: bool = False,
    parts: tuple[Part, ...] = (),
    scores: Mapping[str, float] | None = None,
) -> Outcome:
    return Outcome(
        passed=False,
        live=live,
        live_model_id=before.id if before else None,
        pending=pending,
        parts=parts,
        reasons=tuple(reasons),
        scores=scores or {},
    )
