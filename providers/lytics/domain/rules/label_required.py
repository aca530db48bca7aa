"""`label-required`."""

from collections.abc import Iterator

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Facts, Rule


class LabelRequired(Rule):
    """A model has a label, by which people in Lytics know it."""

    id = "label-required"

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield that a model has none."""
        del facts
        if not (model.label or "").strip():
            yield f"{key} has no label: declare one, so that people in Lytics know what it is"
