"""The command line in a project, with or without an engine, as the tests of `cli` have it."""

from tests.cli.conftest import account, account_with, folder, project, run, template

__all__ = ["account", "account_with", "folder", "project", "run", "template"]
