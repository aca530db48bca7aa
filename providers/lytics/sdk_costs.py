"""What the Pulumi SDK and httpx spend on things that nobody looks at, or do one after the other.

Each function reaches into a library at one place, which a test watches. Where that place has
changed nothing happens: slower, never wrong. What each one saves is in docs/project/performance.md,
measured by `make bench BENCH_ARGS=--tricks`. Imports stand in the functions: the command line loads
this module too, and does without Pulumi.
"""

import atexit
import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import Any

# bin/pulumi sets it unless it is called with -d or --debug.
NO_DEBUG_VARIABLE = "LYTICS_ML_NO_DEBUG"
# Objects between two collections; Python's own 700 are too few for a program that makes a million.
SELDOM = 50_000
HOST_THREADS = 4


# --- both processes -------------------------------------------------------------------------


def spare_httpx_command_line() -> None:
    """Let httpx load without its command line, and so without rich and click.

    Nobody calls it here, and every `pulumi up` starts two processes that would pay for it; httpx
    itself does without where it can't be imported.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


def collect_seldom() -> None:
    """Let the garbage collector look at what is new, and seldom at all of it.

    The SDK makes some thousand objects for each resource, which last as long as the program, and
    loading it makes 40,000: each full collection looks at all of them. They cost a third of a
    program of many resources, and a fifth of the time that this package takes to load.
    """
    gc.freeze()
    gc.set_threshold(SELDOM, 20, 20)
    # What is left at the end goes with the process, unseen.
    atexit.register(gc.freeze)


# --- the program ----------------------------------------------------------------------------


def spare_debug_messages() -> bool:
    """Send no debug messages to the engine where nobody asked for them.

    For each resource the SDK sends some, and waits for the engine to take each: about a third of
    what a program of many resources costs. The engine throws them away unless it runs with --debug.

    Returns:
        Whether they are left out.
    """
    import pulumi  # noqa: PLC0415 - see above

    if not os.environ.get(NO_DEBUG_VARIABLE):
        return False
    pulumi.log.debug = _nothing
    return True


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Take a debug message and drop it."""


def wake_host() -> None:
    """Let the engine start the provider's host, which it does for the first request to it.

    The request itself is refused: dynamic providers have no functions.
    """
    from pulumi.runtime.settings import get_monitor  # noqa: PLC0415 - see above

    monitor = get_monitor()
    if monitor is not None:
        Thread(target=_ask_host, args=(monitor,), daemon=True).start()


def _ask_host(monitor: Any) -> None:  # noqa: ANN401 - a stub without types
    import grpc  # noqa: PLC0415 - see above
    from pulumi.runtime.proto import resource_pb2  # noqa: PLC0415 - see above

    with suppress(grpc.RpcError, NotImplementedError):
        monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok="pulumi-python:dynamic:wake"))


# --- the provider's host --------------------------------------------------------------------


def widen(threads: int) -> int:
    """Let the pool that runs this call grow to so many threads; it starts them as it needs them.

    The host of Pulumi's Python dynamic providers serves all calls on a pool of four threads.
    Creates and updates spend their time waiting for the API, so four of them leave most of it
    unused. There is no setting for the pool; its limit is an attribute of the standard library's
    executor.

    The pool is found in the frames below this one. Asking the garbage collector for all objects
    isn't safe here: it shows tuples that other threads are just making, which CPython then fails
    on ("SystemError: Objects/tupleobject.c: bad argument to internal function").

    Args:
        threads: how many at most; more than the client has connections would only wait.

    Returns:
        How many pools were widened, 0 where the host isn't as expected.
    """
    frame = sys._getframe()  # noqa: SLF001 - documented, and the one way down
    while (below := frame.f_back) is not None:
        frame = below
        reference = frame.f_locals.get("executor_reference")
        pool = reference() if callable(reference) else None
        if isinstance(pool, ThreadPoolExecutor):
            if getattr(pool, "_max_workers", None) != HOST_THREADS:
                return 0
            with suppress(AttributeError):
                _grow(pool, threads)
            return 1
    return 0


def _grow(pool: ThreadPoolExecutor, threads: int) -> None:
    # What was submitted at the old limit waits without a thread of its own. Each thread that takes
    # such a call counts itself as idle afterwards (until Python 3.12 also while others wait). No
    # thread would then ever be added, and a refresh of many models begins with such calls. So those
    # that counted themselves are forgotten, and each call that waits gets its thread.
    with pool._shutdown_lock:  # noqa: SLF001 - see above, the one place
        pool._max_workers = threads  # noqa: SLF001
        while pool._idle_semaphore.acquire(blocking=False):  # noqa: SLF001
            pass
        for _ in range(pool._work_queue.qsize()):  # noqa: SLF001
            pool._adjust_thread_count()  # noqa: SLF001
