"""Two commands that start at once must not install the same thing twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.progress import say


@contextmanager
def only_one(lock: Path, what: str) -> Iterator[None]:
    """Hold the lock file while the block runs; wait, and say so, while another holds it.

    The lock goes with the process that holds it, so a killed one leaves nothing behind that
    anybody would have to remove.

    Args:
        lock: The lock file; made if it isn't there, and left.
        what: What the other is doing, for the message, for example "building the engine".
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another command is {what}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
