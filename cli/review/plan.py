"""Reads what `pulumi preview --json` says of our resources. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.errors import CliError
from providers.lytics.domain.diff import Unknown
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE

# The engine's mark of a value that isn't known before the update (sdk/go/common/resource/plugin).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_OPS = {
    "create": "create",
    "create-replacement": "replace",
    "replace": "replace",
    "delete-replaced": "replace",
    "update": "update",
    "delete": "delete",
    "same": "same",
}


@dataclass(frozen=True)
class Step:
    """What is to happen to one resource of ours.

    Attributes:
        op: `create`, `replace`, `update`, `delete` or `same`.
        key: the declaration's key, the new one of a renamed model.
        old_key: the key in the state.
        id: the id in the state, "" for a new resource.
        old: what the state holds.
        new: what is declared; a value may be `Unknown`.
    """

    op: str
    key: str
    old_key: str = ""
    id: str = ""
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a preview says.

    Attributes:
        models: the models' steps by key.
        activations: their activations' steps by key.
        errors: why the preview failed, "" if it didn't.
    """

    models: Mapping[str, Step]
    activations: Mapping[str, Step]
    errors: str = ""

    @property
    def told(self) -> set[str]:
        """The keys of models of which it says what happens, those of before a rename too."""
        return {key for step in self.models.values() for key in (step.key, step.old_key)}


def parse_plan(text: str) -> Plan:
    """Return what a preview says.

    Raises:
        CliError: it isn't what `pulumi preview --json` writes.
    """
    try:
        data = json.loads(text)
    except ValueError as exc:
        message = "The preview isn't JSON; make it with: pulumi preview --json"
        raise CliError(message) from exc
    if not isinstance(data, dict) or not isinstance(data.get("steps", []), list):
        message = "The preview has no steps; make it with: pulumi preview --json"
        raise CliError(message)
    models: dict[str, Step] = {}
    activations: dict[str, Step] = {}
    for raw in data.get("steps") or []:
        urn = str(raw.get("urn", "")) if isinstance(raw, dict) else ""
        into = (
            models if _is(urn, MODEL_TYPE) else activations if _is(urn, ACTIVATION_TYPE) else None
        )
        if into is None or raw.get("op") not in _OPS:
            continue
        step = _step(raw, urn)
        into.setdefault(step.key, step)
    return Plan(models, activations, _errors(data))


def _is(urn: str, kind: str) -> bool:
    return f"::{kind}::" in urn or f"${kind}::" in urn


def _step(raw: Mapping[str, Any], urn: str) -> Step:
    before, after = raw.get("oldState") or {}, raw.get("newState") or {}
    old = {**_values(before.get("inputs")), **_values(before.get("outputs"))}
    new = _values(after.get("inputs"))
    old_urn = str(before.get("urn") or urn)
    return Step(
        op=_OPS[raw["op"]],
        key=urn.rsplit("::", 1)[-1],
        old_key=old_urn.rsplit("::", 1)[-1],
        id=str(before.get("id") or ""),
        old=old,
        new=new,
    )


def _values(raw: object) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        return {}
    return {
        name: Unknown() if value == UNKNOWN else value
        for name, value in raw.items()
        if name != "__provider" and value is not None
    }


def _errors(data: Mapping[str, Any]) -> str:
    return "\n".join(_told(data.get("diagnostics")))


def _told(diagnostics: object) -> Iterator[str]:
    for one in diagnostics if isinstance(diagnostics, list) else []:
        if isinstance(one, Mapping) and one.get("severity") == "error":
            yield str(one.get("message", "")).removeprefix("error: ").strip()
