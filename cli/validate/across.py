"""Whether stack files agree with each other: a model belongs to one declaration."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.edit.places import Places
from cli.validate.validation import FileReport, Finding
from cli.workspace.project import Project
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import Stack, read_stack_file
from providers.lytics.text import shown


@dataclass(frozen=True)
class _Adoption:
    model_id: str
    stack: str
    key: str


def check_across(project: Project, reports: Iterable[FileReport]) -> None:
    """Add to reports which models two stack files adopt, those of files that weren't named too.

    Args:
        project: where the stacks are.
        reports: of stack files; findings are added.
    """
    told = {report.path.resolve(): report for report in reports}
    adoptions = [
        one
        for file in {*told, *(file.resolve() for file in project.stack_files())}
        for one in _adoptions(file.stem, _stack_of(told.get(file), file))
    ]
    for path, report in told.items():
        for one in _adoptions(path.stem, report.stack):
            others = [
                f"{other.key} of stack {other.stack}"
                for other in sorted(adoptions, key=lambda a: (a.stack, a.key))
                if other.model_id == one.model_id and other.stack != one.stack
            ]
            if others:
                what = f"{', '.join(others)} adopts model {one.model_id} too; one of them can"
                report.findings.append(_finding(report, one.key, what))


def _stack_of(report: FileReport | None, file: Path) -> Stack | None:
    if report is not None:
        return report.stack
    try:
        return read_stack_file(file)
    except DeclarationError:
        return None  # That is said where that file is validated.


def _adoptions(stack: str, declared: Stack | None) -> Iterator[_Adoption]:
    for key, model in declared.models.items() if declared else ():
        if model.adopt is not None:
            yield _Adoption(model.adopt.lower(), stack, key)


def _finding(report: FileReport, key: str, what: str) -> Finding:
    line, column = Places(report.path).find("models", key, "adopt")
    return Finding(shown(report.path), f"models.{key}.adopt: {what}", line, column)
