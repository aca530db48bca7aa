"""More threads for the provider's host, which has four however parallel the engine is.

The host of Pulumi's Python dynamic providers serves all calls on a pool of four threads. Creates
and updates spend their time waiting for the API, so four of them leave most of it unused. There is
no setting for the pool; its limit is an attribute of the standard library's executor. Where that
changes, nothing is found here and the host keeps its four threads: slower, never wrong.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from providers.lytics.api.settings import MOST_CONNECTIONS

HOST_THREADS = 4


def widen(threads: int = MOST_CONNECTIONS) -> int:
    """Let the pool that runs this call grow to so many threads; it starts them as it needs them.

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
