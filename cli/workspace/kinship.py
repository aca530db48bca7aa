"""Which models of an account a stack has made, by what their names prove."""

import re
from collections.abc import Collection

from providers.lytics.domain.identity import lineages_of, proof_in

_KEY_IN_NAME = re.compile(
    r"^(?:ml:)?\s*(.+)-(?:[0-9a-f]{12}|[0-9a-f]{6})-[0-9a-f]{8}(?:_\d{1,3})?$", re.IGNORECASE
)


def key_in(name: str) -> str | None:
    """Return the key that a default name begins with, None for any other name."""
    found = _KEY_IN_NAME.match(name.strip())
    return found[1] if found else None


def is_of_stack(name: str, project: str, stack: str, lineages: Collection[str]) -> bool:
    """Tell whether a model's name proves that a stack made it.

    Args:
        name: the model's name in Lytics.
        project: the Pulumi project.
        stack: the stack's name, without organisation.
        lineages: those that the stack's state or file knows; another one is proven by the key
            in the name, from which it was made.
    """
    proof = proof_in(name)
    if proof is None:
        return False
    if proof[0] in lineages:
        return True
    key = key_in(name)
    return key is not None and proof[0] in lineages_of(project, stack, key)
