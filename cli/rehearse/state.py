"""The copy of a stack's state: exported once, without the key, and with no secret of ours left."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli.errors import CliError
from cli.workspace.project import Project, short_name
from cli.workspace.pulumi import PulumiError, run_pulumi
from cli.workspace.state import (
    NoStackError,
    StackState,
    parse_state,
    read_state,
)
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE

KEY_SETTING = "lytics:apiKey"
# The mark of a secret in a state (sdk/go/common/resource, "special signature keys").
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a secret
_OWN_TYPES = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi-python", MODEL_TYPE, ACTIVATION_TYPE}
_MOST_NAMED = 5
_AT_ONCE = 4

Json = dict[str, Any]


def state_to_copy(project: Project, stack: str | None) -> StackState:
    """Return a stack's state as it may be copied; one that isn't there yet is empty.

    Pulumi is asked for an export, which neither locks nor writes anything. It is asked for the
    secrets too only where some besides the key remain.

    Raises:
        CliError: Pulumi failed, or the stack can't be rehearsed.
    """
    try:
        state = read_state(project, stack)
    except NoStackError:
        if stack is None or not project.stack_file(stack).is_file():
            raise
        return StackState(short_name(stack))
    exported = without_key(state.exported)
    refuse_foreign(state.stack, exported)
    if holds_secrets(exported):
        exported = without_key(_with_secrets(project, stack or state.stack))
    return parse_state(state.stack, exported)


def states_beside(project: Project, state: StackState) -> dict[str, Json]:
    """Return what the project's other stacks have, by name: an `up` asks whose a model is.

    One that can't be exported is left out: the real `up` would say so where it matters.
    """
    try:
        listed = json.loads(run_pulumi(project, "stack", "ls", "--json"))
    except PulumiError:
        return {}
    names = [str(one["name"]) for one in listed if short_name(str(one["name"])) != state.stack]

    def export(name: str) -> Json | None:
        try:
            return _models_alone(
                json.loads(run_pulumi(project, "stack", "export", "--stack", name))
            )
        except (PulumiError, ValueError):
            return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(names, pool.map(export, names), strict=True))
    return {short_name(name): one for name, one in found.items() if one is not None}


def _models_alone(exported: Json) -> Json:
    """Return a state's models without what belongs to nobody else: secrets, and other resources."""
    deployment = exported.get("deployment") or {}
    resources = [one for one in deployment.get("resources") or [] if one.get("type") in _OWN_TYPES]
    return {
        "manifest": deployment.get("manifest") or {},
        "resources": [_without_secrets(one) for one in resources],
    }


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return {
            name: "" if _is_secret(inner) else _without_secrets(inner)
            for name, inner in value.items()
        }
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


def _is_secret(value: object) -> bool:
    return isinstance(value, Mapping) and value.get(_SIGNATURE) == _SECRET


def _with_secrets(project: Project, stack: str) -> Json:
    try:
        text = run_pulumi(project, "stack", "export", "--stack", stack, "--show-secrets")
    except PulumiError as exc:
        message = (
            f"The state of {short_name(stack)} holds secrets besides the key, and they can't be "
            f"decrypted, so it can't be rehearsed: {exc}"
        )
        raise CliError(message) from exc
    exported: Json = json.loads(text)
    return exported


def without_key(exported: Mapping[str, Any]) -> Json:
    """Return a state without the API key, which Pulumi keeps in it with all of the settings."""
    copy: Json = json.loads(json.dumps(exported))
    deployment = copy.get("deployment") or {}
    kept = [*(deployment.get("resources") or [])]
    kept += [one.get("resource") or {} for one in deployment.get("pending_operations") or []]
    for resource in kept:
        for part in ("inputs", "outputs"):
            (resource.get(part) or {}).pop(KEY_SETTING, None)
    # Secrets that are left are in clear where this is imported, and get the copy's own manager: a
    # rehearsal needs the stack's passphrase or cloud only to read them.
    deployment.pop("secrets_providers", None)
    return copy


def holds_secrets(value: object) -> bool:
    """Tell whether anything in a state or in settings is encrypted, or marked as a secret."""
    return any(True for _ in _secrets(value))


def _secrets(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if _is_secret(value) or set(value) == {"secure"}:
            yield value
        for inner in value.values():
            yield from _secrets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner)


def refuse_foreign(stack: str, exported: Mapping[str, Any]) -> None:
    """Refuse a stack that holds resources of others than Lytics: a copy would really make them.

    Raises:
        CliError: it does.
    """
    resources = (exported.get("deployment") or {}).get("resources") or []
    foreign = [
        f"{one.get('type')} {str(one.get('urn', '')).rsplit('::', 1)[-1]}"
        for one in resources
        if one.get("custom") and one.get("type") not in _OWN_TYPES
    ]
    if foreign:
        more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
        message = (
            f"Stack {stack} can't be rehearsed: it holds resources of others than Lytics, which "
            f"a rehearsal would really change: {', '.join(foreign[:_MOST_NAMED])}{more}. "
            "Move them to a stack of their own."
        )
        raise CliError(message)
