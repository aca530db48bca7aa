"""The command line in a project, with or without an engine, as the tests of `cli` have it."""

from tests.cli.conftest import account_with, folder, project, run

__all__ = ["account_with", "folder", "project", "run"]
