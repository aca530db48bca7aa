"""`lytics-ml review`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cli.options import JsonOption, StackOption

if TYPE_CHECKING:
    from cli.review.change import Review


def review(  # noqa: PLR0913 - each is one option of the command line
    stack: StackOption = None,
    *,
    preview: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What pulumi preview --json wrote; runs it if left out."),
    ] = None,
    save_plan: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the preview's plan there, for pulumi up --plan."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Markdown for a pull request there.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with charts there.")
    ] = None,
    max_replace: Annotated[
        str, typer.Option(metavar="N|N%", help="Refuse if more models than that are replaced.")
    ] = "30%",
    max_delete: Annotated[
        str, typer.Option(metavar="N|N%", help="Refuse if more models than that are removed.")
    ] = "30%",
    force: Annotated[
        bool, typer.Option("--force", help="Report limits and losses, and don't refuse.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what a change will do to a stack's models, and what those score; changes nothing.

    It first names the audiences that would lose their scores. Limits in percent apply from 10
    models on.

    Exit codes: 0 reviewed, 1 audiences would lose their scores, a rule is broken, more changes
    than the limits allow or something can't be carried out as declared, 2 it could not be
    reviewed.
    """
    from cli.errors import CliError
    from cli.review import asking
    from cli.review.bound import bind
    from cli.review.change import Review
    from cli.review.deciding.reading import with_limits
    from cli.review.limits import parse_limit, refusals
    from cli.review.plan import parse_plan
    from cli.workspace.project import find_project
    from cli.workspace.state import read_state
    from providers.lytics.domain.rulebook import Level

    limits = parse_limit(max_replace, "--max-replace"), parse_limit(max_delete, "--max-delete")
    if preview is not None and save_plan is not None:
        message = "--save-plan needs a preview of its own; leave --preview out"
        raise CliError(message)
    project = find_project()
    state = read_state(project, stack)
    name = stack or state.stack
    breaches, notes = asking.broken_rules(project, state)
    if any(breach.level is Level.ERROR for breach in breaches):
        # A preview would end over them, and say no more.
        _finish(
            Review(state.stack, breaches=breaches, notes=notes), markdown, html, as_json=as_json
        )
    asking.require_account(project, state)
    plan = (
        parse_plan(asking.read_preview(preview))
        if preview
        else asking.plan_of(project, state, name, save_plan)
    )
    if plan.errors:
        message = f"The preview of {name} failed:\n{plan.errors}"
        raise CliError(message)
    if save_plan is not None:
        bind(save_plan, state)
    made = asking.ask(project, state, plan)
    made = with_limits(made, refusals(made, *limits), forced=force)
    made = replace(made, breaches=breaches, notes=(*notes, *made.notes))
    _finish(made, markdown, html, as_json=as_json)


def _finish(made: "Review", markdown: Path | None, html: Path | None, *, as_json: bool) -> NoReturn:
    """Show a review in each way that is wanted, and end."""
    from cli.edit.output import write_text
    from cli.errors import OK, PROBLEMS
    from cli.review.showing.as_json import as_json as review_json
    from cli.review.showing.markdown import as_markdown
    from cli.review.showing.page import as_page
    from cli.review.showing.screen import as_screen
    from cli.screen.terminal import console, say_json, show

    if markdown is not None:
        write_text(markdown, as_markdown(made))
    if html is not None:
        write_text(html, as_page(made))
    if as_json:
        say_json(review_json(made))
    else:
        show(console(), as_screen(made))
    sys.exit(PROBLEMS if made.is_refused or made.is_stuck else OK)
