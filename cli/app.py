"""The commands of `lytics-ml`."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from cli.audiences.command import audiences
from cli.card.command import card
from cli.compare.command import compare
from cli.doctor.command import doctor
from cli.drift.command import drift
from cli.examples import epilog
from cli.history.command import history
from cli.importing.command import import_models
from cli.init.command import init_stack
from cli.keep_name.command import keep_name
from cli.models.list_command import list_models
from cli.models.show_command import show_model
from cli.move.command import move_model
from cli.promote.command import promote
from cli.prune.command import prune
from cli.recover.command import recover
from cli.rehearse.command import rehearse
from cli.retrain.command import retrain
from cli.review.command import review
from cli.rules.command import rules
from cli.schema.command import schema
from cli.validate.command import validate
from cli.watch.command import watch
from providers.lytics.pages import page
from providers.lytics.version import VERSION

app = typer.Typer(
    name="lytics-ml",
    help="Lookalike models of a Lytics account: what Pulumi has no command for.",
    epilog=f"More: {page('index')}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: Mapping[str, Callable[..., None]] = {
    "validate": validate,
    "list": list_models,
    "show": show_model,
    "audiences": audiences,
    "import": import_models,
    "retrain": retrain,
    "keep-name": keep_name,
    "init": init_stack,
    "move": move_model,
    "recover": recover,
    "prune": prune,
    "rules": rules,
    "schema": schema,
    "review": review,
    "rehearse": rehearse,
    "promote": promote,
    "drift": drift,
    "doctor": doctor,
    "watch": watch,
    "history": history,
    "compare": compare,
    "card": card,
}

for _name, _command in COMMANDS.items():
    # Without one, typer cuts the first sentence off where the line ends.
    _sentence = " ".join((_command.__doc__ or "").split("\n\n", 1)[0].split())
    app.command(_name, epilog=epilog(_name), short_help=_sentence)(_command)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's
    if wanted:
        typer.echo(f"lytics-ml {VERSION}")
        raise typer.Exit


@app.callback()
def lytics_ml(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Lookalike models of a Lytics account: what Pulumi has no command for."""
