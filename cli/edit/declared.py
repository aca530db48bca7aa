"""Finding a declaration by its key."""

from difflib import get_close_matches

from cli.errors import CliError
from cli.workspace.project import shown
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.stack_file.reader import Stack


def declared_model(stack: Stack, key: str) -> ModelDeclaration:
    """Return the declaration of a key.

    Raises:
        CliError: the stack file declares none of that key.
    """
    if key in stack.models:
        return stack.models[key]
    near = get_close_matches(key, stack.models, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else " See lytics-ml list for what there is."
    message = f'{shown(stack.path)} declares no model "{key}".{hint}'
    raise CliError(message)
