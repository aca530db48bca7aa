"""Starts a program: the requests that it will wait for are sent before the rest is loaded.

An `up` that finds nothing to do spends most of its time starting: the program's Python, the
provider host's, and a few requests. These run side by side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from providers.lytics import sdk_costs
from providers.lytics.errors import LyticsError
from providers.lytics.program.ahead import declares_models
from providers.lytics.program.ending.exit import end_program, end_when_interrupted
from providers.lytics.program.program import this_program
from providers.lytics.program.rules import check_offline, has_rules

if TYPE_CHECKING:
    from providers.lytics.stack_file.reader import Stack


@contextmanager
def told_to_the_user() -> Iterator[None]:
    """End the program with a plain sentence, not a traceback, when something known goes wrong."""
    try:
        yield
    except LyticsError as exc:
        end_program(str(exc))


def _check_rules(path: Path) -> None:
    """End the program over a broken rule, before anything is sent."""
    from providers.lytics.stack_file.reader import read_stack_file  # noqa: PLC0415 - see above

    with told_to_the_user():
        check_offline(this_program(), read_stack_file(path))


def read_stack(folder: Path | str = "stacks") -> "Stack":
    """Read the declarations of the stack that is being run: `stacks/<stack>.yaml`."""
    sdk_costs.spare_debug_messages()
    end_when_interrupted()
    path = Path(folder) / f"{pulumi.get_stack()}.yaml"
    if has_rules(path.parent):
        _check_rules(path)
    if declares_models(path):
        sdk_costs.wake_host()
        this_program().ahead.begin(path)
    from providers.lytics.stack_file.reader import read_stack_file  # noqa: PLC0415 - see above

    with told_to_the_user():
        return read_stack_file(path)
