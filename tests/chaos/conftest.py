"""The test bed: what it went through is printed at the end; the long tests run only on request."""

import pytest

from tests.support.bed.figures import Figures, book


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless they are asked for, whatever other marks are chosen."""
    if "chaos" in (config.option.markexpr or ""):
        return
    long = [item for item in items if item.get_closest_marker("chaos")]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)


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
