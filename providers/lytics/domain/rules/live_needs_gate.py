"""`live-needs-gate`."""

from collections.abc import Iterator

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.liveness import way_of
from providers.lytics.domain.rulebook import Facts, Rule


class LiveNeedsGate(Rule):
    """A model that goes live has a gate."""

    id = "live-needs-gate"

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield that a model goes live whatever it scores."""
        del facts
        if way_of(model.settings).is_to_be_live and model.gate is None:
            yield f"{key} goes live whatever it scores: give it a gate, or say is_active: false"
