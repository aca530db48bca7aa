"""`lytics-ml move`."""

from typing import Annotated

import typer


def move_model(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The model's key.")],
    here: Annotated[str, typer.Argument(metavar="FROM", help="The stack that has it.")],
    there: Annotated[str, typer.Argument(metavar="TO", help="The stack that is to have it.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
    ] = False,
) -> None:
    """Move a model to another stack of the same account.

    Both stack files are written; pulumi up of both then does the rest without a write.

    Exit codes: 0 written, 1 it can't be moved, 2 something could not be read.
    """
    from cli.edit.stack_edit import show_diff
    from cli.move.plan import plan_move
    from cli.screen.terminal import say
    from cli.workspace.project import find_project

    move = plan_move(find_project(), key, here, there)
    if not dry_run:
        # Interrupted here, the model is declared twice, which the second up refuses. The other way
        # round it would be declared nowhere, and retired.
        move.there.write()
        move.here.write()
    show_diff(move.here.diff())
    show_diff(move.there.diff())
    if dry_run:
        say("Nothing was written.")
        return
    say(f"Then: bin/pulumi up --stack {here} lets go of model {move.model.id},")
    say(f"      bin/pulumi up --stack {there} takes it over, in this order.")
