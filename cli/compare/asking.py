"""Finds the models that are to be compared: today's in the account, earlier ones in the history."""

from collections.abc import Sequence

from cli.compare.comparison import Contender, of_record, of_row
from cli.errors import CliError
from cli.history.reading import day, keys_of, read_past
from cli.models.look import StackView, find_model
from providers.lytics.history.store import stamp
from providers.lytics.history.timeline import Timeline

DATE_ONLY = len("2026-03-01")


def contenders(look: StackView, wanted: Sequence[str]) -> list[Contender]:
    """Return the models of keys, ids, or `KEY@2026-03-01`.

    Args:
        look: a look at the stack.
        wanted: what was asked for.

    Raises:
        CliError: there is no such model, or nothing was live then.
    """
    past = None
    found = []
    for one in wanted:
        key, at, moment = one.rpartition("@")
        if not at:
            row = find_model(look, one)
            if row.problem:
                message = f"The numbers of {one} can't be read: {row.problem}"
                raise CliError(message)
            found.append(of_row(row, one))
            continue
        past = past or read_past(look.project, look.state.stack).timeline
        found.append(_then(past, key, moment, look.state.stack))
    return found


def _then(past: Timeline, key: str, moment: str, stack: str) -> Contender:
    (known,) = keys_of(past, key, stack)
    until = stamp(day(moment))
    record = past.at(known, until[:DATE_ONLY] if len(moment) == DATE_ONLY else until)
    if record is None:
        periods = past.keys[known].periods
        when = f"; it was first live {periods[0].begin}" if periods else ""
        message = f"Of {known} nothing was live on {moment}, as far as the history knows{when}"
        raise CliError(message)
    return of_record(record, f"{known}@{moment}")
