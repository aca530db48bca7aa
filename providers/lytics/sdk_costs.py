"""What the Pulumi SDK spends on things that nobody looks at, or waits for one after the other.

Each reaches into the SDK at one place. Where that has changed nothing happens: slower, never wrong.
"""

import asyncio
import atexit
import gc
import os
from contextlib import suppress
from threading import Thread
from typing import Any

import grpc
import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

# bin/pulumi sets it unless it is called with -d or --debug.
NO_DEBUG_VARIABLE = "LYTICS_ML_NO_DEBUG"


def spare_debug_messages() -> bool:
    """Send no debug messages to the engine where nobody asked for them.

    For each resource the SDK sends some, and waits for the engine to take each: about a third of
    what a program of many resources costs. The engine throws them away unless it runs with --debug.

    Returns:
        Whether they are left out.
    """
    if not os.environ.get(NO_DEBUG_VARIABLE):
        return False
    pulumi.log.debug = _nothing
    return True


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Take a debug message and drop it."""


# Objects between two collections; Python's own 700 are too few for a program that makes a million.
SELDOM = 50_000


def collect_seldom() -> None:
    """Let the garbage collector look at what is new, and seldom at all of it.

    The SDK makes some thousand objects for each resource, which last as long as the program: each
    full collection looks at all of them, and they cost a third of a program of many resources.
    """
    gc.freeze()
    gc.set_threshold(SELDOM, 20, 20)
    # What is left at the end goes with the process, unseen.
    atexit.register(gc.freeze)


def register_what_is_declared() -> None:
    """Let the event loop run once, so that the engine begins with what is declared so far.

    Otherwise it begins when the program has been read to its end; the SDK then also overlooks what
    it has to register, and waits for all outputs of all resources each time that one is known.
    """
    try:
        from pulumi.runtime.sync_await import _sync_await  # noqa: PLC0415 - may be gone one day
    except ImportError:
        return
    _sync_await(asyncio.sleep(0))  # noqa: TID251 - one turn of the loop, no time


def wake_host() -> None:
    """Let the engine start the provider's host, which it does for the first request to it.

    The request itself is refused: dynamic providers have no functions.
    """
    monitor = get_monitor()
    if monitor is not None:
        Thread(target=_ask_host, args=(monitor,), daemon=True).start()


def _ask_host(monitor: Any) -> None:  # noqa: ANN401 - a stub without types
    with suppress(grpc.RpcError, NotImplementedError):
        monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok="pulumi-python:dynamic:wake"))
