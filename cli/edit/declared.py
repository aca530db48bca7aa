"""Finding a declaration by its key."""

from cli.errors import CliError
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.stack_file.reader import Stack
from providers.lytics.text import shown


def declared_model(stack: Stack, key: str) -> ModelDeclaration:
    """Return the declaration of a key.

    Raises:
        CliError: the stack file declares none of that key.
    """
    if key in stack.models:
        return stack.models[key]
    hint = did_you_mean(key, stack.models) or " See bin/lytics-ml list for what there is."
    message = f'{shown(stack.path)} declares no model "{key}".{hint}'
    raise CliError(message)
