"""`lytics-ml init`."""

from os import environ
from typing import Annotated

import typer

PASSPHRASES = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"}


def init_stack(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new stack's name.")],
    *,
    template: Annotated[
        str | None,
        typer.Option("--from", metavar="STACK", help="Copy the declarations of this stack."),
    ] = None,
) -> None:
    """Write the two files of a new environment.

    Exit codes: 0 written, 1 there is such an environment already, 2 it could not be written.
    """
    from cli.init.environment import new_environment
    from cli.screen.terminal import say, warn
    from cli.workspace.project import find_project
    from providers.lytics.text import shown

    project = find_project()
    files, has_ids = new_environment(project, name, template)
    for file in files:
        say(f"{shown(file)} is written")
    if has_ids:
        warn(
            f"Segments are named by ids of {template}'s account; another account has others. "
            "Use slugs, which are the same in every account."
        )
    say()
    say("What is left to do:")
    if not PASSPHRASES & environ.keys():
        say("  export PULUMI_CONFIG_PASSPHRASE=...      encrypts secrets: keep it for later runs")
    say(f"  bin/pulumi stack init {name}")
    say(f"  bin/pulumi config set --stack {name} --secret lytics:apiKey   (or set LIOKEY)")
    if template is None:
        say(f"  bin/lytics-ml import --stack {name}      for models that the account has already")
    say(f"  bin/lytics-ml validate --online {name}")
    say(f"  bin/pulumi preview --stack {name}")
