"""`lytics-ml validate`."""

import sys
from typing import Annotated

import typer


def validate(
    stacks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STACK]...", help="Stacks, or paths of stack files; all if none."),
    ] = None,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the API too: segments, limits, adopted ids.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report every problem of the stack files.

    Exit codes: 0 no problem, 1 problems, 2 something could not be checked.
    """
    from cli.screen.terminal import say, say_json, warn
    from cli.validate import annotations
    from cli.validate.across import check_across
    from cli.validate.renames import check_renames
    from cli.validate.validation import chosen_files, exit_code, summary, validate_file
    from cli.workspace.project import find_project

    project = find_project()
    reports = [validate_file(project, path) for path in chosen_files(project, stacks or [])]
    check_renames(project, reports)
    check_across(project, reports)
    if online:
        from cli.validate.online import check_online

        for report in reports:
            check_online(project, report)
    findings = [finding for report in reports for finding in report.findings]
    if annotations.wanted():
        for finding in findings:
            # With --json stdout is JSON alone; GitHub reads stderr too.
            (warn if as_json else say)(annotations.annotation(finding))
    if as_json:
        say_json({"ok": not findings, "stacks": [report.as_dict() for report in reports]})
    else:
        for finding in findings:
            say(str(finding))
        for report in reports:
            for line in report.notes:
                say(f"{report.name}: {line}")
            for line in report.unchecked:
                warn(f"{report.name}: not checked: {line}")
        say(summary(reports, online=online))
    sys.exit(exit_code(reports))
