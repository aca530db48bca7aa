"""Which name a declaration has to say so that it stays. Pure."""

from cli.edit.declared import declared_model
from cli.errors import PROBLEMS, CliError
from cli.models.look import StackView
from cli.workspace.names import names_made
from providers.lytics.domain.identity import to_send
from providers.lytics.stack_file.reader import Stack


def name_to_keep(key: str, stack: Stack, look: StackView) -> str | None:
    """Return the name of a key's model, None if it is declared already.

    Raises:
        CliError: there is no such model, or declaring its name would replace it.
    """
    declared = declared_model(stack, key)
    own = [row for row in look.rows if row.key == key]
    row = next((row for row in own if row.role == "declared"), None)
    if row is None or not row.name:
        # What the next pulumi up takes over is there already, and may be used already.
        adopted = (look.account or {}).get(declared.adopt or "")
        if adopted is None:
            message = f"{key} has no model yet: run pulumi up first"
            raise CliError(message)
        return adopted.name if declared.name is None else None
    # An account may put something before each name: what is declared is what will be sent.
    name = to_send(row.name, names_made(look.state))
    if declared.name == name:
        return None
    if declared.name is not None:
        message = (
            f"{key} declares the name {declared.name}, and its model is named {row.name}: the "
            f"next pulumi up replaces it. To keep it, write name: {name}"
        )
        raise CliError(message, PROBLEMS)
    before = str((row.activation.outputs if row.activation else {}).get("live_model_id") or "")
    if row.live is False and before not in {"", row.id}:
        # After a failed gate: the state holds the new model, and the old one is live.
        message = (
            f"Model {before} of {key} is live, and not {row.id}, which is to replace it: let its "
            "gate pass, or go back to the earlier declaration, and keep the name then"
        )
        raise CliError(message, PROBLEMS)
    return name
