"""Runs the doctor's questions on one stack's account."""

from cli.doctor.looking import Looking
from cli.doctor.probe import leftovers, refuse_read_only, remove, usable
from cli.doctor.report import Report
from cli.doctor.trying import Trying
from cli.errors import PROBLEMS, CliError
from cli.screen.terminal import warn
from cli.workspace.account import connected, settings_of
from cli.workspace.project import find_project, short_name
from cli.workspace.state import NoStackError, StackState, read_state


def examine(
    stack: str | None, *, try_: bool, wait: bool, source: str | None, target: str | None
) -> Report:
    """Ask an account what it does.

    Args:
        stack: whose settings are used; None is the one that is selected.
        try_: whether to make a probe.
        wait: whether to wait until the probe is trained.
        source: slug or id of the probe's source, None takes one that fits.
        target: likewise.

    Raises:
        CliError: there is no such stack, or nothing can be tried.
        SettingsError: there is no key, or a value can't be used.
    """
    if wait and not try_:
        message = "--wait waits for the model that --try makes: say --try --wait"
        raise CliError(message, PROBLEMS)
    project = find_project()
    try:
        state = read_state(project, stack)
    except NoStackError:
        if stack is None or not project.config_file(stack).is_file():
            raise
        # Its settings are enough to ask; it may never have been brought up.
        state = StackState(stack)
    settings = settings_of(project, state.stack)
    report = Report(short_name(state.stack), settings.api)
    with connected(settings) as client:
        looking = Looking(project, state, settings, client, report)
        looking.all()
        # An earlier doctor may have been killed before it could tidy up.
        if looking.may_read and (found := leftovers(client)):
            remove(client, report, found)
            gone = len(found) - len(report.left)
            warn(f"An earlier doctor left {len(found)} of its models: {gone} removed")
        if try_:
            if not looking.may_read:
                message = (
                    "--try made nothing: the key may not read models, see the report without it"
                )
                raise CliError(message, PROBLEMS)
            refuse_read_only(client)
            from_id, to_id = usable(looking.segments, source, target)
            Trying(settings, client, report, from_id, to_id).all(wait=wait)
    return report
