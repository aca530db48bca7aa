"""More threads for the provider's host, which has four however parallel the engine is.

The host of Pulumi's Python dynamic providers serves all calls on a pool of four threads. Creates
and updates spend their time waiting for the API, so four of them leave most of it unused. There is
no setting for the pool; its limit is an attribute of the standard library's executor. Where that
changes, nothing is found here and the host keeps its four threads: slower, never wrong.
"""

import gc
from concurrent.futures import ThreadPoolExecutor

HOST_THREADS = 4
# As many as the client has connections: more would only wait, and for each other.
WANTED_THREADS = 64


def widen(threads: int = WANTED_THREADS) -> int:
    """Let the host's pool grow to so many threads; it starts them only as they are needed.

    Args:
        threads: how many at most.

    Returns:
        How many pools were widened, 0 where the host isn't as expected.
    """
    pools = [found for found in gc.get_objects() if isinstance(found, ThreadPoolExecutor)]
    narrow = [pool for pool in pools if getattr(pool, "_max_workers", None) == HOST_THREADS]
    for pool in narrow:
        pool._max_workers = threads  # noqa: SLF001 - see above, the one place
    return len(narrow)
