"""Sets models live and stops them, and looks whether Lytics really did."""

from typing import TYPE_CHECKING

from providers.lytics.domain.live.liveness import Unheeded
from providers.lytics.errors import RejectedError
from providers.lytics.text import harmless

if TYPE_CHECKING:
    from providers.lytics.api.client import LyticsClient
    from providers.lytics.shapes import Model


def switch(
    client: "LyticsClient", model: "Model", *, active: bool, label: str | None = None
) -> tuple["Model", Unheeded | None]:
    """Write is_active, and return the model as it is then, and what wasn't done.

    If the reply doesn't show the change, one GET checks: the reply may show the model before it.

    Args:
        client: speaks to Lytics.
        model: as it is now.
        active: what is wanted.
        label: a label to write in the same request; by itself where is_active is refused.

    Raises:
        RequestError: the API failed, and nothing is known of what it did; or it refuses the label.
    """
    labelled = {} if label is None else {"label": label}
    try:
        shown = client.update_model(model.id, {**labelled, "is_active": active})
    except RejectedError as exc:
        words = harmless(exc.api_message) or str(exc.status)
        shown = client.update_model(model.id, labelled) if labelled else model
        return shown, Unheeded(model.id, active, "refused", words)
    if shown.is_active != active:
        shown = client.fetch_model(model.id) or shown
    if shown.is_active != active:
        return shown, Unheeded(model.id, active, "ignored")
    return shown, None
