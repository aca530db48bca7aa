"""`re-run-is-watched`."""

from collections.abc import Iterator

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Facts, Rule


class ReRunIsWatched(Rule):
    """A model that Lytics trains anew every week says under `watch` what it must keep."""

    id = "re-run-is-watched"

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield a sentence if nothing is declared under `watch`."""
        del facts
        if model.config is not None and model.config.re_run and model.watch is None:
            yield f"{key} is trained anew every week: declare under watch what it must keep"
