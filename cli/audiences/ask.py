"""Asks an account for its audiences; one request, and none that writes."""

from dataclasses import dataclass

from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.audiences import Uses, uses_in
from providers.lytics.errors import ForbiddenError, LyticsError


@dataclass(frozen=True)
class Audiences:
    """Who uses the models of an account, as far as that is known.

    Attributes:
        uses: who uses which; None where the account's audiences could not be had.
        why_unknown: why not, a sentence; "" where they could.
    """

    uses: Uses | None = None
    why_unknown: str = ""


def ask_for_audiences(client: LyticsClient) -> Audiences:
    """Return who uses which model; a key that may not see audiences is no error."""
    try:
        return Audiences(uses_in(client.list_segments()))
    except ForbiddenError:
        why = "Who uses the models isn't known: this key may not see the account's audiences"
        return Audiences(why_unknown=why)
    except LyticsError as exc:
        return Audiences(why_unknown=f"Who uses the models isn't known: {exc}")
