"""The commands of `lytics-ml`."""

import typer

from cli.commands import (
    delivery,
    import_models,
    init_stack,
    list_models,
    move_model,
    recover,
    retrain,
    schema,
    show_model,
    validate,
)

app = typer.Typer(
    name="lytics-ml",
    help="Lookalike models of a Lytics account: what Pulumi has no command for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("validate")(validate.validate)
app.command("list")(list_models.list_models)
app.command("show")(show_model.show_model)
app.command("import")(import_models.import_models)
app.command("retrain")(retrain.retrain)
app.command("init")(init_stack.init_stack)
app.command("move")(move_model.move_model)
app.command("recover")(recover.recover)
app.command("schema")(schema.schema)
delivery.add_to(app)


@app.callback()
def lytics_ml() -> None:
    """Lookalike models of a Lytics account: what Pulumi has no command for."""
