"""Gate and swap: what happens once a model is trained. Knows no Pulumi."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from providers.lytics.account.switching import switch
from providers.lytics.domain.activation import ActivationInputs, Outcome
from providers.lytics.domain.live.gate import Gate
from providers.lytics.domain.live.judging import Part, Verdict, evaluate, scores_of
from providers.lytics.domain.live.liveness import LIVE_LIMIT, Down, Unheeded, to_write
from providers.lytics.errors import NotFoundError, RequestError, UnreadableReplyError
from providers.lytics.host.case import Case, case_of, live_before
from providers.lytics.host.run import Run
from providers.lytics.pages import page
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

        Only one swap runs at a time, so that the account never has more than one extra live model.

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
            if model is None:
                before = live_before(self._run, inputs, state, None, look)
                reason = f"model {inputs.model_id} is gone; pulumi up --refresh trains it anew"
                live_id = before.id if before else None
                return Outcome(passed=False, live=False, live_model_id=live_id, reasons=(reason,))
            case = case_of(self._run, inputs, state, model, look)
            if not model.is_complete:
                return self._untrained(case)
            if case.was_deactivated_outside:
                parts = (Part(**part) for part in state.get("parts") or [])
                outcome = self._set_live(case, Verdict(tuple(parts)), state.get("scores") or {})
            else:
                outcome = self._judged(case)
            return self._with_what_is_down(case, outcome)

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

    def _untrained(self, case: Case) -> Outcome:
        model = case.model
        if model.is_invalid:
            why = self._run.client.why_invalid(model)
            return case.failed(f"model {model.id} is invalid{f': {why}' if why else ''}")
        reason = f"model {model.id} is still being built ({model.state or 'no state'})"
        return case.failed(reason, pending=True)

    # --- judging ----------------------------------------------------------------------------

    def _judged(self, case: Case) -> Outcome:
        inputs, model = case.inputs, case.model
        summary, problem = self._summary(model.id)
        if inputs.gate is None:
            verdict = Verdict(())
        elif problem:
            return self._kept_from_living(case, case.failed(problem))
        else:
            # Going back is a decision: what was live before needn't beat what replaced it.
            is_return = model.id in (case.state.get("earned") or [])
            verdict = self._verdict(inputs.gate, summary, None if is_return else case.before)
        scores = scores_of(summary)
        if verdict.passed and inputs.activate:
            return self._set_live(case, verdict, scores)
        judged = case.failed(
            *verdict.reasons, passed=verdict.passed, parts=verdict.parts, scores=scores
        )
        return self._kept_from_living(case, judged)

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

    def _kept_from_living(self, case: Case, judged: Outcome) -> Outcome:
        """Stop a model that went live before anybody judged it and isn't to be live, at once.

        One that was live when its gate came, or that somebody set live later, is left as it is.
        """
        model, last = case.model, case.last
        was_asked = last is not None and (last.model_id, last.is_active) == (model.id, False)
        if not (model.is_active and (case.is_unjudged or was_asked)):
            return judged
        passed_by = f"model {model.id} went live before its gate was judged"
        unheeded = last
        if to_write(model, last, wanted=False) is not None:
            unheeded = self._switched(model, active=False)
        if unheeded is not None:
            reasons = (*judged.reasons, f"{passed_by}; {unheeded.problem()}")
            return replace(judged, reasons=reasons, unheeded=unheeded, passed=False)
        told = f"{passed_by}, and is stopped"
        self._run.say(f"'{case.key}': {told}")
        return replace(
            judged,
            live=False,
            live_model_id=case.before.id if case.before else None,
            reasons=(*judged.reasons, told),
        )

    # --- going live -------------------------------------------------------------------------

    def _set_live(self, case: Case, verdict: Verdict, scores: Mapping[str, float]) -> Outcome:
        """Set a model live, then stop the one before; the other way round with `break_first`."""
        model = case.model
        failed = replace(case.failed(), parts=verdict.parts, scores=scores)
        if model.is_active:
            return self._without_the_one_before(case, verdict, scores)
        live_count = sum(m.is_active for m in self._run.looks.any().models.values())
        is_full = live_count >= LIVE_LIMIT
        last = case.last if case.last and case.last.model_id == model.id else None
        if last is not None and (is_full or to_write(model, last, wanted=True) is None):
            # Lytics ignored this write before: trying again would interrupt the old model.
            again = (
                f"{last.why}. pulumi up tries again once fewer than {LIVE_LIMIT} are live. "
                f"See {page('concepts/going-live#twenty-of-twenty')}"
            )
            reason = again if is_full and last.how == "refused" else last.problem()
            return replace(failed, reasons=(reason,), unheeded=last)
        if is_full and case.inputs.swap == "break_first" and case.before is not None:
            return self._break_first(case, failed, case.before)
        if is_full:
            return replace(failed, reasons=(_full(live_count, case),))
        unheeded = self._switched(model, active=True)
        if unheeded is not None:
            return replace(failed, reasons=(unheeded.problem(),), unheeded=unheeded)
        self._run.say(f"'{case.key}': model {model.id} is live")
        return self._without_the_one_before(case, verdict, scores)

    def _without_the_one_before(
        self, case: Case, verdict: Verdict, scores: Mapping[str, float]
    ) -> Outcome:
        """Stop the one before, now that the model is live."""
        outcome = Outcome(
            passed=True,
            live=True,
            live_model_id=case.model.id,
            parts=verdict.parts,
            scores=scores,
        )
        if case.before is None:
            return outcome
        unheeded = case.last
        if to_write(case.before, case.last, wanted=False) is not None:
            unheeded = self._switched(case.before, active=False)
        if unheeded is None:
            return outcome
        reason = f"the model before is still live beside it: {unheeded.problem()}"
        return replace(outcome, reasons=(reason,), unheeded=unheeded)

    def _break_first(self, case: Case, failed: Outcome, old: Model) -> Outcome:
        """Stop the one before, then put the model live; if that fails, start the old one again."""
        unheeded = self._switched(old, active=False)
        if unheeded is not None:
            return replace(failed, reasons=(unheeded.problem(),), unheeded=unheeded)
        down = Down(old.id, self._now())
        error: RequestError | None = None
        try:
            unheeded = self._switched(case.model, active=True)
        except RequestError as exc:
            error = None if self._took_effect(case.model, exc) else exc
        if error is None and unheeded is None:
            self._run.say(f"'{case.key}': model {case.model.id} is live")
            return replace(failed, passed=True, live=True, live_model_id=case.model.id)
        if self._is_started_again(old):
            if error is not None:
                raise error
            why = unheeded.problem() if unheeded is not None else ""
            return replace(failed, reasons=(why,), unheeded=unheeded)
        why = str(error) if unheeded is None else unheeded.why
        return replace(failed, live_model_id=None, reasons=(why, down.problem(case.key)), down=down)

    def _took_effect(self, model: Model, error: RequestError) -> bool:
        """Tell whether an activation without a good reply was carried out all the same."""
        if not error.may_have_taken_effect:
            return False
        try:
            shown = self._run.client.fetch_model(model.id)
        except RequestError:
            return False
        if shown is not None:
            self._run.looks.remember(shown)
        return shown is not None and shown.is_active

    def _is_started_again(self, old: Model) -> bool:
        try:
            return self._switched(old, active=True) is None
        except RequestError:
            return False

    def _with_what_is_down(self, case: Case, outcome: Outcome) -> Outcome:
        """Set the model live again that an earlier swap stopped, unless the new one is live now.

        If that fails, the outcome says since when nothing is live.
        """
        down = case.down or self._cut_short(case, outcome)
        if outcome.live_model_id is not None or down is None or outcome.down is not None:
            return outcome
        models = self._run.looks.any().models
        old = models.get(down.model_id)
        is_full = sum(m.is_active for m in models.values()) >= LIVE_LIMIT
        if old is not None and old.is_complete and not is_full and self._is_started_again(old):
            self._run.say(f"'{case.key}': model {old.id}, live before, is live again")
            return replace(outcome, live_model_id=old.id)
        reasons = (*outcome.reasons, down.problem(case.key))
        return replace(outcome, reasons=reasons, down=down)

    def _cut_short(self, case: Case, outcome: Outcome) -> Down | None:
        """Return the model that a killed swap stopped, where the state doesn't name it."""
        before = case.state.get("live_model_id")
        was_swapped = all(part.passed for part in outcome.parts) and not outcome.passed
        if not case.inputs.activate or not was_swapped or before in {None, case.model.id}:
            return None
        return Down(str(before), self._now())

    def _now(self) -> str:
        at = datetime.fromtimestamp(self._run.timing.wall(), UTC)
        return at.isoformat(timespec="seconds").replace("+00:00", "Z")

    def _switched(self, model: Model, *, active: bool) -> Unheeded | None:
        shown, unheeded = switch(self._run.client, model, active=active)
        self._run.looks.remember(shown)
        return unheeded


def _full(live_count: int, case: Case) -> str:
    some = f"the account has {live_count} of {LIVE_LIMIT} live models. Deactivate one"
    if case.before is None:
        return some
    instead = "set swap: break_first to stop the old one before the new one starts"
    return f"{some}, or {instead}. See {page('concepts/going-live#twenty-of-twenty')}"
