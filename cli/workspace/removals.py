"""What a stack file says of models today: declared, let go, excepted."""

from collections.abc import Mapping
from pathlib import Path

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.fields import OnDelete
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import read_stack_file


def declared_removals(path: Path) -> Mapping[str, OnDelete]:
    """Return the policy of each key under `removed`; none where the file can't be used."""
    try:
        return {key: one.on_delete for key, one in read_stack_file(path).removed.items()}
    except DeclarationError:
        return {}


def declared_models(path: Path) -> Mapping[str, ModelDeclaration] | None:
    """Return by key what a stack file declares, under a former key too; None if unknown.

    A file that can't be used says nothing of them.
    """
    try:
        models = read_stack_file(path).models
    except DeclarationError:
        return None
    return {**{one.was: one for one in models.values() if one.was is not None}, **models}


def excepted_from(path: Path, rule: str) -> Mapping[str, str]:
    """Return by key the reason for which a rule doesn't hold; none where the file can't be used."""
    try:
        exceptions = read_stack_file(path).exceptions
    except DeclarationError:
        return {}
    return {key: told[rule].reason for key, told in exceptions.items() if rule in told}
