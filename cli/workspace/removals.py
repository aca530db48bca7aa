"""How a stack file lets models go that it no longer declares."""

from collections.abc import Mapping
from pathlib import Path

from providers.lytics.domain.declaration import OnDelete
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import read_stack_file


def declared_removals(path: Path) -> Mapping[str, OnDelete]:
    """Return the policy of each key under `removed`; none where the file can't be used."""
    try:
        return {key: one.on_delete for key, one in read_stack_file(path).removed.items()}
    except DeclarationError:
        return {}
