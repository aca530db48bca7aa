"""What rules are told of an account. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from providers.lytics.domain.audiences import Use, Uses
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.identity import proof_in, same_name
from providers.lytics.domain.live.liveness import joins, way_of
from providers.lytics.domain.rulebook import AccountFacts
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Declared:
    """One declaration, and what tells its models in an account.

    Attributes:
        model: the declaration.
        lineages: those that its models' default names prove.
        ids: of models that are known to be its own.
    """

    model: ModelDeclaration
    lineages: Collection[str] = ()
    ids: Collection[str] = ()

    def is_its_own(self, model: Model) -> bool:
        """Tell whether a model of the account is of this declaration."""
        if model.id in self.ids or model.id == self.model.adopt:
            return True
        if self.model.name is not None:
            return same_name(self.model.name, model.name)
        proof = proof_in(model.name)
        return proof is not None and proof[0] in self.lineages


def account_facts(
    declared: Mapping[str, Declared], models: Iterable[Model], uses: Uses | None
) -> AccountFacts:
    """Return what an account shows of a stack's declarations.

    Args:
        declared: the declarations by key.
        models: all models of the account.
        uses: who uses what; None where the key may not see audiences.
    """
    account = list(models)
    found = {key: [m for m in account if one.is_its_own(m)] for key, one in declared.items()}
    own = {key: [model for model in its if model.is_active] for key, its in found.items()}
    live = [model for model in account if model.is_active]
    joining = sum(
        joins(way_of(one.model.settings), is_new=not found[key], has_live=bool(own[key]))
        for key, one in declared.items()
    )
    if uses is None:
        return AccountFacts(len(live), joining)
    return AccountFacts(len(live), joining, {k: _users(its, uses) for k, its in own.items()})


def _users(models: Iterable[Model], uses: Uses) -> tuple[Use, ...]:
    return tuple(dict.fromkeys(use for model in models for use in uses.of(model.name)))
