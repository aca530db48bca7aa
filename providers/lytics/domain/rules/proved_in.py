"""`proved-in`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Facts, Rule


class ProvedIn(Rule):
    """What is declared here has proved itself in another stack, as `promote --check` tells.

    Takes `stack`, the other one. An `up` and a preview look only whether it is declared the same
    there: the other account is asked by a review.
    """

    id = "proved-in"
    needs = frozenset({"proof"})
    stack: Annotated[str, Field(min_length=1, description="the other stack's name")]

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield each reason why a model isn't proved."""
        del model
        for reason in facts.unproved.get(self.stack, {}).get(key, ()):
            yield f"{key} isn't proved in {self.stack}: {reason}"
