"""What is spared of the Pulumi SDK and the provider's host, and that it is still there to spare."""

import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from inspect import getsource
from pathlib import Path
from threading import Barrier
from typing import Any

import pulumi
import pytest
from pulumi.runtime import resource

from providers.lytics import sdk_costs
from providers.lytics.sdk_costs import HOST_THREADS, NO_DEBUG_VARIABLE, spare_debug_messages, widen


@pytest.fixture
def debug_put_back() -> Iterator[None]:
    """Put the SDK's own function back."""
    sent = pulumi.log.debug
    yield
    pulumi.log.debug = sent


@pytest.mark.usefixtures("debug_put_back")
def test_debug_messages_are_left_out_only_where_nobody_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SDK's debug messages are dropped if bin/pulumi says that nobody wants them."""
    sent = pulumi.log.debug
    monkeypatch.delenv(NO_DEBUG_VARIABLE, raising=False)
    assert not spare_debug_messages()
    assert pulumi.log.debug is sent

    monkeypatch.setenv(NO_DEBUG_VARIABLE, "1")
    assert spare_debug_messages()
    assert pulumi.log.debug is not sent


def test_the_sdk_still_looks_its_debug_function_up_when_it_calls_it() -> None:
    """Sparing works as long as the SDK calls `log.debug` by its module; this says when it stops."""
    assert "log.debug(" in getsource(resource)


def test_the_host_still_has_a_pool_of_four() -> None:
    """Widening works as long as the host makes a pool of four; this says when it stops."""
    host = Path(pulumi.__file__).parent / "dynamic" / "__main__.py"
    assert f"ThreadPoolExecutor(max_workers={HOST_THREADS})" in host.read_text()


def test_outside_a_pool_nothing_is_widened() -> None:
    """Where the host doesn't run calls on a pool, it stays as it is."""
    assert widen(9) == 0


def test_a_pool_of_four_grows_and_another_is_left_alone() -> None:
    """Only a pool that looks like the host's is widened, and it then runs more at once."""
    with ThreadPoolExecutor(max_workers=4) as host, ThreadPoolExecutor(max_workers=3) as other:
        assert (host.submit(widen, 9).result(), other.submit(widen, 9).result()) == (1, 0)
        assert (host._max_workers, other._max_workers) == (9, 3)


def test_calls_that_waited_before_it_grew_keep_no_thread_from_being_added() -> None:
    """After a burst of calls on four threads, as a refresh sends it, all threads are used."""
    together = Barrier(9)
    with ThreadPoolExecutor(max_workers=4) as host:
        first = [host.submit(time.sleep, 0.02) for _ in range(4)]
        grown = host.submit(widen, 9)
        burst = [host.submit(time.sleep, 0) for _ in range(60)]
        assert grown.result() == 1
        wait([*first, *burst])
        wait([host.submit(together.wait, 20) for _ in range(9)])
        assert not together.broken


@pytest.fixture
def collector_put_back() -> Iterator[None]:
    """Let the garbage collector go on as before."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector_put_back")
def test_garbage_is_still_collected_but_seldom() -> None:
    """What is there stays out of each collection, and collections go on."""
    sdk_costs.collect_seldom()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] == sdk_costs.SELDOM


class Monitor:
    """The engine's end of a program, which knows no function."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def Invoke(self, request: Any) -> None:  # noqa: ANN401, N802 - as gRPC has it
        """Refuse, as the provider's host does."""
        assert request.tok.startswith("pulumi-python:")
        self.asked.set()
        raise NotImplementedError


def test_host_is_asked_for_something_that_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is sent, and that it is refused is nobody's trouble."""
    monitor = Monitor()
    monkeypatch.setattr("pulumi.runtime.settings.get_monitor", lambda: monitor)
    sdk_costs.wake_host()
    assert monitor.asked.wait(60)
    monkeypatch.setattr("pulumi.runtime.settings.get_monitor", lambda: None)
    sdk_costs.wake_host()
