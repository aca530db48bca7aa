"""Asks a stack's account what its rules need; GETs only."""

from cli.audiences.ask import ask_for_audiences
from cli.errors import CliError
from cli.rules.check import Asked
from cli.workspace.account import client_of
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.errors import LyticsError


def ask_for_rules(project: Project, state: StackState) -> Asked:
    """Return what the account of a stack shows.

    Raises:
        CliError: it could not be asked.
    """
    try:
        with client_of(project, state.stack) as client:
            return Asked(tuple(client.list_models()), ask_for_audiences(client).uses)
    except LyticsError as exc:
        raise CliError(str(exc)) from exc
