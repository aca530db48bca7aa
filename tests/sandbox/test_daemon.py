# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import daemon
from sandbox.daemon import Daemon
from tests.support.ports import free_port
from toolchain.errors import NotInstalledError


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Daemon]:
    """Return a sandbox that isn't started, and stop it in the end."""
    one = Daemon(tmp_path / "sandbox", free_port())
    yield one
    one.stop()


def test_sandbox_starts_once_and_stops(sandbox: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """A start returns when it answers, a second start joins it, a stop ends it for good."""
    sandbox.start()
    Daemon(sandbox.folder, sandbox.port).start()
    assert f"already runs on {sandbox.url}" in capsys.readouterr().err
    sandbox.stop()
    assert "is stopped" in capsys.readouterr().err
    with socket.socket() as probe:
        assert probe.connect_ex((daemon.HOST, sandbox.port)) != 0
    sandbox.stop()
    assert "isn't running" in capsys.readouterr().err


def test_sandbox_on_another_port_is_named(sandbox: Daemon) -> None:
    """One folder's models are served once; who asks for a second port reads where the first is."""
    sandbox.start()
    with pytest.raises(NotInstalledError, match=f"already runs, on port {sandbox.port}"):
        Daemon(sandbox.folder, free_port()).start()


def test_taken_port_is_named(sandbox: Daemon) -> None:
    """A port that another program has is told as such, with how to choose another."""
    with socket.socket() as other:
        other.bind((daemon.HOST, sandbox.port))
        other.listen()
        with pytest.raises(NotInstalledError, match=r"another program.*SANDBOX_PORT="):
            sandbox.start()


def test_other_folders_sandbox_is_not_taken_for_ours(sandbox: Daemon, tmp_path: Path) -> None:
    """A sandbox with other models on our port is refused, or its models would be adopted."""
    sandbox.start()
    with pytest.raises(NotInstalledError, match="a sandbox that this folder didn't start"):
        Daemon(tmp_path / "other", sandbox.port).start()


def test_failed_start_shows_the_log(sandbox: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that ends at once is told with its own last words."""
    monkeypatch.setattr(daemon, "BUILD_S", "soon")
    with pytest.raises(NotInstalledError, match=r"(?s)ended at its start.*--build-s"):
        sandbox.start()


def test_silent_start_is_given_up(sandbox: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that doesn't answer in time is an error, not a wait without end."""
    monkeypatch.setattr(daemon, "READY_WITHIN_S", 0.0)
    monkeypatch.setattr(Daemon, "_answers", lambda _: False)
    with pytest.raises(NotInstalledError, match="doesn't answer"):
        sandbox.start()
