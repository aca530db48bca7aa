"""A create: exactly one model comes of it, whatever happens to the replies."""

from collections.abc import Collection, Iterator
from typing import Any

from providers.lytics.account.model_list import Look
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.creation import (
    Account,
    Adopt,
    Refuse,
    TakeUp,
    Train,
    decide,
    payload,
)
from providers.lytics.domain.finding.matching import Wanted, likely, matches
from providers.lytics.domain.finding.unique_name import refusal
from providers.lytics.domain.record import with_declared_lineage
from providers.lytics.errors import (
    AccountError,
    ConflictError,
    RateLimitedError,
    RejectedError,
    RequestError,
)
from providers.lytics.host.declared import keep
from providers.lytics.host.retire import deleted
from providers.lytics.host.run import Run
from providers.lytics.host.update import settled, show
from providers.lytics.shapes import Model
from providers.lytics.text import to_the_second
from providers.lytics.timing import Timing

LONGEST_LAG_AFTER_429_S = 1.0
# How old a look may be that creates without a reply share, while they go on looking.
SHARED_LOOK_S = 1.0
HTTP_CONFLICT = 409


class Creation:
    """Creates the models of one run.

    Args:
        run: the account and what this run knows of it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

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
        keep(self._run.declared, declared, model.id, inputs.model_dump())
        outputs = settled(
            self._run,
            wanted.inputs,
            model,
            {"trained": declared.trained},
            is_new=isinstance(decision, Train),
            in_place_of=declared.replaced if isinstance(decision, TakeUp) else (),
        )
        if isinstance(decision, TakeUp) and model.hidden:
            show(self._run, model.id, hidden=False)
        return model.id, with_declared_lineage(outputs, inputs.lineage)

    def _account(self, wanted: Wanted) -> Account:
        """Return what is known before a create, the model that it adopts included."""
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
            created = to_the_second(model.created)
            self._run.say(
                f"'{key}' takes up model {model.id} "
                f"({model.state}, created {created}) instead of training it again"
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
        try:
            made = self._sent_once(wanted, before)
        except RejectedError as exc:
            if exc.status != HTTP_CONFLICT:
                raise
            models = self._run.looks.now().models.values()
            raise ConflictError(refusal(wanted, models, exc.what)) from exc
        if made.id in wanted.baseline:
            words = f"it answered the create with model {made.id}, which was there before"
            raise ConflictError(refusal(wanted, [made], words))
        return made

    def _sent_once(self, wanted: Wanted, before: Collection[str]) -> Model:
        for may_repeat in tries(self._run.settings.patience_s, self._run.timing):
            try:
                return self._run.client.create_model(payload(wanted))
            except RequestError as exc:
                refused_s = self._run.timing.monotonic()
                found = self._found_after(wanted, before, exc)
                if found is not None:
                    return found
                # The API may yet carry this create out, and a second one would make two models.
                # The next run, which looks first, finds it.
                if exc.may_take_effect_later or not exc.safe_to_repeat:
                    raise
                if not may_repeat or self._run.client.has_given_up:
                    self._run.client.give_up()
                    raise
                hold_s = min(exc.retry_after_s or 0.0, self._run.timing.longest_hold_s)
                if hold_s > self._run.settings.patience_s:
                    raise
                # The look just now has waited for it too: what is left counts from the refusal.
                end_s = refused_s + hold_s * self._run.timing.uniform(1, 1.5)
                self._run.timing.sleep(max(0.0, end_s - self._run.timing.monotonic()))
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _found_after(
        self, wanted: Wanted, before: Collection[str], error: RequestError
    ) -> Model | None:
        """Look whether a create without a good reply took effect, as long as the list may lag."""
        if not error.may_have_taken_effect:
            return None
        lag_s = self._run.settings.settle_s
        if isinstance(error, RateLimitedError):
            # A create that was answered with 429 is hardly ever carried out; a look is a request.
            lag_s = min(lag_s, LONGEST_LAG_AFTER_429_S)
        for goes_on in tries(lag_s, self._run.timing):
            # Unless this is the last try, a look that another create has just made will do.
            look = self._run.looks.at_most_old(SHARED_LOOK_S) if goes_on else self._run.looks.now()
            found = [m for m in self._matches(wanted, look) if m.id not in before]
            if found:
                self._discard_orphans(wanted, found)
                return found[0]
        return None

    def _discard_orphans(self, wanted: Wanted, found: list[Model]) -> None:
        """Settle twins after a lost reply: keep the first model, take out the later ones.

        Only a default name proves that all of them are of this declaration. A twin of a declared
        name may be one that a person or another stack has just made: the API shows nothing that
        tells whose it is, so it stays, and the user is told.
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
            if deleted(self._run, model.id):
                self._run.say(f"model {model.id} was one too many and is deleted: {why}")
                return
        except RequestError:
            pass  # It can't be deleted, so it is deactivated.
        try:
            self._run.client.update_model(model.id, {"is_active": False})
            self._run.say(f"model {model.id} is one too many and stays, deactivated: {why}")
        except RequestError as exc:
            # The id of the other one must reach the state whatever else fails.
            what = f"model {model.id} is one too many and could not be taken out: {why} ({exc})"
            self._run.say(what)

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
