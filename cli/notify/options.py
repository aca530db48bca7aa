"""The options of commands that can send a message."""

from typing import Annotated

import typer

from cli.notify.message import Kind

NotifyOption = Annotated[
    bool,
    typer.Option("--notify", help="Send one message to LYTICS_ML_NOTIFY when there is news."),
]
NotifyAsOption = Annotated[
    Kind | None,
    typer.Option("--notify-as", help="The format; chosen by the address if left out."),
]
LinkOption = Annotated[
    str, typer.Option("--link", metavar="URL", help="Where the message says to read more.")
]
