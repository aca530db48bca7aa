"""What an account made of the names that a stack's models were sent with. Pure."""

from cli.workspace.state import Resource, StackState
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.domain.record import inputs_from
from providers.lytics.errors import LyticsError


def names_made(state: StackState) -> tuple[tuple[str, str], ...]:
    """Return each name that was sent with the one that came of it, the newest model's first."""
    kept = sorted(state.models, key=lambda one: str(one.outputs.get("created")))
    return tuple(pair for one in reversed(kept) if (pair := _sent_and_listed(one)) is not None)


def _sent_and_listed(resource: Resource) -> tuple[str, str] | None:
    """Return the name that a create sent and the one that it got; None where none did."""
    try:
        inputs = inputs_from(resource.outputs)
    except (ValueError, LyticsError):
        return None
    if inputs.adopt == resource.id:
        return None
    return Wanted(inputs).name, str(resource.outputs.get("name") or "")
