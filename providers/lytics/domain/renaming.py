"""Which declarations are earlier ones under another key, `was`. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.pages import page


@dataclass(frozen=True)
class Renames:
    """What `was` comes to.

    Attributes:
        aliases: the earlier key of each declaration that the engine has to know it by.
        refused: why a declaration can't be renamed, a sentence by key.
    """

    aliases: Mapping[str, str]
    refused: Mapping[str, str]


def renames_of(
    models: Mapping[str, ModelDeclaration], in_state: Callable[[], Collection[str]]
) -> Renames:
    """Tell which declarations were renamed, and which can't be.

    Pulumi ignores an alias while a resource of the old name is declared too. So the old key can be
    declared again only once the state has the renamed model under its new key; from then on `was`
    has no effect.

    Args:
        models: the declarations by key.
        in_state: asks which keys the state has; only where an earlier key is declared as well.
    """
    renamed = {key: model.was for key, model in models.items() if model.was is not None}
    clashing = {key: was for key, was in renamed.items() if was in models}
    known = in_state() if clashing else ()
    aliases = {key: was for key, was in renamed.items() if key not in clashing}
    refused = {
        key: (
            f"'{was}' is declared as well, and the state still has the model under that key. Take "
            f"the new '{was}' out, run pulumi up, which renames it, and declare '{was}' then. "
            f"See {page('concepts/ownership#renames')}"
        )
        for key, was in clashing.items()
        if was in known and key not in known
    }
    return Renames(aliases, refused)
