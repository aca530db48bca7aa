"""`lytics-ml keep-name`."""

import sys
from typing import Annotated

import typer

from cli.options import StackOption


def keep_name(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key of the stack.")],
    stack: StackOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the change, write nothing.")
    ] = False,
) -> None:
    """Keep a model's name, so that its audiences follow the next one.

    It writes the name into the declaration; a default name changes with every new model. Nothing
    is trained or replaced by this.

    Exit codes: 0 written or there already, 1 the name can't be kept, 2 the name isn't known.
    """
    from cli.edit.stack_edit import StackEdit, show_diff
    from cli.errors import OK
    from cli.keep_name.naming import name_to_keep
    from cli.models.look import look_at
    from cli.screen.terminal import say, warn
    from providers.lytics.text import shown

    look = look_at(stack, summaries=False, audiences=False)
    if look.problem:
        warn(look.problem)
    edit = StackEdit(look.project.stack_file(look.state.stack))
    name = name_to_keep(key, edit.stack, look)
    if name is None:
        say(f"{shown(edit.path)} declares the name of {key} already; nothing to write")
        sys.exit(OK)
    edit.yaml.set(("models", key, "name"), name)
    edit.check()
    show_diff(edit.diff())
    if dry_run:
        say("Nothing is written (--dry-run)")
        return
    edit.write()
    say(f"{shown(edit.path)} is written; pulumi preview shows that nothing changes by it")
