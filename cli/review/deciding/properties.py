"""What changes of a model, property by property; what a new one is to have. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.review.change import Property
from cli.review.plan import Step
from cli.screen.markdown import plain
from providers.lytics.domain.diff import Difference, Unknown, config_differences, differ
from providers.lytics.domain.identity import normalised_config
from providers.lytics.domain.live.gate import Gate, kept_gate
from providers.lytics.errors import ConflictError

_GOING_LIVE = {
    None: "by itself or as is_active says",
    "swap": "once it is trained and passes",
    "observe": "never, it is only judged",
}
_NOT_TOLD = {"key", "stack", "lineage", "source_name", "target_name", "activation", "config"}
"""What a new model's other rows say already, or what nobody declares."""


def changed_properties(step: Step) -> tuple[Property, ...]:
    """Return what differs of a model that the state has."""
    if step.op in {"create", "delete", "same"}:
        return ()
    try:
        found = differ(step.id, step.old, step.new)
    except ConflictError:
        found = Difference()
    return tuple(_changed(found, step.old, step.new))


def new_properties(new: Mapping[str, Any], name: str | None, gate: object) -> tuple[Property, ...]:
    """Return what a new model is to have: everything that is declared, and its name.

    Args:
        new: what is declared.
        name: the name under which it will be listed; None where that isn't known.
        gate: the gate that is declared for it, None without one.
    """
    return tuple(_new(new, name, gate))


def gate_differences(before: object, activation: Mapping[str, Any]) -> Iterator[Property]:
    """Yield the parts of a gate that change.

    Args:
        before: the gate that the state keeps.
        activation: what is declared of the activation.
    """
    old, new = kept_gate(before), kept_gate(activation.get("gate"))
    for name in Gate.model_fields:
        was, becomes = getattr(old, name, None), getattr(new, name, None)
        if was != becomes:
            yield Property(f"gate.{name}", _bound(was), _bound(becomes))


def _new(new: Mapping[str, Any], name: str | None, gate: object) -> Iterator[Property]:
    if new.get("label") is not None:
        yield Property("label", "", plain(new["label"]))
    if name is not None:
        yield Property("name", "", name)
    for side in ("source", "target"):
        yield Property(side, "", _segment(new.get(f"{side}_name"), new.get(side)))
    declared = kept_gate(gate)
    for part in Gate.model_fields:
        bound = getattr(declared, part, None)
        if bound is not None:
            yield Property(f"gate.{part}", "", _bound(bound))
    config = new.get("config")
    for option, value in (config if isinstance(config, Mapping) else {}).items():
        yield Property(f"config.{option}", "", plain(value))
    for other, value in new.items():
        if other not in {*_NOT_TOLD, "label", "name", "source", "target"} and value is not None:
            yield Property(other, "", plain(value))


def _changed(
    found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Property]:
    for name in (*found.replaces, *found.writes, *found.settings):
        if name == "key":
            continue  # That it is renamed is told already.
        retrains = name in found.replaces
        if name == "config":
            yield from _config_properties(old, new)
        elif name in {"source", "target"}:
            was, becomes = (
                _segment(side.get(f"{name}_name"), side.get(name)) for side in (old, new)
            )
            yield Property(name, was, becomes, retrains)
        elif name in {"source_name", "target_name"}:
            if name.removesuffix("_name") not in found.replaces:
                yield Property(name, plain(old.get(name)), plain(new.get(name)))
        elif name == "activation":
            was, becomes = (_GOING_LIVE[side.get(name)] for side in (old, new))
            yield Property("going live", was, becomes)
        else:
            yield Property(name, plain(old.get(name)), plain(new.get(name)), retrains)


def _config_properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Property]:
    before, after = old.get("config"), new.get("config")
    reported = old.get("reported_config") or {}
    was, becomes = normalised_config(before), normalised_config(after)
    for name in config_differences(before, after, reported):
        old_value = was.get(name, reported.get(name))
        yield Property(f"config.{name}", plain(old_value), plain(becomes.get(name)), retrains=True)


def _segment(spelling: object, segment_id: object) -> str:
    if isinstance(segment_id, Unknown):
        return f"{spelling} (not looked up)"
    return f"{spelling} ({str(segment_id)[:8]}…)" if spelling else plain(segment_id)


def _bound(value: object) -> str:
    if hasattr(value, "model_dump"):
        return plain({k: v for k, v in value.model_dump().items() if v is not None})
    return plain(value)
