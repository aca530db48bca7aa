"""What every room's tests share: accounts in a sandbox, and projects of the real engine."""

import os
import signal
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.support.engine.account import Account
from tests.support.engine.key_service import SECRETS_PROVIDER, key_service
from tests.support.engine.project import Project, copy_of, make_template
from tests.support.forked import forked_pythons

# What a test takes about, in seconds, and how much longer one with such a mark does.
TEST_TAKES_S = 0.02
TAKES_S = {"engine": 5, "slow": 20}

# The same examples everywhere, and no limit that a busy machine could miss.
settings.register_profile(
    "stable",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("stable")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests, and those of data that isn't here, unless they are asked for."""
    chosen = config.option.markexpr or ""
    unwanted = set() if "chaos" in chosen else {"chaos"}
    if not os.environ.get("LYTICS_ML_SHOP_CSV"):
        unwanted.add("own_data")
    left_out = [item for item in items if unwanted & {mark.name for mark in item.iter_markers()}]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    # The files that take longest first: the short ones fill up what is left of the time.
    seconds = defaultdict[Path, float](float)
    for item in items:
        longer = (TAKES_S.get(mark.name, 0) for mark in item.iter_markers())
        seconds[item.path] += sum(longer, start=TEST_TAKES_S)
    items.sort(key=lambda item: -seconds[item.path])


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let the engine be interrupted: where SIGINT is ignored it takes 5 s longer to end."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def _engine_collects_seldom() -> Iterator[None]:
    """Let the engine collect garbage seldom: it lives for a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOGC", "400")
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates_read_once() -> Iterator[None]:
    """Read this machine's certificates once: it takes longer than most tests."""

    @cache
    def context(*_: object) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", lambda **_: context())
        yield


@pytest.fixture(scope="session")
def venv() -> Iterator[Path]:
    """The virtual environment of the programs that the engine runs."""
    with forked_pythons() as folder:
        yield folder


@pytest.fixture(scope="session")
def secrets_provider() -> Iterator[str]:
    """What keeps the keys of the stacks' secrets: the engine finds it in the environment."""
    with key_service() as found, pytest.MonkeyPatch.context() as patch:
        for name, value in found.items():
            patch.setenv(name, value)
        yield SECRETS_PROVIDER


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, venv: Path, secrets_provider: str) -> Path:
    """A folder with the program and an empty stack `test`."""
    folder = tmp_path_factory.mktemp("template") / "program"
    make_template(folder, venv, secrets_provider)
    return folder


@pytest.fixture
def account_with() -> Iterator[Callable[..., Account]]:
    """Start an account in a sandbox with settings of one's own."""
    accounts: list[Account] = []

    def start(**changes: object) -> Account:
        handle = serve_in_thread(Settings(**{"train": False, **changes}))  # type: ignore[arg-type]
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
    """A stack of its own in that account, which the real engine can bring up."""
    return copy_of(template, tmp_path / "program", account)
