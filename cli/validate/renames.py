"""Whether what is renamed can be: only the state knows how far a stack is."""

from collections.abc import Iterable

from cli.edit.places import Places
from cli.errors import CliError
from cli.validate.validation import FileReport, Finding
from cli.workspace.project import Project
from cli.workspace.state import read_state_if_made
from providers.lytics.domain.renaming import renames_of
from providers.lytics.stack_file.reader import Stack
from providers.lytics.text import shown


def check_renames(project: Project, reports: Iterable[FileReport]) -> None:
    """Add to reports which models can't be renamed as declared.

    Pulumi is asked only where a key is declared that another model had before.

    Args:
        project: where the stacks are.
        reports: of their files; findings and what could not be checked are added.
    """
    for report in reports:
        if report.stack is not None:
            _check(project, report, report.stack)


def _check(project: Project, report: FileReport, stack: Stack) -> None:
    def in_state() -> set[str]:
        state = read_state_if_made(project, report.name)
        return {one.key for one in state.models if not one.is_leaving}

    try:
        refused = renames_of(stack.models, in_state).refused
    except CliError as exc:
        report.unchecked.append(f"whether `was` can be carried out isn't known: {exc}")
        return
    places = Places(report.path)
    for key, what in refused.items():
        line, column = places.find("models", key, "was")
        sentence = f"models.{key}.was: {what}"
        report.findings.append(Finding(shown(report.path), sentence, line, column))
