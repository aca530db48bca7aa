"""What Pulumi's state holds of a stack; reading it needs neither key nor passphrase."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.errors import CliError
from cli.workspace.project import Project, short_name
from cli.workspace.pulumi import PulumiError, run_pulumi, selected_stack
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE

_STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Resource:
    """One resource of ours in a state.

    Attributes:
        key: the declaration's key.
        id: the model's id; an activation's is its key.
        outputs: what the provider kept.
        is_leaving: whether it was replaced and leaves with the next `up`.
        urn: the engine's name for it.
        inputs: what the program handed over last, {} where the state has none.
    """

    key: str
    id: str
    outputs: Mapping[str, Any]
    is_leaving: bool = False
    urn: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StackState:
    """A stack's state.

    Attributes:
        stack: the stack's name, as Pulumi is asked for it.
        models: the models, those that are leaving too.
        activations: what sets them live, by key.
        pending: operations that a killed run left, as the state has them.
        exported: all of it, as `pulumi stack import` takes it back.
        outputs: the stack's output `models`, by key.
    """

    stack: str
    models: tuple[Resource, ...] = ()
    activations: Mapping[str, Resource] = field(default_factory=dict)
    pending: tuple[Mapping[str, Any], ...] = ()
    exported: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def last_output(self, resource: Resource) -> Mapping[str, Any]:
        """Return what the last `up` exported of a model, {} if nothing.

        A create keeps a model as it begins to be built; what it came to is in the outputs alone.
        """
        kept = self.outputs.get(resource.key)
        return kept if isinstance(kept, Mapping) and kept.get("id") == resource.id else {}

    def model(self, key: str) -> Resource | None:
        """Return the model of a key, not one that is leaving."""
        return next((m for m in self.models if m.key == key and not m.is_leaving), None)


def read_state(project: Project, stack: str | None) -> StackState:
    """Return a stack's state.

    Args:
        project: where the stack is.
        stack: its name; None is the one that is selected.

    Raises:
        CliError: no stack is selected, or there is none of that name, or Pulumi failed.
    """
    name = stack or selected_stack(project)
    try:
        text = run_pulumi(project, "stack", "export", "--stack", name)
    except PulumiError as exc:
        if "no stack named" not in exc.said:
            raise
        files = (file.stem for file in project.stack_files() if file.stem != short_name(name))
        near = did_you_mean(short_name(name), files)
        message = f"There is no stack {name}.{near} Make it with: bin/pulumi stack init {name}"
        raise NoStackError(message) from exc
    try:
        exported = json.loads(text)
    except ValueError as exc:
        message = f"What pulumi stack export shows of {name} isn't JSON."
        raise CliError(message) from exc
    return parse_state(name, exported)


class NoStackError(CliError):
    """The backend has no stack of that name."""


def read_state_if_made(project: Project, stack: str) -> StackState:
    """Return a stack's state, an empty one where Pulumi has no such stack yet.

    Raises:
        CliError: Pulumi failed.
    """
    try:
        return read_state(project, stack)
    except NoStackError:
        return StackState(short_name(stack))


def parse_state(stack: str, exported: Mapping[str, Any]) -> StackState:
    """Return what an exported state says of our resources; pure."""
    deployment = exported.get("deployment") or {}
    resources = deployment.get("resources") or []
    activations = [_resource(r) for r in resources if r.get("type") == ACTIVATION_TYPE]
    return StackState(
        stack=short_name(stack),
        models=tuple(_resource(r) for r in resources if r.get("type") == MODEL_TYPE),
        activations={one.key: one for one in activations if not one.is_leaving},
        pending=tuple(deployment.get("pending_operations") or ()),
        exported=exported,
        outputs=_models_output(resources),
    )


def _models_output(resources: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    stack = next((one for one in resources if one.get("type") == _STACK_TYPE), {})
    models = (stack.get("outputs") or {}).get("models")
    return models if isinstance(models, Mapping) else {}


def _resource(resource: Mapping[str, Any]) -> Resource:
    outputs = resource.get("outputs") or {}
    urn = str(resource.get("urn", ""))
    return Resource(
        # A rename alone writes no outputs: the key in them is then still the old one.
        key=urn.rsplit("::", 1)[-1] or str(outputs.get("key", "")),
        id=str(resource.get("id", "")),
        outputs={name: value for name, value in outputs.items() if name != "__provider"},
        is_leaving=bool(resource.get("delete")),
        urn=urn,
        inputs=resource.get("inputs") or {},
    )
