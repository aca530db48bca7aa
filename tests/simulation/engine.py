"""An engine in two hundred lines: it calls the providers in Pulumi's order, several at once.

It exists because the real one needs seconds for a run, and histories want hundreds of thousands of
runs. Order, arguments and what is stored are Pulumi's: what is declared is registered at once, and
an activation after its model; deletes come last, activations before models, and only after a
program that ended well; a create that raises leaves nothing in the state, one that is killed a
pending operation; after a failed operation nothing more is registered, unless the run continues on
error; numbers arrive as floats. `judges` holds it to the real one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi.dynamic import ResourceProvider

from providers.lytics.activation import MlModelActivationProvider
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.renaming import renames_of
from providers.lytics.host.engine.adapter import ProviderFaultError
from providers.lytics.host.run import Run
from providers.lytics.model import MlModelProvider
from tests.simulation.network import Mortal
from tests.simulation.scheduler import Scheduler
from tests.simulation.state import Done, Left, State, Stored, activation_inputs, model_inputs
from tests.support.lab import through_engine

Json = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How an `up` is called: `--target` these keys, `--continue-on-error`."""

    targets: frozenset[str] | None = None
    continues: bool = False


class StoppedError(Exception):
    """An operation has failed, so the engine registers nothing more."""


class ProtectedError(Exception):
    """What is protected is neither replaced nor deleted."""


class ProgramError(Exception):
    """The program ends with an error: a model is gone, or didn't pass its gate."""


class Engine:
    """One operation of the engine on a stack.

    Args:
        scheduler: the history's clock.
        process: the operation, which may die.
        state: the stack's state.
        run: what its host process has.
        models: the declarations by key.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        process: Mortal,
        state: State,
        run: Run,
        models: Mapping[str, ModelDeclaration],
    ) -> None:
        self._scheduler = scheduler
        self._process = process
        self.state = state
        self._run = run
        self._models = models
        self._options = Options()
        self._aliases: Mapping[str, str] = {}
        self._has_failed = False
        self.problems: list[str] = []
        self.done: list[Done] = []

    def up(
        self, wait: "Callable[[str, ModelDeclaration, Stored], str]", options: Options
    ) -> list[str]:
        """Make the declarations true; return what went wrong, nothing if all is well.

        Args:
            wait: what the program does once a model is known: it waits for its build, and returns
                what is wrong with it.
            options: how it is called.
        """
        self._options = options
        known = {o.key for o in self.state.resources if o.kind == "model" and not o.leaves}
        renames = renames_of(self._models, lambda: known)
        if renames.refused:
            return [f"{key}: {what}" for key, what in renames.refused.items()]
        self._aliases = renames.aliases
        self._scheduler.run(
            [partial(self._one, key, model, wait) for key, model in self._models.items()]
        )
        if not self.problems or (options.continues and not self._program_failed):
            self._deletes()
        return self.problems

    def destroy(self, options: Options) -> list[str]:
        """Let everything go; no program runs, and nothing is declared."""
        self._options = options
        self._deletes()
        return self.problems

    def refresh(self) -> list[str]:
        """Take what the API shows into the state; return what went wrong."""
        found = self._scheduler.run([partial(self._read, o) for o in self.state.resources])
        self.state.resources = [
            one for one, stays in zip(self.state.resources, found, strict=True) if stays
        ]
        return self.problems

    def preview(self) -> list[Done]:
        """Return what an `up` would do, in order; nothing is sent."""
        found, kept = list[Done](), list[Stored]()
        known = {o.key for o in self.state.resources if o.kind == "model" and not o.leaves}
        self._aliases = renames_of(self._models, lambda: known).aliases
        for key, model in self._models.items():
            stored, activation = (self._known(kind, key) for kind in ("model", "activation"))
            kept += [one for one in (stored, activation) if one is not None]
            inputs = model_inputs(key, model, self.state.stack)
            what = self._difference(stored, "model", inputs)
            found += [Done(what, "model", key)] if what else []
            found += [Done("delete", "model", key)] if what == "replace" else []
            if model.activation is None:
                kept = [one for one in kept if one is not activation]
                continue
            if stored is None or what == "replace":
                found.append(Done("update" if activation else "create", "activation", key))
                continue
            inputs = activation_inputs(key, model, stored.id)
            what = self._difference(activation, "activation", inputs)
            found += [Done(what, "activation", key)] if what else []
        going = [o for o in self.state.resources if not any(o is one for one in kept)]
        found += [Done("delete", one.kind, one.key) for one in going]
        return sorted(found)

    # --- one resource after the other -------------------------------------------------------

    _program_failed = False

    def _one(
        self,
        key: str,
        declared: ModelDeclaration,
        wait: "Callable[[str, ModelDeclaration, Stored], str]",
    ) -> None:
        try:
            inputs = model_inputs(key, declared, self.state.stack)
            model = self._register("model", key, inputs, declared)
            if model is None:
                return
            problem = wait(key, declared, model) if self._is_targeted(key) else ""
            if problem:
                self._program_failed = True
                self.problems.append(f"{key}: {problem}")
                # The program raises nothing before all have had their turn.
            if declared.activation is None:
                return
            inputs = activation_inputs(key, declared, model.id)
            activation = self._register("activation", key, inputs, declared)
            if activation is None or not self._is_targeted(key):
                return
            outputs = activation.outputs
            is_fine = outputs["pending"] or (outputs["passed"] and not outputs["reasons"])
            if declared.activation == "swap" and not problem and not is_fine:
                self._program_failed = True
                self.problems.append(f"{key}: not live: {outputs['reasons']}")
        except (ProviderFaultError, ProtectedError) as exc:
            self._has_failed = True
            self.problems.append(f"{key}: {exc}")
        except StoppedError:
            self.problems.append(f"{key}: not registered")

    def _is_targeted(self, key: str) -> bool:
        return self._options.targets is None or key in self._options.targets

    def _known(self, kind: str, key: str) -> Stored | None:
        """Return what the state has of a key, or else of the one that it had before."""
        was = self._aliases.get(key)
        found = self.state.find(kind, key)
        return found if found is not None or was is None else self.state.find(kind, was)

    def _register(
        self, kind: str, key: str, inputs: Json, declared: ModelDeclaration
    ) -> Stored | None:
        """Register a resource; None where it isn't targeted and isn't there."""
        if self._has_failed and not self._options.continues:
            raise StoppedError
        provider, stored = self._provider(kind), self._known(kind, key)
        if not self._is_targeted(key):
            return stored
        checked = provider.check(stored.inputs if stored else {}, inputs)
        assert not checked.failures, [failure.reason for failure in checked.failures]
        news = through_engine(checked.inputs)
        if stored is None:
            return self._create(provider, kind, key, news, declared)
        difference = provider.diff(stored.id, stored.outputs, news)
        if difference.changes and difference.replaces:
            if stored.protect and declared.protect:
                # To unprotect and replace in one run is allowed, to unprotect and delete isn't.
                message = f"unable to replace resource {kind} {key}: it is protected"
                raise ProtectedError(message)
            news = through_engine(provider.check({}, inputs).inputs)
            created = self._create(provider, kind, key, news, declared, "replace")
            stored.key, stored.leaves = key, True
            return created
        if difference.changes:
            outs = provider.update(stored.id, stored.outputs, news).outs
            self._process.step("before the state is written")
            stored.outputs = through_engine(outs)
            self.done.append(Done("update", kind, key))
        stored.key, stored.inputs = key, news
        stored.protect = bool(declared.protect)
        return stored

    def _create(  # noqa: PLR0913, PLR0917 - one resource
        self,
        provider: ResourceProvider,
        kind: str,
        key: str,
        news: Json,
        declared: ModelDeclaration,
        what: str = "create",
    ) -> Stored:
        pending = (kind, key, news)
        self.state.pending.append(pending)
        try:
            result = provider.create(dict(news))
        except ProviderFaultError:
            self.state.pending.remove(pending)
            raise
        self._process.step("before the state is written")
        self.state.pending.remove(pending)
        outputs = through_engine(result.outs)
        created = Stored(kind, key, str(result.id), news, outputs, protect=bool(declared.protect))
        self.state.resources.append(created)
        self.done.append(Done(what, kind, key))
        return created

    def _deletes(self) -> None:
        going = [o for o in self.state.resources if o.leaves or self._has_gone(o, self._models)]
        going = [one for one in going if self._is_targeted(one.key)]
        for kind in ("activation", "model"):
            self._scheduler.run([partial(self._delete, o) for o in going if o.kind == kind])
            if self._has_failed:
                return

    def _delete(self, one: Stored) -> None:
        if one.protect and not one.leaves:
            self._has_failed = True
            self.problems.append(f"{one.key}: {one.kind} {one.key} cannot be deleted: protected")
            return
        try:
            self._provider(one.kind).delete(one.id, dict(one.outputs))
        except ProviderFaultError as exc:
            self._has_failed = True
            self.problems.append(f"{one.key}: {exc}")
            return
        self._process.step("before the state is written")
        if one.kind == "model":
            policy = one.outputs.get("on_delete") or "deactivate"
            lineage = str(one.outputs.get("lineage"))
            self.state.left.append(Left(one.key, one.id, policy, lineage))
        self.done.append(Done("delete", one.kind, one.key))
        self.state.resources.remove(one)

    def _has_gone(self, one: Stored, declared: Collection[str]) -> bool:
        if one.key not in declared:
            return True
        model = self._models.get(one.key)
        return one.kind == "activation" and model is not None and model.activation is None

    def _read(self, one: Stored) -> bool:
        """Read one resource; return whether it is there."""
        provider = self._provider(one.kind)
        try:
            found = provider.read(one.id, dict(one.outputs))
        except ProviderFaultError as exc:
            self.problems.append(f"{one.key}: {exc}")
            return True
        if not found.id:
            return False
        before = one.inputs
        one.outputs = through_engine(found.outs)
        one.inputs = through_engine(getattr(found, "inputs", None) or one.inputs)
        # To show what it has read, the engine compares it, without a check.
        provider.diff(one.id, one.outputs, before)
        return True

    def _difference(self, stored: Stored | None, kind: str, inputs: Json) -> str:
        if stored is None:
            return "create"
        provider = self._provider(kind)
        checked = through_engine(provider.check(stored.inputs, inputs).inputs)
        try:
            result = provider.diff(stored.id, stored.outputs, checked)
        except ProviderFaultError as exc:
            self.problems.append(f"{stored.key}: {exc}")
            return "fail"
        if not result.changes:
            return ""
        return "replace" if result.replaces else "update"

    def _provider(self, kind: str) -> ResourceProvider:
        provider = MlModelProvider() if kind == "model" else MlModelActivationProvider()
        provider._run = self._run
        return provider
