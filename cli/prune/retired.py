"""Which models of an account a stack has retired, and which of them may go. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cli.workspace.kinship import is_of_stack, key_in
from cli.workspace.state import StackState
from providers.lytics.domain.audiences import Use, Uses, users_left
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.identity import proof_in
from providers.lytics.domain.live.liveness import is_first_build
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Retired:
    """A model that a stack made, that no state has any more, and that isn't live.

    Attributes:
        key: the declaration that it was made for.
        model: the model.
        users: audiences that use its score, and that no other live model writes.
        age: 1 for the youngest of its key, 2 for the one before, and so on.
    """

    key: str
    model: Model
    users: tuple[Use, ...]
    age: int


def retired(  # noqa: PLR0913 - each is one thing that is asked beforehand
    project: str,
    state: StackState,
    account: Mapping[str, Model],
    uses: Uses,
    *,
    holdings: Collection[Holding] = (),
    adopted: Collection[str] = (),
) -> list[Retired]:
    """Return a stack's retired models, by key, the youngest first.

    A model that is live, is being built, is in a state, or is adopted somewhere isn't one of them.

    Args:
        project: the Pulumi project.
        state: the stack's state: it remembers what was trained before.
        account: the account's models by id.
        uses: who uses what.
        holdings: which models the states of all stacks have.
        adopted: ids that stack files adopt.
    """
    keys = {str(one.outputs.get("lineage")): one.key for one in state.models}
    remembered = {i: one.key for one in state.models for i in one.outputs.get("trained") or {}}
    in_use = {one.id for one in state.models} | {one.id for one in holdings} | set(adopted)
    others = {i for one in holdings if one.stack != state.stack for i in one.trained}
    found: dict[str, list[Model]] = defaultdict(list)
    for model in account.values():
        if model.id in in_use or model.is_active or is_first_build(model) or model.unreadable:
            continue
        ours = is_of_stack(model.name, project, state.stack, keys) and model.id not in others
        if model.id in remembered or ours:
            lineage = (proof_in(model.name) or ("",))[0]
            key = remembered.get(model.id) or keys.get(lineage) or str(key_in(model.name))
            found[key].append(model)
    return [
        Retired(key, model, users_left(model.name, model.id, uses, account.values()), age)
        for key in sorted(found)
        for age, model in enumerate(_youngest_first(found[key]), start=1)
    ]


def _youngest_first(models: Iterable[Model]) -> list[Model]:
    return sorted(models, key=lambda model: model.age_key, reverse=True)


def to_delete(models: Iterable[Retired], keep: int) -> list[Retired]:
    """Return those that may go: old enough, and used by no audience."""
    return [one for one in models if one.age > keep and not one.users]
