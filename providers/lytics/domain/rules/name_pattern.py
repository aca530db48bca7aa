"""`name-pattern`."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Facts, Rule, is_pattern


class NamePattern(Rule):
    """A model's name fits a pattern.

    Takes `pattern`, a regular expression that is looked for in the declared name; where none is
    declared, in the key, with which the name in Lytics begins.
    """

    id = "name-pattern"
    pattern: Annotated[str, AfterValidator(is_pattern), Field(description="a regular expression")]

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield that a name doesn't fit."""
        del facts
        name = model.name or key
        if not re.search(self.pattern, name):
            yield f'{key} is named "{name}", which doesn\'t fit {self.pattern}'
