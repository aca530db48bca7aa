"""What is wrong with stack files: every problem of all of them, with its place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.errors import OK, PROBLEMS, UNABLE, CliError
from cli.rules.check import judge_offline
from cli.screen.terminal import count
from cli.workspace.account import generation_of
from cli.workspace.project import Project
from providers.lytics.domain.declaration import problems_with_generation
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.domain.rulebook import Breach, Verdict
from providers.lytics.errors import DeclarationError, FileLine, Problem
from providers.lytics.stack_file.reader import Stack, read_stack_file
from providers.lytics.text import shown


@dataclass(frozen=True)
class Finding:
    """One problem.

    Attributes:
        file: the path, as people name it.
        what: a sentence.
        line: from 1; None if the problem is the file's as a whole.
        column: from 1.
        rule: the rule that is broken, "" for a mistake in a file.
    """

    file: str
    what: str
    line: int | None = None
    column: int | None = None
    rule: str = ""

    def __str__(self) -> str:
        place = [self.file, *(str(part) for part in (self.line, self.column) if part is not None)]
        return f"{self._mark}{':'.join(place)}: {self.what}"

    @property
    def message(self) -> str:
        """What is wrong, without its place."""
        return f"{self._mark}{self.what}"

    @property
    def _mark(self) -> str:
        return f"[{self.rule}] " if self.rule else ""

    def as_dict(self) -> dict[str, Any]:
        """Return what --json shows."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
        }


@dataclass
class FileReport:
    """What is known of one stack file.

    Attributes:
        name: the stack.
        path: its file.
        stack: its declarations, None if they can't be used.
        findings: what is wrong.
        unchecked: what could not be checked, a sentence each.
        notes: what is worth knowing and no problem.
    """

    name: str
    path: Path
    stack: Stack | None = None
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return what --json shows."""
        return {
            "stack": self.name,
            "file": shown(self.path),
            "models": len(self.stack.models) if self.stack else None,
            "problems": [finding.as_dict() for finding in self.findings],
            "unchecked": self.unchecked,
            "notes": self.notes,
        }


def finding_of(problem: Problem) -> Finding:
    """Return a problem with its place as numbers."""
    at = problem.where
    if isinstance(at, FileLine):
        return Finding(at.file, problem.what, at.line, at.column)
    return Finding(at, problem.what)


def validate_file(project: Project, path: Path) -> FileReport:
    """Read a stack file and report all that is wrong with it; sends nothing."""
    report = FileReport(path.stem, path)
    try:
        report.stack = read_stack_file(path)
        verdict = judge_offline(project, report.stack).verdict
    except DeclarationError as exc:
        report.findings = [finding_of(problem) for problem in exc.problems]
        return report
    report.findings += _of_generation(report.stack, generation_of(project, path.stem))
    take_verdict(report, verdict)
    return report


def _of_generation(stack: Stack, api: str) -> Iterator[Finding]:
    """Yield what this generation of the API can't do, whether a model is there already or not."""
    parts = (("models", stack.models, stack.lines), ("removed", stack.removed, stack.removed_lines))
    for part, entries, lines in parts:
        for key, entry in entries.items():
            declared = entry.model_dump(exclude_none=True)
            for place, what in problems_with_generation(declared, api, is_new=False):
                path = ".".join((part, key, *place))
                yield Finding(shown(stack.path), f"{path}: {what}", lines.get(key))


def take_verdict(report: FileReport, verdict: Verdict) -> None:
    """Add to a report what rules say: errors are findings, warnings notes."""
    report.findings += [_broken(breach) for breach in verdict.errors]
    report.notes += [str(breach) for breach in verdict.warnings]


def _broken(breach: Breach) -> Finding:
    """Return a broken rule; `[rule-id] file:line: …` where it is shown."""
    return Finding(breach.where.file, breach.what, breach.where.line, rule=breach.rule)


def chosen_files(project: Project, wanted: Sequence[str]) -> list[Path]:
    """Return the files of the stacks that are named, or of all.

    Args:
        project: where.
        wanted: names of stacks, or paths of stack files.

    Raises:
        CliError: there is no such file, or none at all.
    """
    known = project.stack_files()
    if not known and not wanted:
        folder = shown(project.stacks)
        message = f"There is no stack file in {folder}. bin/lytics-ml init writes one."
        raise CliError(message)
    if not wanted:
        return known
    return list(dict.fromkeys(_file_of(project, name, known) for name in wanted))


def _file_of(project: Project, name: str, known: Iterable[Path]) -> Path:
    is_path = name.endswith((".yaml", ".yml"))
    if is_path and Path(name).is_file():
        return Path(name)
    path = project.stack_file(name)
    if path.is_file():
        return path
    if is_path:
        message = f"There is no file {shown(Path(name))}."
        raise CliError(message)
    stems = [file.stem for file in known]
    near = did_you_mean(name, stems)
    there = f"Stacks here: {', '.join(stems) or 'none'}."
    message = f"There is no {shown(path)}.{near} {there} bin/lytics-ml init {name} writes it."
    raise CliError(message)


def exit_code(reports: Iterable[FileReport]) -> int:
    """Return 1 if there are problems, 2 if there are none but something wasn't checked, else 0."""
    all_of_them = list(reports)
    if any(report.findings for report in all_of_them):
        return PROBLEMS
    return UNABLE if any(report.unchecked for report in all_of_them) else OK


def summary(reports: Sequence[FileReport], *, online: bool) -> str:
    """Return the line that ends the output."""
    files = count(len(reports), "file")
    findings = sum(len(report.findings) for report in reports)
    if findings:
        with_some = sum(bool(report.findings) for report in reports)
        return f"{count(findings, 'problem')} in {with_some} of {files}"
    models = count(sum(len(r.stack.models) for r in reports if r.stack), "model")
    if any(report.unchecked for report in reports):
        return f"{files}, {models}: not all of it could be checked"
    hint = "" if online else "; --online asks the API as well"
    return f"{files}, {models}: no problems{hint}"
