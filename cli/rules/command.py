"""`lytics-ml rules`."""

import sys

from cli.options import JsonOption, StackOption


def rules(stack: StackOption = None, *, as_json: JsonOption = False) -> None:
    """List the rules, with their level here and who breaks them.

    Levels and values stand in stacks/rules.yaml, a team's own rules in stacks/rules/*.py.

    Exit codes: 0 no error-level rule is broken, 1 one is broken, 2 something could not be checked.
    """
    from cli.errors import OK, PROBLEMS, UNABLE
    from cli.rules.check import Judged, judge_all, judge_offline
    from cli.rules.look import ask_for_rules
    from cli.rules.report import as_dict, as_screen
    from cli.screen.terminal import console, say_json, show, warn
    from cli.workspace.project import find_project
    from cli.workspace.state import NoStackError, read_state
    from providers.lytics.stack_file.reader import read_stack_file

    project = find_project()
    judged: Judged
    try:
        state = read_state(project, stack)
    except NoStackError:
        if stack is None:
            raise
        # A stack that nobody has made yet has files, and no account to ask about.
        judged = judge_offline(project, read_stack_file(project.stack_file(stack)))
        warn(f"There is no stack {stack} yet: only what the files and git tell is checked")
    else:
        declared = read_stack_file(project.stack_file(state.stack))
        asked, why_not = ask_for_rules(project, state, declared)
        if why_not:
            warn(why_not)
        judged = judge_all(project, declared, state, asked)
    if as_json:
        say_json(as_dict(judged))
    else:
        show(console(), as_screen(judged))
    for note in judged.notes:
        warn(note)
    if judged.verdict.errors:
        sys.exit(PROBLEMS)
    sys.exit(UNABLE if judged.notes else OK)
