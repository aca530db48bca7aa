"""What the next `pulumi up` does about a drift, by the stack file of today. Pure."""

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.gate import Gate

Found = tuple[str, object, object, str]
"""A property, the value that was applied, the one that the API shows, and the advice."""

UP = "pulumi up puts it right"
AGAIN = "pulumi up activates it again, without a new gate"


def by_today(found: Found, gate: Gate | None, today: ModelDeclaration | None) -> str:
    """Return what the next `up` does about a difference: the file may have changed since the last.

    Args:
        found: what differs from what was applied.
        gate: the gate that was applied.
        today: what the file declares of the model; None where it doesn't declare it any more.
    """
    advice = found[-1]
    if today is None:
        return "it isn't declared any more, and pulumi up lets the model go"
    return _of_field(found, gate, today) if advice in {UP, AGAIN} else advice


def _of_field(found: Found, gate: Gate | None, today: ModelDeclaration) -> str:
    """Return what the next `up` does about a label or an is_active that is managed."""
    name, applied, actual, advice = found
    wanted = getattr(today, name)
    if wanted is None:
        return "the file doesn't declare it any more, and pulumi up leaves it"
    if wanted == actual:
        return "the file declares the same now; pulumi up writes nothing"
    if wanted != applied:
        return "the file declares another one now, and pulumi up writes it"
    if name == "is_active" and today.gate not in {None, gate}:
        return "pulumi up judges it by the gate that the file has now"
    return advice
