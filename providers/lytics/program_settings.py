"""The settings of the running Pulumi program, and its connection to the API."""

from functools import cache

import pulumi

from providers.lytics.client import LyticsClient
from providers.lytics.settings import KEY_VARIABLE, Settings, keys_differ


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
def program_client() -> LyticsClient:
    """Return the program's one connection to the API, which lasts as long as the program."""
    return LyticsClient(program_settings())
