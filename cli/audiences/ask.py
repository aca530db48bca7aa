"""Asks an account for its audiences; one request, and none that writes."""

from dataclasses import dataclass

from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.audiences import Uses, uses_in
from providers.lytics.errors import ForbiddenError, LyticsError
from providers.lytics.shapes import Segment


@dataclass(frozen=True)
class Audiences:
    """Who uses the models of an account, as far as that is known.

    Attributes:
        uses: who uses which; None where the account's audiences could not be had.
        why_unknown: why not, a sentence; "" where they could.
        segments: all of them.
    """

    uses: Uses | None = None
    why_unknown: str = ""
    segments: tuple[Segment, ...] = ()


def ask_for_audiences(client: LyticsClient) -> Audiences:
    """Return who uses which model; a key that may not see audiences is no error."""
    try:
        segments = client.list_segments()
        return Audiences(uses_in(segments), segments=tuple(segments))
    except ForbiddenError:
        why = "Who uses the models isn't known: this key may not see the account's audiences"
        return Audiences(why_unknown=why)
    except LyticsError as exc:
        return Audiences(why_unknown=f"Who uses the models isn't known: {exc}")
