"""The commands that bring models from a pull request to production."""

import typer

from cli.commands import drift, promote, review


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("review")(review.review)
    app.command("promote")(promote.promote)
    app.command("drift")(drift.drift)
