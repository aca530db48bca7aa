"""Which of the account's models is the one that a declaration means. Pure.

The API has no idempotency key: a create whose reply was lost, a killed run and a declaration that
goes back to an earlier one are all settled by looking into ML List.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.diff import echo_contradicts
from providers.lytics.domain.identity import (
    NameIndex,
    default_name,
    ends_with_proof,
    proof_in,
    same_name,
)
from providers.lytics.domain.record import hash_of
from providers.lytics.errors import ConflictError
from providers.lytics.pages import page
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Wanted:
    """The model that a create is after.

    Attributes:
        inputs: the declaration.
        replaced: ids that this run is replacing; they are never what is wanted.
        trained: what the state remembers: id -> inputs hash of models of this lineage.
        baseline: ids that were there before this run created anything.
    """

    inputs: ModelInputs
    replaced: Collection[str] = ()
    trained: Mapping[str, str] = field(default_factory=dict)
    baseline: Collection[str] = ()

    @cached_property
    def hash(self) -> str:
        """The inputs hash of the declaration."""
        return hash_of(self.inputs)

    @property
    def is_first(self) -> bool:
        """Whether the state has had no model of this declaration: it has no lineage yet."""
        return not self.replaced and not self.trained

    @property
    def name(self) -> str:
        """The name to send."""
        return self.inputs.name or default_name(self.inputs.key, self.inputs.lineage, self.hash)


def likely(wanted: Wanted, models: Mapping[str, Model], index: NameIndex) -> list[Model]:
    """Return the few models that `matches` has to look at.

    Args:
        wanted: what a create is after.
        models: the account's models by id.
        index: knows all their names.
    """
    name = wanted.inputs.name
    found = index.named(name) if name else index.proven(wanted.inputs.lineage, wanted.hash)
    return [models[one] for one in dict.fromkeys((*found, *wanted.trained)) if one in models]


def matches(wanted: Wanted, models: Iterable[Model]) -> list[Model]:
    """Return the models that match what is wanted, the one to keep first.

    Of several the earliest `created`, then the lowest id, comes first, so that two runs which
    look at the same list choose the same one. `invalid` models are included; the caller decides
    about them.

    Raises:
        ConflictError: models have the declared name, source and target, but nothing shows
            whether their config is the declared one; or one of the name can't be read.
    """
    models = list(models)
    _refuse_unreadable(wanted, models)
    found: list[Model] = []
    unclear: list[Model] = []
    for model in models:
        if model.id in wanted.replaced or not _same_outside(wanted, model):
            continue
        is_ours = model.id in wanted.trained or wanted.inputs.name is None
        (found if is_ours or _is_proven(wanted, model) else unclear).append(model)
    if unclear and not found:
        ids = ", ".join(sorted(model.id for model in unclear))
        what = (
            f"'{wanted.inputs.key}': the account has a model named "
            f'"{wanted.inputs.name}" with this '
            f"source and target ({ids}), and Lytics doesn't report how it was trained. "
            f"To take it over, add adopt: {min(model.id for model in unclear)}; "
            f"to train another, choose another name. See {page('guides/take-over#one-model')}"
        )
        raise ConflictError(what)
    return sorted(found, key=lambda model: model.age_key)


def _refuse_unreadable(wanted: Wanted, models: Iterable[Model]) -> None:
    """Refuse to judge a model that may be the wanted one and can't be read."""
    for model in models:
        is_candidate = model.id in wanted.trained or same_name(wanted.name, model.name)
        if is_candidate and model.id not in wanted.replaced:
            model.require_readable()


def _same_outside(wanted: Wanted, model: Model) -> bool:
    """Compare what the state remembers, or else everything that the API reports."""
    inputs = wanted.inputs
    if (model.source.lower(), model.target.lower()) != (inputs.source, inputs.target):
        return False
    if inputs.name is None and model.name == wanted.name:
        # The name holds the hash: that is proof, whatever Lytics made of the config or the state
        # remembers, and beside it a second one is never sent. An altered name may be that of
        # somebody's copy.
        return True
    remembered = wanted.trained.get(model.id)
    if remembered == wanted.hash or (remembered is not None and inputs.name is not None):
        # The hash doesn't hold the name, and audiences find a score by it.
        is_named = inputs.name is None or same_name(inputs.name, model.name)
        return is_named and remembered == wanted.hash
    if inputs.name is None:
        named = ends_with_proof(model.name, inputs.lineage, wanted.hash)
    else:
        named = same_name(inputs.name, model.name)
    return named and not contradictions(inputs, model)


def contradictions(inputs: ModelInputs, model: Model) -> list[str]:
    """Return the config keys for which a model shows another value than the declared one."""
    config = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    # Create decides build_only; it is never compared.
    implied = inputs.must_not_go_live_by_itself or "build_only" not in config
    return echo_contradicts(config, model.config.reported(), ignore_build_only=implied)


def _is_proven(wanted: Wanted, model: Model) -> bool:
    return model.config.is_reported or model.id not in wanted.baseline


def share_lineage(one: Model, other: Model | None) -> bool:
    """Tell whether two models are of one declaration, as their default names prove."""
    proofs = proof_in(one.name), proof_in(other.name) if other is not None else None
    return proofs[0] is not None and proofs[1] is not None and proofs[0][0] == proofs[1][0]


def are_kin(one: Model, other: Model | None) -> bool:
    """Tell whether two models look like models of one declaration.

    A declared name proves nothing: no model is written to because of it.
    """
    if other is None or one.id == other.id:
        return False
    if proof_in(one.name) is None and proof_in(other.name) is None:
        return same_name(other.name, one.name)
    return share_lineage(one, other)
