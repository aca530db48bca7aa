"""An engine in a hundred lines: it calls the providers in Pulumi's order, and can die at any step.

It exists because the real one needs seconds for a run, and faults want thousands of runs. Order,
arguments and what is stored are Pulumi's as `tests/engine` sees them: creates and updates first,
deletes last and only after a program that ended well, a create that raises leaves nothing in the
state, and numbers arrive as floats.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.dynamic import ResourceProvider

from providers.lytics.activation import MlModelActivationProvider
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.identity import lineage
from providers.lytics.domain.renaming import renames_of
from providers.lytics.host.engine.adapter import ProviderFaultError
from providers.lytics.host.run import Run
from providers.lytics.model import MlModelProvider
from sandbox.segments import segment_id
from tests.support.engine.project import ACTIVATION, MODEL, PROJECT
from tests.support.lab import through_engine

Json = dict[str, Any]
AID = 1234
STACK = "faults"
# What the program, the model's update and its activation say of a model that isn't there.
GONE = "is gone; pulumi up --refresh"


@dataclass
class Stored:
    """One resource in the state; `leaves` marks what was replaced and isn't deleted yet."""

    kind: str
    key: str
    id: str
    inputs: Json
    outputs: Json
    leaves: bool = False


@dataclass
class Left:
    """A model that the engine has let go by its policy."""

    key: str
    id: str
    policy: str


class KilledError(Exception):
    """The engine dies here: what the step did isn't in the state."""


class GateError(Exception):
    """The program ends with an error: a model is gone, or didn't pass its gate."""


@dataclass
class SmallEngine:
    """A stack's state, and what changes it.

    Attributes:
        wait: waits until no model is building, as the program does; returns the ids that there
            are then.
        state: the resources.
        left: the models that have left the stack.
        stack: the stack's name.
    """

    wait: Callable[[], Collection[str]]
    state: list[Stored] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    stack: str = STACK
    _steps: int = 0
    _last_step: int | None = None

    def up(
        self, run: Run, declared: Mapping[str, Json], *, dies_at: int | None = None
    ) -> list[str]:
        """Make the declarations true; return what went wrong, nothing if all is well.

        Args:
            run: what a host process would have.
            declared: the models, by key, as a stack file declares them.
            dies_at: kill the engine after so many steps, before it writes the last one down.
        """
        self._steps, self._last_step = 0, dies_at
        problems: list[str] = []
        models = {key: ModelDeclaration.model_validate(one) for key, one in declared.items()}
        known = {one.key for one in self.state if one.kind == "model" and not one.leaves}
        renames = renames_of(models, lambda: known)
        if renames.refused:
            return [f"{key}: {what}" for key, what in renames.refused.items()]
        try:
            for key, model in models.items():
                try:
                    self._one(run, key, model, renames.aliases.get(key))
                except (ProviderFaultError, GateError) as exc:
                    problems.append(f"{key}: {exc}")
            if not problems:
                problems += self._deletes(run, declared)
        except KilledError:
            problems.append("killed")
        return problems

    def refresh(self, run: Run) -> list[str]:
        """Take what the API shows into the state; return what went wrong."""
        kept, problems = [], []
        for one in self.state:
            try:
                found = _provider(one.kind, run).read(one.id, dict(one.outputs))
            except ProviderFaultError as exc:
                problems.append(f"{one.key}: {exc}")
                found = None
            if found is not None and not found.id:
                continue
            if found is not None:
                before = one.inputs
                one.outputs = through_engine(found.outs)
                one.inputs = through_engine(getattr(found, "inputs", None) or one.inputs)
                # To show what it has read, the engine compares it, without a check.
                _provider(one.kind, run).diff(one.id, one.outputs, before)
            kept.append(one)
        self.state = kept
        return problems

    def differences(self, run: Run, declared: Mapping[str, Json]) -> list[str]:
        """Return what an `up` would do; nothing is sent."""
        found = [f"{one.key} leaves" for one in self.state if one.leaves]
        for key, fields in declared.items():
            model = ModelDeclaration.model_validate(fields)
            stored = self.find("model", key)
            if stored is None:
                found.append(f"{key} is created")
                continue
            found += self._difference(run, stored, _model_inputs(key, model, self.stack))
            if model.activation is not None:
                activation = self.find("activation", key)
                inputs = _activation_inputs(key, model, stored.id)
                if activation is None:
                    found.append(f"{key} is activated")
                else:
                    found += self._difference(run, activation, inputs)
        return found

    def find(self, kind: str, key: str) -> Stored | None:
        """Return the resource of a key that isn't leaving."""
        return next(
            (one for one in self.state if (one.kind, one.key, one.leaves) == (kind, key, False)),
            None,
        )

    def exported(self) -> Json:
        """Return the state as `pulumi stack export` shows it, as far as lytics-ml reads it."""
        types = {"model": MODEL, "activation": ACTIVATION}
        resources = [
            {
                "urn": f"urn:pulumi:{self.stack}::{PROJECT}::{types[one.kind]}::{one.key}",
                "type": types[one.kind],
                "id": one.id,
                "outputs": one.outputs,
                "delete": one.leaves,
            }
            for one in self.state
        ]
        return {"deployment": {"resources": resources}}

    def _difference(self, run: Run, stored: Stored, inputs: Json) -> list[str]:
        provider = _provider(stored.kind, run)
        checked = through_engine(provider.check(stored.inputs, inputs).inputs)
        result = provider.diff(stored.id, stored.outputs, checked)
        return [f"{stored.kind} {stored.key} differs: {result.replaces}"] if result.changes else []

    def _one(self, run: Run, key: str, declared: ModelDeclaration, was: str | None) -> None:
        if was is not None:
            self._rename(was, key)
        model = self._register(run, "model", key, _model_inputs(key, declared, self.stack))
        if model.id not in self.wait():
            reason = f"model {model.id} {GONE}"
            raise GateError(reason)
        if declared.activation is None:
            return
        inputs = _activation_inputs(key, declared, model.id)
        activation = self._register(run, "activation", key, inputs)
        if declared.activation == "swap" and not activation.outputs["passed"]:
            reason = f"not live: {activation.outputs['reasons']}"
            raise GateError(reason)

    def _rename(self, was: str, key: str) -> None:
        """Let the state know what it had under an earlier key by the new one, as an alias does."""
        for kind in ("model", "activation"):
            if self.find(kind, key) is None and (earlier := self.find(kind, was)) is not None:
                earlier.key = key

    def _register(self, run: Run, kind: str, key: str, inputs: Json) -> Stored:
        provider, stored = _provider(kind, run), self.find(kind, key)
        checked = provider.check(stored.inputs if stored else {}, inputs)
        assert not checked.failures, [failure.reason for failure in checked.failures]
        news = through_engine(checked.inputs)
        if stored is None:
            return self._create(provider, kind, key, news)
        difference = provider.diff(stored.id, stored.outputs, news)
        if difference.changes and difference.replaces:
            news = through_engine(provider.check({}, inputs).inputs)
            created = self._create(provider, kind, key, news)
            stored.leaves = True
            return created
        if difference.changes:
            outs = provider.update(stored.id, stored.outputs, news).outs
            self._step()
            stored.outputs = through_engine(outs)
        stored.inputs = news
        return stored

    def _create(self, provider: ResourceProvider, kind: str, key: str, news: Json) -> Stored:
        result = provider.create(dict(news))
        self._step()
        created = Stored(kind, key, str(result.id), news, through_engine(result.outs))
        self.state.append(created)
        return created

    def _deletes(self, run: Run, declared: Mapping[str, Json]) -> list[str]:
        problems = []
        for one in sorted(self.state, key=lambda stored: stored.kind):
            if not (one.leaves or self._has_gone(one, declared)):
                continue
            try:
                _provider(one.kind, run).delete(one.id, dict(one.outputs))
            except ProviderFaultError as exc:
                problems.append(f"{one.key}: {exc}")
                continue
            if one.kind == "model":
                policy = one.outputs.get("on_delete") or "deactivate"
                self.left.append(Left(one.key, one.id, policy))
            self._step()
            self.state.remove(one)
        return problems

    @staticmethod
    def _has_gone(one: Stored, declared: Mapping[str, Json]) -> bool:
        if one.key not in declared:
            return True
        activation = ModelDeclaration.model_validate(declared[one.key]).activation
        return one.kind == "activation" and activation is None

    def _step(self) -> None:
        self._steps += 1
        if self._steps == self._last_step:
            raise KilledError


def _provider(kind: str, run: Run) -> ResourceProvider:
    provider = MlModelProvider() if kind == "model" else MlModelActivationProvider()
    provider._run = run
    return provider


def _model_inputs(key: str, declared: ModelDeclaration, stack: str = STACK) -> Json:
    inputs = declared.inputs(
        key=key,
        stack=stack,
        lineage=lineage(PROJECT, stack, key),
        source=segment_id(AID, declared.source),
        target=segment_id(AID, declared.target),
    )
    spelled = {"source_name": declared.source, "target_name": declared.target}
    handed: Json = through_engine({**inputs.model_dump(), **spelled})
    return handed


def _activation_inputs(key: str, declared: ModelDeclaration, model_id: str) -> Json:
    gate = declared.gate.model_dump(exclude_none=True) if declared.gate else None
    inputs: Json = through_engine(
        {
            "key": key,
            "model_id": model_id,
            "activate": declared.activation == "swap",
            "gate": gate,
            "swap": declared.swap,
        }
    )
    return inputs
