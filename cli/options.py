"""Options that several commands have."""

from typing import Annotated

import typer

StackOption = Annotated[
    str | None, typer.Option("--stack", "-s", help="The stack; the selected one if left out.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
