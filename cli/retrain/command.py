"""`lytics-ml retrain`."""

from typing import Annotated

import typer

from cli.options import StackOption


def retrain(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The model's key in the stack file.")],
    stack: StackOption = None,
) -> None:
    """Raise a model's generation, so that it is trained anew.

    Only the stack file changes; pulumi up trains.

    Exit codes: 0 written, 1 the stack file has mistakes, 2 there is no such file or model.
    """
    from cli.edit.declared import declared_model
    from cli.edit.stack_edit import StackEdit, show_diff
    from cli.screen.terminal import say
    from cli.workspace.project import find_project
    from cli.workspace.pulumi import selected_stack

    project = find_project()
    name = stack or selected_stack(project)
    edit = StackEdit(project.stack_file(name))
    model = declared_model(edit.stack, key)
    edit.yaml.set(("models", key, "generation"), (model.generation or 1) + 1)
    edit.write()
    show_diff(edit.diff())
    say(f"bin/pulumi up --stack {name} trains {key} anew; what is live stays live until then.")
