"""What happens to a model: created exactly once, updated, read, retired. Knows no Pulumi."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from providers.lytics.domain.creation import (
    Account,
    Adopt,
    Refuse,
    TakeUp,
    Train,
    decide,
    payload,
)
from providers.lytics.domain.declaration import ModelInputs, OnDelete
from providers.lytics.domain.diff import Difference, differ
from providers.lytics.domain.matching import Wanted, likely, matches
from providers.lytics.domain.record import (
    inputs_from,
    outputs_of,
    settled_is_active,
    with_declared_lineage,
)
from providers.lytics.errors import (
    AccountError,
    ConflictError,
    LyticsError,
    RateLimitedError,
    RejectedError,
    RequestError,
)
from providers.lytics.host.declared import Declared
from providers.lytics.host.model_list import Look
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model
from providers.lytics.timing import Timing

LONGEST_LAG_AFTER_429_S = 1.0


class ModelLifecycle:
    """Creates, updates, reads and retires the models of one run.

    Args:
        run: the account and what this run knows of it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def diff(
        self, model_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Difference:
        """Tell what differs, and note for the rest of the run what becomes of the model.

        Sends nothing.

        Raises:
            ConflictError: the declaration adopts another model than the one it manages.
        """
        difference = differ(model_id, state, inputs)
        self._run.expect_account(state.get("aid"))
        declared = self._run.declared.get(str(inputs.get("key")), str(inputs.get("lineage")))
        # A swap after a killed replacement finds the model before by this alone.
        self._run.declared.remember(declared, str(state.get("lineage")), state.get("trained") or {})
        if difference.replaces:
            policy = inputs_from(state).on_delete or "deactivate"
            self._run.declared.replace(declared, model_id, policy)
            self._warn_if_used(model_id, state, inputs)
        else:
            self._keep(declared, model_id, inputs)
        return difference

    def create(self, inputs: ModelInputs) -> tuple[str, dict[str, Any]]:
        """Take up the model that is meant, or train it, exactly once; return its id and state.

        Raises:
            ConflictError: only a person can decide which model is meant.
            AccountError: the key is another account's.
            RequestError: the API failed; the next run finds what this one made.
        """
        declared = self._run.declared.get(inputs.key, inputs.lineage)
        baseline = self._run.baseline()
        self._run.prove_account()
        kept = inputs.model_copy(update={"lineage": declared.lineage or inputs.lineage})
        wanted = Wanted(kept, frozenset(declared.replaced), dict(declared.trained), baseline)
        decision = decide(wanted, self._account(wanted))
        if isinstance(decision, Refuse):
            raise ConflictError(str(decision))
        wanted = decision.wanted
        if isinstance(decision, Train):
            if decision.note:
                self._run.say(f"'{inputs.key}': {decision.note}; a model of its own is trained")
            model = self._trained(wanted, decision.before)
        else:
            model = decision.model
            self._say_what_is_used(decision)
        self._run.looks.remember(model)
        self._run.declared.remember(declared, wanted.inputs.lineage, {})
        self._keep(declared, model.id, inputs.model_dump())
        model = self._brought_in_line(inputs, model)
        if isinstance(decision, TakeUp):
            model = self._live_as_if_new(declared, inputs, model)
            if model.hidden:
                self._show(model.id, hidden=False)
        outputs = outputs_of(wanted.inputs, model, declared.trained)
        return model.id, with_declared_lineage(outputs, inputs.lineage)

    def update(
        self, model_id: str, state: Mapping[str, Any], inputs: ModelInputs
    ) -> dict[str, Any]:
        """Write what differs of label and is_active, in one request; return the new state.

        Raises:
            ConflictError: the model is gone.
            AccountError: the key is another account's.
        """
        self._run.expect_account(state.get("aid"))
        model = self._run.find(model_id, self._run.looks.at_most_old(self._run.timing.recent_s))
        if model is None:
            what = f"model {model_id} is gone; pulumi up --refresh notices and trains it anew"
            raise ConflictError(what)
        model = self._brought_in_line(inputs, model)
        outputs = outputs_of(inputs, model, state.get("trained"))
        return with_declared_lineage(outputs, state.get("declared_lineage"))

    def read(
        self, model_id: str, state: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return a model's state and inputs as the API shows them, None if it is gone for certain.

        Raises:
            AccountError: the key is another account's, or nothing proves whose it is.
        """
        self._run.expect_account(state.get("aid"))
        model = self._run.find(model_id, self._run.looks.any())
        if model is None:
            return None
        inputs = inputs_from(state)
        known_by = state.get("declared_lineage") or inputs.lineage
        outputs = outputs_of(inputs, model, state.get("trained"))
        outputs = with_declared_lineage(outputs, known_by)
        seen = {name: outputs[name] for name in outputs["managed"] if name in outputs}
        return outputs, {**inputs.model_dump(exclude_none=True), "lineage": known_by, **seen}

    def delete(
        self, model_id: str, state: Mapping[str, Any], policy: OnDelete | None = None
    ) -> None:
        """Let a model leave by its policy: deactivated, deleted or left as it is.

        Args:
            model_id: the model.
            state: what the state keeps of it.
            policy: what is declared now for a model that is no longer declared; else the
                state's policy holds.

        Raises:
            ConflictError: it is live and its successor isn't, nor is declared not to be; or it
                is to be deleted and audiences use its score.
            AccountError: the key is another account's.
        """
        if self._run.declared.of_model(model_id) is not None:
            # Going back adopts the model that an earlier run marked for deletion: the same one.
            self._run.say(f"model {model_id} stays: it is in use again")
            return
        inputs = inputs_from(state)
        policy = policy or self._run.declared.policy_of(model_id)
        if policy is not None:
            inputs = inputs.model_copy(update={"on_delete": policy})
        self._run.expect_account(state.get("aid"))
        look = self._run.looks.at_most_old(self._run.timing.recent_s)
        model = self._run.find(model_id, look)
        if model is None:
            self._run.say(f"'{inputs.key}': model {model_id} was gone already")
            return
        if inputs.policy != "retain":
            self._refuse_to_leave_a_gap(inputs, model)
        self._retire(self._not_used(inputs, model), model)

    def _keep(self, declared: Declared, model_id: str, inputs: Mapping[str, Any]) -> None:
        self._run.declared.keep(declared, model_id)
        declared.stays_idle = inputs.get("is_active") is False
        declared.leaves = inputs.get("on_delete") or "deactivate"

    # --- create -----------------------------------------------------------------------------

    def _account(self, wanted: Wanted) -> Account:
        """Return what a create can know, the model that it adopts included."""
        looks, models = self._run.looks, self._run.looks.any().models
        adopted = wanted.inputs.adopt
        if adopted is not None and adopted not in models:
            found = self._run.find(adopted, looks.any())
            models = models if found is None else {**models, found.id: found}
        return Account(models, looks.names, self._run.holdings, self._run.owner)

    def _say_what_is_used(self, decision: Adopt | TakeUp) -> None:
        key, model = decision.wanted.inputs.key, decision.model
        if isinstance(decision, Adopt):
            self._run.say(f"'{key}' adopts model {model.id}, \"{model.name}\"")
        else:
            self._run.say(
                f"'{key}' takes up model {model.id} "
                f"({model.state}, created {model.created[:19]}) instead of training it again"
            )

    def _matches(self, wanted: Wanted, look: Look | None = None) -> list[Model]:
        models = (look or self._run.looks.any()).models
        return matches(wanted, likely(wanted, models, self._run.looks.names))

    def _trained(self, wanted: Wanted, before: Collection[str]) -> Model:
        """Send a create until one took effect for certain, and never a second one.

        Args:
            wanted: what is to be trained.
            before: ids of matches that were there already.
        """
        with self._run.sending():
            made = self._sent(wanted, before)
        self._check_account_of(wanted, made)
        self._say_if_renamed(wanted, made)
        return self._only_one(wanted, made, before)

    def _sent(self, wanted: Wanted, before: Collection[str]) -> Model:
        for may_repeat in tries(self._run.settings.patience_s, self._run.timing):
            try:
                return self._run.client.create_model(payload(wanted))
            except RequestError as exc:
                found = self._found_after(wanted, before, exc)
                if found is not None:
                    return found
                # A create that is only late would be carried out beside its repetition: the next
                # run, which looks first, finds it.
                if exc.may_take_effect_later or not exc.safe_to_repeat:
                    raise
                if not may_repeat or self._run.client.has_given_up:
                    self._run.client.give_up()
                    raise
                hold_s = min(exc.retry_after_s or 0.0, self._run.timing.longest_hold_s)
                self._run.timing.sleep(hold_s * self._run.timing.uniform(1, 1.5))
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _found_after(
        self, wanted: Wanted, before: Collection[str], error: RequestError
    ) -> Model | None:
        """Look whether a create without a good reply took effect, as long as the list may lag."""
        if not error.may_have_taken_effect:
            return None
        lag_s = self._run.settings.settle_s
        if isinstance(error, RateLimitedError):
            # It is hardly ever sent for what was carried out, and looks are requests as well.
            lag_s = min(lag_s, LONGEST_LAG_AFTER_429_S)
        for _ in tries(lag_s, self._run.timing):
            found = [m for m in self._matches(wanted, self._run.looks.now()) if m.id not in before]
            if found:
                self._discard_orphans(wanted, found)
                return found[0]
        return None

    def _discard_orphans(self, wanted: Wanted, found: list[Model]) -> None:
        """Settle twins after a lost reply: its sender can't tell its own, so it takes out the rest.

        Only a default name proves that they are of this declaration. Under a declared one the
        later twin may be what a person, or another stack, has just made and keeps, and the
        earlier one this run's: nothing that the API shows tells them apart, so a person must.
        """
        first = found[0]
        twins = [twin for twin in found[1:] if twin.id not in wanted.baseline]
        if twins and wanted.inputs.name is not None:
            self._run.say(
                f"'{wanted.inputs.key}' goes on with model {first.id}. "
                f"{', '.join(twin.id for twin in twins)} was made at the same time with the same "
                "name, source, target and config, and the reply that tells which one this run "
                "made was lost. If nobody else uses it, delete it in Lytics"
            )
            return
        for twin in twins:
            self._discard(twin, f"model {first.id} of the same declaration was there first")

    def _only_one(self, wanted: Wanted, made: Model, before: Collection[str]) -> Model:
        """Settle two creates of the same model, by two runs at once or by a list that lagged."""
        try:
            found = self._once_listed(wanted, made, before)
        except RequestError as exc:
            # The id must reach the state whatever else fails; recover lists what is left over.
            what = f"'{wanted.inputs.key}': could not look for twins of {made.id}: {exc}"
            self._run.say_once(f"twins: {exc.what}", what)
            return made
        first = min([*found, made], key=lambda model: model.age_key)
        if first.id == made.id:
            return made
        self._discard(made, f"model {first.id} of the same declaration was there first")
        return first

    def _once_listed(self, wanted: Wanted, made: Model, before: Collection[str]) -> list[Model]:
        """Return this create's matches as soon as ML List shows the model that was made."""
        look = self._run.looks.now(self._run.gather)
        for _ in tries(self._run.settings.settle_s, self._run.timing):
            if made.id in look.models:
                break
            look = self._run.looks.now()
        found = self._matches(wanted, look)
        return [m for m in found if m.id not in before and not m.is_invalid]

    def _discard(self, model: Model, why: str) -> None:
        """Take a model that this run made by accident, and nobody ever used, out of the account."""
        try:
            if self._deleted(model.id):
                self._run.say(f"model {model.id} was one too many and is deleted: {why}")
                return
        except RequestError:
            pass  # What the account doesn't let go is at least not to be live.
        try:
            self._run.client.update_model(model.id, {"is_active": False})
            self._run.say(f"model {model.id} is one too many and stays, deactivated: {why}")
        except RequestError as exc:
            # The id of the other one must reach the state whatever else fails.
            what = f"model {model.id} is one too many and could not be taken out: {why} ({exc})"
            self._run.say(what)

    def _deleted(self, model_id: str) -> bool:
        """Delete a model; False where the API has no such delete and the model stays."""
        is_gone = self._run.client.delete_model(model_id)
        if is_gone:
            self._run.looks.forget(model_id)
        return is_gone

    def _check_account_of(self, wanted: Wanted, made: Model) -> None:
        try:
            self._run.check_account(made.aid)
        except AccountError as exc:
            # An account without models says whose it is only to a key that may see its segments,
            # and a run's first create may come before any state has told the account.
            message = (
                f"model {made.id} was made for '{wanted.inputs.key}' in account {made.aid}, "
                f"expected account {self._run.account_id}: delete it there, and use the key of the "
                "account that this stack manages (LIOKEY wins over lytics:apiKey)"
            )
            raise AccountError(message) from exc

    def _say_if_renamed(self, wanted: Wanted, made: Model) -> None:
        if made.name != wanted.name:
            self._run.say(
                f"'{wanted.inputs.key}': Lytics named the model \"{made.name}\" instead of "
                f'"{wanted.name}"; audiences use the name that Lytics gave'
            )

    # --- in place ---------------------------------------------------------------------------

    def _brought_in_line(self, inputs: ModelInputs, model: Model) -> Model:
        """Write label and is_active where they are declared and differ; one request at most."""
        changes: dict[str, Any] = {}
        if inputs.label is not None and inputs.label != model.label:
            changes["label"] = inputs.label
        active = settled_is_active(inputs.is_active, model)
        if inputs.is_active is not None and inputs.is_active != active:
            changes["is_active"] = inputs.is_active
        if not changes:
            return model
        try:
            model = self._run.client.update_model(model.id, changes)
        except RejectedError as exc:
            # Whether the API takes is_active while a model is built isn't known.
            if "is_active" not in changes or model.was_once_complete or model.is_invalid:
                raise
            self._run.say(f"'{inputs.key}': is_active waits until the model is built ({exc})")
            if "label" in changes:
                model = self._run.client.update_model(model.id, {"label": changes["label"]})
        self._run.looks.remember(model)
        return model

    def _live_as_if_new(self, declared: Declared, inputs: ModelInputs, model: Model) -> Model:
        """Put a model that is taken up again live if what it replaces is live.

        Its own replacement has deactivated it; with `is_active` left out and without `build_only`
        a new model goes live by itself, so going back must not end with nothing live.
        """
        replaced = declared.replaced
        if not any(m.is_active for i, m in self._run.looks.any().models.items() if i in replaced):
            return model
        waits = inputs.config is not None and inputs.config.build_only is True
        managed = inputs.is_active is not None or inputs.activation is not None
        if managed or waits or model.is_active or not model.is_complete or model.config.build_only:
            return model
        try:
            model = self._run.client.update_model(model.id, {"is_active": True})
        except RejectedError as exc:
            self._run.say(f"'{inputs.key}': Lytics refuses to put model {model.id} live ({exc})")
        self._run.looks.remember(model)
        return model

    # --- delete -----------------------------------------------------------------------------

    def _refuse_to_leave_a_gap(self, inputs: ModelInputs, model: Model) -> None:
        known = self._run.declared.successor_of(inputs.key, inputs.lineage)
        if known is None or known.current is None or known.stays_idle or not model.is_active:
            return
        successor = self._run.find(
            known.current, self._run.looks.at_most_old(self._run.timing.recent_s)
        )
        if successor is None or not successor.is_active:
            # One that is built without build_only went live by itself, perhaps since that look.
            successor = self._run.client.fetch_model(known.current)
        if successor is not None and successor.is_active:
            return
        what = f"model {model.id} of '{inputs.key}' is live and its successor {known.current} isn't"
        if successor is not None and successor.is_complete:
            todo = (
                "Run pulumi up without --target to finish; where is_active isn't declared, "
                "declare whether the successor is to be live"
            )
        else:
            todo = "Run pulumi up again once it is live"
        message = f"{what}, so the first one is kept. {todo}"
        raise ConflictError(message)

    def _not_used(self, inputs: ModelInputs, model: Model) -> ModelInputs:
        """Return how a model leaves if no audience uses it, or what is declared if one does.

        Raises:
            ConflictError: it is to be deleted, and audiences use its score.
        """
        if inputs.on_delete != "delete":
            return inputs
        others = self._run.looks.at_most_old(self._run.timing.recent_s).models.values()
        users = self._run.users.left(model.name, model.id, others)
        if not users:
            return inputs
        # A model that was replaced while it was to be deleted leaves as its key is declared today.
        declared = self._run.declared.successor_of(inputs.key, inputs.lineage)
        today = declared.leaves if declared else None
        if today in {None, "delete"}:
            raise ConflictError(self._run.users.refusal(inputs.key, model.id, users))
        return inputs.model_copy(update={"on_delete": today})

    def _warn_if_used(
        self, model_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> None:
        """Warn of a replacement whose old model an `up` will refuse to delete."""
        name = str(state.get("name"))
        policies = {state.get("on_delete"), inputs.get("on_delete")}
        if policies != {"delete"} or inputs.get("name") == name:
            return
        try:
            users = self._run.users.left(name, model_id, ())
        except LyticsError:
            return  # What is only said beforehand must not fail anything.
        if users:
            self._run.warn(self._run.users.refusal(str(inputs.get("key")), model_id, users))

    def _retire(self, inputs: ModelInputs, model: Model) -> None:
        name = f"'{inputs.key}': model {model.id}"
        if inputs.policy == "hide" and self._run.settings.api == "v1":
            what = (
                f"{name} is to be hidden, and v1 of the API can't: set lytics:api to v2 "
                "(LYTICS_API), or on_delete to deactivate"
            )
            raise ConflictError(what)
        if inputs.policy == "retain":
            live = "live" if model.is_active else "not live"
            self._run.say(f'{name} "{model.name}" stays in the account as it is, {live}')
        elif inputs.policy == "delete":
            if not self._deleted(model.id):
                what = (
                    f"{name} can't be deleted: Lytics says that there is nothing to delete, and "
                    "shows it. Set on_delete: deactivate"
                )
                raise ConflictError(what)
            self._run.say(f"{name} is deleted")
        else:
            self._deactivate(name, model)
            if inputs.policy == "hide":
                self._show(model.id, hidden=True)
                self._run.say(f"{name} is hidden in Lytics")

    def _show(self, model_id: str, *, hidden: bool) -> None:
        """Hide a model from people in Lytics, or let them see it again; only v2 can."""
        self._run.looks.remember(self._run.client.update_model(model_id, {"hidden": hidden}))

    def _deactivate(self, name: str, model: Model) -> None:
        goes_live = not (model.was_once_complete or model.is_invalid or model.config.build_only)
        if model.is_active or goes_live:
            try:
                model = self._run.client.update_model(model.id, {"is_active": False})
                self._run.looks.remember(model)
            except RejectedError as exc:
                if not goes_live:
                    raise
                self._run.say(
                    f"{name} is still being built and goes live by itself when it is done; "
                    f"Lytics refuses to stop that ({exc}). Deactivate it later"
                )
                return
        self._run.say(f'{name} "{model.name}" stays in the account, deactivated')


def tries(within_s: float, timing: Timing) -> Iterator[bool]:
    """Yield for each try, pausing longer and longer between them, with jitter.

    Args:
        within_s: seconds within which another try may begin; the first is always made.
        timing: clock, sleep, chance, and how long the pauses are.

    Yields:
        Whether there will be another try.
    """
    deadline_s = timing.monotonic() + within_s
    pause_s = timing.looks.first_s
    while (pause_end_s := timing.monotonic() + pause_s) <= deadline_s:
        yield True
        left_s = max(0.0, pause_end_s - timing.monotonic())
        timing.sleep(left_s * timing.uniform(0.5, 1))
        pause_s = min(pause_s * 2, timing.looks.longest_s)
    yield False
