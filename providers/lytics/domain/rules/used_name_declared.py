"""`used-name-declared`."""

from collections.abc import Iterator

from providers.lytics.domain.audiences import told
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.rulebook import Facts, Rule


class UsedNameDeclared(Rule):
    """A model that audiences use has a declared name, which stays when it is trained anew."""

    id = "used-name-declared"
    needs = frozenset({"audiences"})

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield that the next training would leave audiences behind."""
        uses = facts.account.uses if facts.account else None
        if model.name is None and uses and uses.get(key):
            yield (
                f"{key} has a default name and is used by {told(uses[key])}: "
                f"run bin/lytics-ml keep-name {key}"
            )
