"""Which account a stack manages: its key and address, from the environment or Pulumi's config."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cli.errors import CliError
from cli.screen.terminal import warn
from cli.workspace.project import Project, read_yaml, short_name
from cli.workspace.pulumi import run_pulumi
from cli.workspace.state import StackState
from providers.lytics.account.opened import OpenedAccount
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.setting_table import KEY_VARIABLE
from providers.lytics.api.settings import Generation, Settings
from providers.lytics.errors import LyticsError
from providers.lytics.shapes import Model

_NAMESPACE = "lytics:"
PATIENCE_S = 15.0
"""Seconds for which a command repeats a request: somebody waits for it."""


def settings_of(project: Project, stack: str) -> Settings:
    """Return a stack's settings; Pulumi is asked only for a key that is stored encrypted.

    Raises:
        CliError: the stack's config can't be read or decrypted.
        SettingsError: a value can't be used.
    """
    config = _config(project, stack)

    def value(name: str) -> object:
        found = config.get(f"{_NAMESPACE}{name}")
        if not isinstance(found, Mapping):
            return found
        if name == "apiKey" and os.environ.get(KEY_VARIABLE, "").strip():
            return None
        return _decrypted(project, stack, f"{_NAMESPACE}{name}")

    settings = Settings.read(value, folder=project.folder)
    return replace(settings, patience_s=min(PATIENCE_S, settings.patience_s))


def generation_of(project: Project, stack: str) -> Generation:
    """Return which generation of the API a stack speaks; no key is needed, nor decrypted."""

    def value(name: str) -> object:
        found = _config(project, stack).get(f"{_NAMESPACE}{name}")
        return None if isinstance(found, Mapping) else found

    try:
        return Settings.read(value, folder=project.folder).api
    except LyticsError:
        return "v1"  # What is wrong with a setting is told where it is needed.


def client_of(project: Project, stack: str) -> LyticsClient:
    """Return a client of a stack's account.

    Raises:
        CliError: the stack's config can't be read or decrypted.
        SettingsError: there is no key, or a value can't be used.
    """
    return connected(settings_of(project, stack))


def connected(settings: Settings) -> LyticsClient:
    """Return a client that says on stderr what it meets: trouble, and models it can't read.

    Raises:
        SettingsError: there is no key.
    """
    return LyticsClient(settings, tell_trouble=warn, tell_odd=warn)


def readable(models: Iterable[Model], state: StackState) -> dict[str, Model]:
    """Return the models that can be read, by id; only somebody else's may be left out.

    Raises:
        ConflictError: a model of the stack can't be read.
    """
    found = {model.id: model for model in models}
    for resource in state.models:
        model = found.get(resource.id)
        if model is not None:
            model.require_readable()
    return {model.id: model for model in found.values() if not model.unreadable}


def proven(settings: Settings, client: LyticsClient, state: StackState) -> OpenedAccount:
    """Return a stack's account, once the key is proved to open it; sends GETs only.

    Raises:
        AccountError: the key is another account's than that of the stack's models.
        RequestError: the API failed.
    """
    account = OpenedAccount(settings, client)
    for resource in state.models:
        account.expect_account(resource.outputs.get("aid"))
    account.prove_account()
    return account


def _config(project: Project, stack: str) -> dict[str, Any]:
    file = project.config_file(stack)
    if not file.is_file():
        return {}
    config = read_yaml(file).get("config")
    return config if isinstance(config, dict) else {}


def _decrypted(project: Project, stack: str, name: str) -> str:
    try:
        return run_pulumi(project, "config", "get", "--stack", stack, name).strip()
    except CliError as exc:
        message = (
            f"{name} of stack {short_name(stack)} can't be decrypted: {exc}\n"
            f"Set {KEY_VARIABLE} in the environment to do without it."
        )
        raise CliError(message) from exc
