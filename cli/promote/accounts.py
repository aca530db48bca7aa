"""The accounts of two environments: each may have a key of its own in `LIOKEY_<STACK>`."""

import os
import re
from dataclasses import replace

from cli.workspace.account import settings_of
from cli.workspace.project import Project, short_name
from providers.lytics.api.setting_table import KEY_VARIABLE
from providers.lytics.api.settings import Settings


def key_variable(stack: str) -> str:
    """Return the variable of a stack's own key, for example `LIOKEY_STAGING`."""
    return f"{KEY_VARIABLE}_{re.sub('[^A-Z0-9]', '_', short_name(stack).upper())}"


def settings_for(project: Project, stack: str) -> Settings:
    """Return a stack's settings, with its own key where the environment has one.

    Raises:
        CliError: the stack's config can't be read.
        SettingsError: a value can't be used.
    """
    settings = settings_of(project, stack)
    own = os.environ.get(key_variable(stack), "").strip()
    return replace(settings, api_key=own) if own else settings
