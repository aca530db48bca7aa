"""The test bed: what it went through is printed at the end."""

from typing import Any

import pytest

from tests.support.bed.figures import Figures, book


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the figures of one of several workers on to the process that prints them."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = book.counted()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - xdist's
    """Take over what a worker counted."""
    for counted in getattr(node, "workeroutput", {}).get("figures", []):
        book.take_over(*counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests went through."""
    if lines := book.lines():
        terminalreporter.section("what it survived")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """The figures of the test's file."""
    return book.kind(request.node.path.stem.removeprefix("test_"))
