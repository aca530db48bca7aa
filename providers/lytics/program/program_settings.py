"""The settings of the running Pulumi program, and its connection to the API."""

import os
from functools import cache
from typing import TYPE_CHECKING

import pulumi

from providers.lytics.api.settings import KEY_VARIABLE, Settings, keys_differ
from providers.lytics.program.ending import warn_now
from providers.lytics.timing import REAL, Timing

if TYPE_CHECKING:
    from providers.lytics.api.client import LyticsClient


@cache
def program_settings() -> Settings:
    """Return the program's settings, read once.

    Raises:
        SettingsError: a value can't be used.
    """
    config = pulumi.Config("lytics")
    if keys_differ(config.get("apiKey")):
        pulumi.log.warn(
            f"{KEY_VARIABLE} and this stack's lytics:apiKey differ; {KEY_VARIABLE} is used"
        )
    return Settings.read(config.get)


@cache
def program_client() -> "LyticsClient":
    """Return the program's one connection to the API, which lasts as long as the program."""
    # What the program needs besides is loaded while the first requests are under way.
    from providers.lytics.api.client import LyticsClient  # noqa: PLC0415

    # The provider's host names odd models; said here as well, an `up` would tell them twice.
    return LyticsClient(program_settings(), timing=program_timing(), tell_trouble=warn_now)


def program_timing() -> Timing:
    """Return the program's clock, sleep and pauses."""
    return REAL


def may_wait() -> bool:
    """Tell whether this operation waits; a preview, a refresh and a destroy don't."""
    return not pulumi.runtime.is_dry_run() and not os.environ.get("LYTICS_ML_NO_WAIT")
