"""What can go wrong while things are installed.

NotInstalledError      what was to be installed isn't, and what to do; ends the command
└── UnavailableError   this way to an engine doesn't work here; the next one is tried
"""


class NotInstalledError(Exception):
    """What was to be installed isn't; the message says why and what to do."""


class UnavailableError(NotInstalledError):
    """One way to an engine doesn't work on this machine; the message says why, in one line."""
