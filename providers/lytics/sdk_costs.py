"""What the Pulumi SDK spends on things that nobody looks at, left out."""

import os

import pulumi

# bin/pulumi sets it unless it is called with -d or --debug.
NO_DEBUG_VARIABLE = "LYTICS_ML_NO_DEBUG"


def spare_debug_messages() -> bool:
    """Send no debug messages to the engine where nobody asked for them.

    For each resource the SDK sends some, and waits for the engine to take each: about a third of
    what a program of many resources costs. The engine throws them away unless it runs with --debug.

    Returns:
        Whether they are left out.
    """
    if not os.environ.get(NO_DEBUG_VARIABLE):
        return False
    pulumi.log.debug = _nothing
    return True


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Take a debug message and drop it."""
