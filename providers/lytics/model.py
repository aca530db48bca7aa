"""The dynamic provider of `MlModel`: a thin adapter over `lifecycle`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from providers.lytics.domain.declaration import (
    ModelInputs,
    problems_across_fields,
    problems_with_generation,
)
from providers.lytics.domain.diff import differ
from providers.lytics.domain.fields import OnDelete
from providers.lytics.errors import DeclarationError
from providers.lytics.host.engine.adapter import StatelessProvider, check_shape, plain, told
from providers.lytics.host.lifecycle import ModelLifecycle

if TYPE_CHECKING:
    from providers.lytics.stack_file.reader import Stack


class MlModelProvider(StatelessProvider):
    """Creates, updates, reads and retires lookalike models.

    The engine calls the methods on several threads of one host process per operation.
    """

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Report every mistake of a declaration at once; sends nothing.

        The engine calls it before each diff or create, a second time with no old inputs when a
        model is replaced.
        """
        properties = plain(news)
        stored = plain(_olds).get("lineage")
        if isinstance(computed := properties.get("lineage"), str):
            lineage = self.run.declared.checked(
                computed, stored, str(properties.get("stack") or "")
            )
            news = {**news, "lineage": lineage}
        api = self.run.settings.api
        across = [
            *problems_across_fields(properties),
            *problems_with_generation(properties, api, is_new=not _olds),
        ]
        return CheckResult(news, check_shape(ModelInputs, properties, across))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Say what a change does: label and is_active update, all that trains replaces.

        A refresh calls it as well, without a check before it, to show what it has read: only what
        was checked is declared in this run, and in use.
        """
        state, inputs = plain(_olds), plain(_news)
        with told(f"Failed to compare model '{inputs.get('key')}'", self.run):
            if self.run.declared.is_checked(inputs.get("lineage")):
                difference = ModelLifecycle(self.run).diff(_id, state, inputs)
            else:
                difference = differ(_id, state, inputs)
        return DiffResult(changes=difference.is_any, replaces=list(difference.replaces))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Train a model, or take up the one that is meant; returns before it is built."""
        with told(f"Failed to create model '{props.get('key')}'", self.run):
            inputs = ModelInputs.model_validate(plain(props))
            model_id, outputs = ModelLifecycle(self.run).create(inputs)
        return CreateResult(model_id, outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Say what the API shows of a model; a refresh asks the API once for all models."""
        state = plain(props)
        if not self.may_look():
            return ReadResult(id_, state)
        with told(f"Failed to read model '{state.get('key', id_)}' ({id_})", self.run):
            found = ModelLifecycle(self.run).read(id_, state)
        if found is not None and state.get("on_delete") == "delete" and just_goes(state):
            ModelLifecycle(self.run).warn_of_deletion(id_, state)
        return ReadResult("", {}) if found is None else ReadResult(id_, *found)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Write label and is_active, as far as they differ."""
        state = plain(_olds)
        with told(f"Failed to update model '{state.get('key')}' ({_id})", self.run):
            inputs = ModelInputs.model_validate(plain(_news))
            inputs = inputs.model_copy(update={"lineage": state.get("lineage", inputs.lineage)})
            outputs = ModelLifecycle(self.run).update(_id, state, inputs)
        return UpdateResult(outputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Let a model leave by its `on_delete`, or as `removed` in the stack file says."""
        state = plain(_props)
        with told(f"Failed to retire model '{state.get('key')}' ({_id})", self.run):
            lifecycle = ModelLifecycle(self.run)
            policy = declared_policy(lifecycle.stack_of(_id, state), str(state.get("key")))
            lifecycle.delete(_id, state, policy)


@cache
def _declared(stack: str) -> "Stack | None":
    from providers.lytics.stack_file.reader import read_stack_file  # noqa: PLC0415 - few runs delete

    path = Path("stacks") / f"{stack}.yaml"
    return read_stack_file(path) if path.exists() else None


def just_goes(state: Mapping[str, Any]) -> bool:
    """Tell whether a model of the state is neither declared nor under `removed`.

    The program itself warns of what `removed` deletes, and reports a file with mistakes.
    """
    try:
        stack = _declared(str(state.get("stack")))
    except DeclarationError:
        return False
    if stack is None:
        return False
    renamed = {model.was for model in stack.models.values()}
    return state.get("key") not in {*stack.models, *stack.removed, *renamed}


def declared_policy(stack: str, key: str) -> OnDelete | None:
    """Return how the stack file says that a model which is no longer declared leaves.

    The engine tells a delete only what the state holds; the host runs in the program's folder.
    """
    declared = _declared(stack)
    removal = declared.removed.get(key) if declared is not None else None
    return removal.on_delete if removal is not None else None
