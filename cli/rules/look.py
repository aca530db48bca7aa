"""Asks a stack's account what its rules need; GETs only."""

from cli.audiences.ask import ask_for_audiences
from cli.errors import CliError
from cli.rules.check import Asked
from cli.workspace.account import connected, proven, settings_of
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.domain.rulebook import OF_ACCOUNT
from providers.lytics.errors import LyticsError
from providers.lytics.stack_file.reader import Stack
from providers.lytics.stack_file.rules_file import rules_of


def ask_for_rules(project: Project, state: StackState, declared: Stack) -> tuple[Asked | None, str]:
    """Return what the account of a stack shows, or why it could not be asked.

    Where no rule needs the account it isn't asked, and there is neither.

    Raises:
        DeclarationError: the rules can't be used.
    """
    if not rules_of(declared).needs & OF_ACCOUNT:
        return None, ""
    try:
        settings = settings_of(project, state.stack)
        with connected(settings) as client:
            models = proven(settings, client, state).looks.any().models
            return Asked(tuple(models.values()), ask_for_audiences(client).uses), ""
    except (CliError, LyticsError) as exc:
        return None, str(exc)
