"""The test bed: what it went through is printed at the end; the long tests run only on request."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from providers.lytics import client, lifecycle
from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.chaos.figures import Figures, book
from tests.engine.account import Account
from tests.engine.project import Project, copy_of, make_template


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


@pytest.fixture(scope="module", autouse=True)
def _short_pauses() -> Iterator[None]:
    """Try again soon where no real engine runs: how long the pauses are has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (client, lifecycle):
            patch.setattr(module, "FIRST_PAUSE_S", 0.002)
            patch.setattr(module, "LONGEST_PAUSE_S", 0.02)
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and an empty stack."""
    folder = tmp_path_factory.mktemp("template") / "program"
    make_template(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let the engine be interrupted: where SIGINT is ignored it takes 5 s longer to end."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def account_with() -> Iterator[Callable[..., Account]]:
    """Start an account in a sandbox with settings of one's own."""
    accounts: list[Account] = []

    def start(**settings: object) -> Account:
        handle = serve_in_thread(Settings(**{"train": False, **settings}))  # type: ignore[arg-type]
        accounts.append(Account(handle))
        return accounts[-1]

    yield start
    for account in accounts:
        account.close()
        account.handle.stop()


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """An account whose models are built at once."""
    return account_with()


@pytest.fixture
def project(template: Path, tmp_path: Path, account: Account) -> Project:
    """A stack of its own in that account."""
    return copy_of(template, tmp_path / "program", account)
