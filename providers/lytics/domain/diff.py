"""What differs between the state and a declaration. Pure: it compares parsed shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from providers.lytics.domain.declaration import ModelConfig, ModelInputs
from providers.lytics.domain.fields import FieldClass, class_of
from providers.lytics.domain.identity import inputs_hash, normalised_config, proof_in, same_name
from providers.lytics.errors import ConflictError


@dataclass(frozen=True)
class Difference:
    """The fields that differ, by what is to be done about them."""

    replaces: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.replaces or self.writes or self.settings)


class Unknown(BaseModel):
    """Stands for a value that isn't known yet in a preview."""


def holds_unknown(value: object) -> bool:
    """Tell whether a value, or anything inside it, isn't known yet."""
    if isinstance(value, Mapping):
        return any(holds_unknown(inner) for inner in value.values())
    if isinstance(value, list):
        return any(holds_unknown(inner) for inner in value)
    return isinstance(value, Unknown)


def differ(model_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> Difference:
    """Compare a model's state with what is declared now.

    - A field that was never declared is never a difference.
    - One that was declared and is left out now goes back to its documented default, if it has one.
    - `name` and `adopt` are compared only where they are declared.
    - A config that the model's default name proves is none, whatever was declared since.

    Args:
        model_id: the id in the state.
        state: the old outputs.
        inputs: the new inputs after check; a value may be `Unknown`.

    Raises:
        ConflictError: `adopt` names another model than the one that is managed.
    """
    _refuse_other_adoption(model_id, state, inputs)
    found: dict[FieldClass, list[str]] = {change: [] for change in FieldClass}
    for name in ModelInputs.model_fields:
        change = class_of(ModelInputs, name)
        if change is not FieldClass.NEVER and _differs(name, change, state, inputs):
            found[change].append(name)
    return Difference(
        replaces=tuple(found[FieldClass.REPLACES]),
        writes=tuple(found[FieldClass.IN_PLACE]),
        settings=tuple(found[FieldClass.STATE_ONLY]),
    )


def _differs(
    name: str, change: FieldClass, state: Mapping[str, Any], inputs: Mapping[str, Any]
) -> bool:
    old, new = state.get(name), inputs.get(name)
    if isinstance(new, Unknown):
        spelling = inputs.get(f"{name}_name")
        # Without a look-up, a segment counts as the same while the declaration spells it the same.
        return spelling is None or spelling != state.get(f"{name}_name")
    if name == "config":
        return holds_unknown(new) or (
            bool(config_differences(old, new, state.get("reported_config")))
            and not _is_trained_so(state, inputs)
        )
    if name == "name":
        is_same = new in {state.get("declared_name"), old} or _is_name_sent(new, state)
        return new is not None and not is_same
    if name == "generation":
        return int(old or 1) != int(new or 1)
    if change is FieldClass.IN_PLACE:
        # An unmanaged is_active may have changed since: the model may have gone live by itself.
        is_seen = name in state.get("managed", [name])
        return new is not None and (new != old or not is_seen)
    return bool(old != new)


def _is_name_sent(declared: object, state: Mapping[str, Any]) -> bool:
    """Tell whether a declared name is the default one that was sent, which the API altered.

    `keep-name` writes that one: sent again, the API makes the same name of it.
    """
    if not isinstance(declared, str) or state.get("declared_name") is not None:
        return False
    return proof_in(declared) is not None and same_name(declared, str(state.get("name")))


def _is_trained_so(state: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Tell whether a model's default name proves that it was trained with these inputs.

    What was declared of it since, and is in the state, may be less: where a key has no documented
    default, leaving it out replaces nothing.
    """
    proof = proof_in(str(state.get("name"))) if state.get("declared_name") is None else None
    source, target, generation = (inputs.get(one) for one in ("source", "target", "generation"))
    if proof is None or any(holds_unknown(one) for one in (source, target, generation)):
        return False
    config = ModelConfig.model_validate(inputs.get("config") or {}).model_dump(exclude_none=True)
    return proof[1] == inputs_hash(str(source), str(target), config, int(generation or 1))


def config_differences(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    reported: Mapping[str, Any] | None,
) -> list[str]:
    """Return the config keys whose change needs a new model.

    A key without a documented default that wasn't declared before is compared with what the API
    reported, if it did: declaring a value that it already has changes nothing.
    """
    before, after = normalised_config(old), normalised_config(new)
    differing = []
    if "blocked" in before:
        # A default of None is in no hash.
        after = {"blocked": [], **after}
    for key, wanted in after.items():
        was = before[key] if key in before else (reported or {}).get(key)
        if was != wanted:
            differing.append(key)
    return sorted(differing)


def echo_contradicts(
    declared: Mapping[str, Any] | None,
    reported: Mapping[str, Any],
    *,
    ignore_build_only: bool,
) -> list[str]:
    """Return the config keys for which the API reports another value than the declared one.

    Args:
        declared: the config as declared; documented defaults count as declared.
        reported: the API's echo without what it doesn't report, {} for a zeroed one.
        ignore_build_only: whether the tool decided build_only by itself.
    """
    wanted = normalised_config(declared)
    ignored = {"build_only"} if ignore_build_only else set()
    return sorted(
        key
        for key, value in wanted.items()
        if key not in ignored and key in reported and _plain(reported[key]) != value
    )


def _plain(value: object) -> object:
    return sorted(set(value)) if isinstance(value, list) else value


def _refuse_other_adoption(
    model_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
) -> None:
    wanted = inputs.get("adopt")
    if wanted is None or isinstance(wanted, Unknown):
        return
    # Once a replacement has retired the adopted model, its id may stay in the file, or come back.
    if str(wanted).lower() in {model_id, state.get("adopt"), *(state.get("trained") or {})}:
        return
    what = (
        f"'{inputs.get('key')}' manages model {model_id} already and can't adopt {wanted} as well. "
        "Take adopt out, or declare the other model under a key of its own"
    )
    raise ConflictError(what)
