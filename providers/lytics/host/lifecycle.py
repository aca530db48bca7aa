"""What happens to a model: created exactly once, updated, read, retired. Knows no Pulumi."""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.lytics.domain.declaration import ModelInputs, OnDelete
from providers.lytics.domain.diff import Difference, differ
from providers.lytics.domain.identity import normalised_config, proof_in, same_name
from providers.lytics.domain.matching import Wanted, contradictions, likely, matches
from providers.lytics.domain.record import (
    inputs_from,
    outputs_of,
    settled_is_active,
)
from providers.lytics.errors import (
    AccountError,
    ConflictError,
    LyticsError,
    RateLimitedError,
    RejectedError,
    RequestError,
)
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
        lineage = str(state.get("lineage"))
        # A swap after a killed replacement finds the model before by this alone.
        self._run.note_trained(lineage, state.get("trained") or {})
        if difference.replaces:
            self._run.note_replaced(lineage, model_id)
            self._run.note_policy(model_id, state.get("on_delete") or "deactivate")
            self._warn_if_used(model_id, state, inputs)
        else:
            self._keep(lineage, str(inputs.get("key")), model_id, inputs)
        return difference

    def create(self, inputs: ModelInputs) -> tuple[str, dict[str, Any]]:
        """Take up the model that is meant, or train it, exactly once; return its id and state.

        Raises:
            ConflictError: only a person can decide which model is meant.
            AccountError: the key is another account's.
            RequestError: the API failed; the next run finds what this one made.
        """
        known = self._run.lineage(inputs.lineage)
        baseline = self._run.baseline()
        self._run.prove_account()
        wanted = Wanted(inputs, frozenset(known.replaced), dict(known.trained), baseline)
        taken_up = None
        model = self._adopted(wanted)
        if model is None:
            found = self._matches(wanted)
            model = taken_up = self._taken_up(wanted, found)
            if model is None:
                # What isn't taken up is `invalid`, and not this create's.
                model = self._trained(wanted, {one.id for one in found})
        self._run.looks.remember(model)
        self._keep(inputs.lineage, inputs.key, model.id, inputs.model_dump())
        model = self._brought_in_line(inputs, model)
        if taken_up is not None:
            model = self._live_as_if_new(inputs, model)
        return model.id, outputs_of(inputs, model, known.trained)

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
        return outputs_of(inputs, model, state.get("trained"))

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
        outputs = outputs_of(inputs, model, state.get("trained"))
        seen = {name: outputs[name] for name in outputs["managed"] if name in outputs}
        return outputs, {**inputs.model_dump(exclude_none=True), **seen}

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
        if self._run.is_in_use(model_id):
            # Going back adopts the model that an earlier run marked for deletion: the same one.
            self._run.say(f"model {model_id} stays: it is in use again")
            return
        inputs = inputs_from(state)
        policy = policy or self._run.policy_of(model_id)
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

    def _keep(self, lineage: str, key: str, model_id: str, inputs: Mapping[str, Any]) -> None:
        self._run.note_kept(lineage, key, model_id, stays_idle=inputs.get("is_active") is False)
        self._run.lineage(lineage).leaves = inputs.get("on_delete") or "deactivate"

    # --- create -----------------------------------------------------------------------------

    def _adopted(self, wanted: Wanted) -> Model | None:
        inputs = wanted.inputs
        if inputs.adopt is None or inputs.adopt in {*wanted.replaced, *wanted.trained}:
            return None
        model = self._run.find(inputs.adopt, self._run.looks.any())
        problems = adoption_problems(inputs, model)
        if problems or model is None:
            title = f"'{inputs.key}' can't adopt model {inputs.adopt}:"
            raise ConflictError("\n  - ".join([title, *problems]))
        self._run.say(f"'{inputs.key}' adopts model {model.id}, \"{model.name}\"")
        return model

    def _taken_up(self, wanted: Wanted, matching: list[Model]) -> Model | None:
        """Return a model that an earlier or interrupted run made of these very inputs."""
        found = [m for m in matching if not m.is_invalid]
        free = [m for m in found if self._run.owner(m.id) in {None, wanted.inputs.key}]
        if not found:
            return None
        model = (free or found)[0]
        self._run.say(
            f"'{wanted.inputs.key}' takes up model {model.id} "
            f"({model.state}, created {model.created[:19]}) instead of training it again"
        )
        return model

    def _matches(self, wanted: Wanted, look: Look | None = None) -> list[Model]:
        models = (look or self._run.looks.any()).models
        return matches(wanted, likely(wanted, models, self._run.looks.names))

    def _trained(self, wanted: Wanted, before: set[str]) -> Model:
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

    def _sent(self, wanted: Wanted, before: set[str]) -> Model:
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

    def _found_after(self, wanted: Wanted, before: set[str], error: RequestError) -> Model | None:
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

    def _only_one(self, wanted: Wanted, made: Model, before: set[str]) -> Model:
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

    def _once_listed(self, wanted: Wanted, made: Model, before: set[str]) -> list[Model]:
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

    def _live_as_if_new(self, inputs: ModelInputs, model: Model) -> Model:
        """Put a model that is taken up again live if what it replaces is live.

        Its own replacement has deactivated it; with `is_active` left out and without `build_only`
        a new model goes live by itself, so going back must not end with nothing live.
        """
        replaced = self._run.lineage(inputs.lineage).replaced
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
        known = self._run.lineage(inputs.lineage)
        if not (model.is_active and known.current) or known.stays_idle:
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
        today = self._run.lineage(inputs.lineage).leaves
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


def payload(wanted: Wanted) -> dict[str, Any]:
    """Return the body of a create: every documented default is sent, so that none matters.

    A model that must not go live by itself is built with `build_only`; one that is meant to be
    live is built without it. Where nothing is declared, nothing is sent.
    """
    inputs = wanted.inputs
    declared = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    config = normalised_config(declared)
    if inputs.must_not_go_live_by_itself:
        config["build_only"] = True
    elif inputs.is_active and "build_only" not in config:
        config["build_only"] = False
    body: dict[str, Any] = {
        "name": wanted.name,
        "source": inputs.source,
        "target": inputs.target,
        "config": config,
    }
    if inputs.label is not None:
        body["label"] = inputs.label
    return body


def adoption_problems(inputs: ModelInputs, model: Model | None) -> list[str]:
    """Return why a model can't be adopted as declared, a sentence each; pure."""
    if model is None:
        return [f"the account has no model {inputs.adopt}"]
    proof = proof_in(model.name)
    if proof is not None and proof[0] != inputs.lineage and not inputs.take_over:
        what = f'its name "{model.name}" shows that another declaration or stack made it'
        return [f"{what}; once that one has let it go, say take_over: true"]
    return _differences_that_replace(inputs, model)


def _differences_that_replace(inputs: ModelInputs, model: Model) -> list[str]:
    # Lytics alters names: a model that was made under the declared one may be listed as "ML: …".
    named = inputs.name is None or same_name(inputs.name, model.name)
    differing = [
        f"{name}: declared {wanted}, the model has {actual}"
        for name, wanted, actual in (
            ("name", None if named else inputs.name, model.name),
            ("source", inputs.source, model.source.lower()),
            ("target", inputs.target, model.target.lower()),
        )
        if wanted is not None and wanted != actual
    ]
    declared = normalised_config(
        inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    )
    reported = model.config.reported()
    return differing + [
        f"config.{key}: declared {declared[key]}, the model has {reported[key]}"
        for key in contradictions(inputs, model)
    ]
