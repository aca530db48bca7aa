"""`gate-at-least`."""

from collections.abc import Iterator

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.gate import FITNESS_BANDS, Bounds
from providers.lytics.domain.rulebook import Facts, Rule

_AT_MOST = {"mse", "audience_similarity"}


class GateAtLeast(Rule, Bounds):
    """A gate asks for at least this much.

    Takes the bounds of a gate: auc, accuracy, reach, fitness, rsq, and mse and
    audience_similarity, of which a gate may allow at most this much. Models without a gate are
    `live-needs-gate`'s matter.
    """

    id = "gate-at-least"
    healthy: bool = False

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield each number of which a gate asks less, or nothing."""
        del facts
        if model.gate is None:
            return
        if self.healthy and not model.gate.healthy:
            yield f"{key}'s gate lets an unhealthy model go live: leave healthy out"
        for name in Bounds.model_fields:
            wanted, has = _bound(getattr(self, name)), _bound(getattr(model.gate, name))
            if wanted is None or name == "healthy":
                continue
            bound = f"{'at most' if name in _AT_MOST else 'at least'} {wanted:g}"
            if has is None:
                yield f"{key}'s gate says nothing of {name}: ask for {bound}"
            elif (has > wanted) if name in _AT_MOST else (has < wanted):
                yield f"{key}'s gate asks for {name} {has:g}: ask for {bound}"


def _bound(value: float | str | None) -> float | None:
    return FITNESS_BANDS[value] if isinstance(value, str) else value
