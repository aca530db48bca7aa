"""`no-delete`."""

from collections.abc import Iterator

from providers.lytics.domain.fields import policy_of
from providers.lytics.domain.rulebook import Facts, Found, Rule


class NoDelete(Rule):
    """Models are deactivated or retained, never deleted."""

    id = "no-delete"

    def check(self, facts: Facts) -> Iterator[Found]:
        """Yield each model, declared or removed, that is to be deleted."""
        declared = {key: model.on_delete for key, model in facts.models.items()}
        removed = {key: removal.on_delete for key, removal in facts.removed.items()}
        for key, on_delete in {**declared, **removed}.items():
            if policy_of(on_delete) == "delete":
                yield Found(f"{key} is to be deleted: say on_delete: deactivate or retain", key)
