"""`forbidden-fields`."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Facts, Rule


class ForbiddenFields(Rule):
    """No model learns from these fields.

    Takes `fields`, names or patterns such as `"*gender*"`, in small or capital letters. With API
    v2, where `auto_tune` may choose any field, they must also be among `config.blocked`.
    """

    id = "forbidden-fields"
    fields: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        Field(min_length=1, description="names of fields; * stands for any characters"),
    ]

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield each forbidden field that is, or may become, a feature."""
        config = model.config
        if config is None:
            return
        for field in config.additional or ():
            if any(_fits(field, pattern) for pattern in self.fields):
                yield f"{key} learns from {field}, which is forbidden: take it out of additional"
        # An account of v1 can't block a field.
        if config.auto_tune and facts.api == "v2":
            for pattern in self.fields:
                if not any(_fits(field, pattern) for field in config.blocked or ()):
                    yield f"{key} lets auto_tune choose {pattern}: list it under config.blocked"


def _fits(field: str, pattern: str) -> bool:
    return fnmatchcase(field.lower(), pattern.lower())
