"""Asks which models a stack has retired; sends GETs only."""

from collections.abc import Iterator

from cli.audiences.ask import ask_for_audiences
from cli.errors import PROBLEMS, CliError
from cli.prune.retired import Retired, retired
from cli.recover.locks import locks_of
from cli.workspace.account import proven
from cli.workspace.holdings import holdings_of
from cli.workspace.project import Project
from cli.workspace.removals import declared_removals
from cli.workspace.state import StackState
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.stack_file.reader import read_stack_file


def look(  # noqa: PLR0913 - each is one fact
    project: Project,
    stack: str,
    state: StackState,
    settings: Settings,
    client: LyticsClient,
    *,
    must_know: bool,
    is_agreed: bool = False,
) -> list[Retired]:
    """Return a stack's retired models; none of a declaration that retains them.

    Args:
        project: where the stack is.
        stack: its name, as Pulumi is asked for it.
        state: its state.
        settings: of its account.
        client: its account.
        must_know: whether it is an error that an audience's definition can't be read.
        is_agreed: whether models are to be deleted now: then the stack's lock is looked at also
            where that means to take it for a moment.

    Raises:
        CliError: a run is under way or was cut short, or who uses the models isn't known.
        DeclarationError: a stack file can't be used: what it adopts isn't known.
        LyticsError: the API failed, or the key is another account's.
    """
    if state.pending or locks_of(project, stack, may_take=is_agreed):
        message = f"A run of {stack} is under way or was cut short: see bin/lytics-ml recover first"
        raise CliError(message, PROBLEMS)
    account = proven(settings, client, state).looks.any().models
    asked = ask_for_audiences(client)
    if asked.uses is None:
        raise CliError(asked.why_unknown)
    if must_know and asked.uses.unread:
        some = f"{len(asked.uses.unread)} audiences can't be read, and may use any model"
        message = f"{some}; lytics-ml audiences names them. Nothing was deleted."
        raise CliError(message)
    removals = declared_removals(project.stack_file(stack))
    retained = {key for key, policy in removals.items() if policy == "retain"}
    retained |= {one.key for one in state.models if one.outputs.get("on_delete") == "retain"}
    found = retired(
        project.name,
        state,
        account,
        asked.uses,
        holdings=holdings_of(project)(),
        adopted=set(_adopted(project)),
    )
    return [one for one in found if one.key not in retained]


def _adopted(project: Project) -> Iterator[str]:
    for file in project.stack_files():
        for model in read_stack_file(file).models.values():
            if model.adopt is not None:
                yield model.adopt
