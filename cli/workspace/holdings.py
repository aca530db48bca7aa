"""Which models the states of a project's stacks have."""

from collections.abc import Callable
from functools import cache

from cli.workspace.project import Project
from cli.workspace.pulumi import run_pulumi
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.states import ask_holdings


def holdings_of(project: Project) -> Callable[[], tuple[Holding, ...]]:
    """Return what asks Pulumi for them, once; it raises CliError if Pulumi fails."""

    @cache
    def asked() -> tuple[Holding, ...]:
        return tuple(ask_holdings(lambda *arguments: run_pulumi(project, *arguments)))

    return asked
