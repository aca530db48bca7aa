"""Says what to do where Lytics accepts a model's name only once. Pure.

Whether names must be unique isn't documented. v1 has no delete and no way to rename, so a model
that was deactivated keeps its name.
"""

from collections.abc import Iterable

from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.shapes import Model

_HELPS = (
    "declare another name, which audiences then have to follow, or delete that model first: take "
    "its declaration out with on_delete: delete, run pulumi up, and declare it again"
)


def holders(wanted: Wanted, models: Iterable[Model]) -> list[Model]:
    """Return the models that have the declared name, the oldest first.

    A default name holds the hash of what trains the model, so that no other has it.
    """
    found = [model for model in models if model.name == wanted.inputs.name]
    return sorted(found, key=lambda model: model.age_key)


def warning(wanted: Wanted, models: Iterable[Model]) -> str:
    """Return what a preview says of a declared name that is taken, "" where it isn't."""
    found = holders(wanted, models)
    if not found:
        return ""
    return (
        f'model {found[0].id} also has the name "{found[0].name}". If Lytics refuses a name that '
        f"is taken, pulumi up fails and changes nothing; then {_HELPS}"
    )


def refusal(wanted: Wanted, models: Iterable[Model], words: str) -> str:
    """Return what is said of a create that Lytics refuses because of the name.

    Args:
        wanted: what a create is after.
        models: the account's.
        words: what Lytics did, for example its answer.
    """
    ids = ", ".join(model.id for model in holders(wanted, models)) or "a model not listed yet"
    return (
        f'the account has a model named "{wanted.name}" ({ids}), and Lytics takes a name only once '
        f"({words}). Nothing was trained: {_HELPS}"
    )
