"""What is spared of the Pulumi SDK and the provider's host, and that it is still there to spare."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import getsource
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import resource

from providers.lytics.host_threads import HOST_THREADS, widen
from providers.lytics.sdk_costs import NO_DEBUG_VARIABLE, spare_debug_messages


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


def test_a_pool_of_four_grows_and_another_is_left_alone() -> None:
    """Only a pool that looks like the host's is widened, and it then runs more at once."""
    with ThreadPoolExecutor(max_workers=4) as host, ThreadPoolExecutor(max_workers=3) as other:
        assert widen(9) >= 1
        assert (host._max_workers, other._max_workers) == (9, 3)
