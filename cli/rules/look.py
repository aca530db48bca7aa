"""Asks a stack's account what its rules need; GETs only."""

from cli.audiences.ask import ask_for_audiences
from cli.errors import CliError
from cli.rules.check import Asked
from cli.workspace.account import connected, proven, settings_of
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.errors import LyticsError


def ask_for_rules(project: Project, state: StackState) -> Asked:
    """Return what the account of a stack shows.

    Raises:
        CliError: it could not be asked, or the key is another account's.
    """
    try:
        settings = settings_of(project, state.stack)
        with connected(settings) as client:
            models = proven(settings, client, state).looks.any().models
            return Asked(tuple(models.values()), ask_for_audiences(client).uses)
    except LyticsError as exc:
        raise CliError(str(exc)) from exc
