import random

import pytest

from tests.simulation.scheduler import KilledError, Process, Scheduler


def test_threads_take_turns_in_the_order_of_their_times() -> None:
    """Who runs next is whose time comes first, whoever was started first."""
    scheduler, seen = Scheduler(), list[tuple[float, str]]()

    def live(name: str, pause_s: float) -> str:
        for _ in range(3):
            scheduler.sleep(pause_s)
            seen.append((scheduler.now_s, name))
        return name

    ended = scheduler.run([lambda: live("slow", 3.0), lambda: live("quick", 2.0)])
    assert ended == ["slow", "quick"]
    # Whoever began to wait first is first at the same time.
    assert seen == [
        *[(2.0, "quick"), (3.0, "slow"), (4.0, "quick")],
        *[(6.0, "slow"), (6.0, "quick"), (9.0, "slow")],
    ]


def test_one_holds_a_lock_while_it_sleeps() -> None:
    """Who wants a lock that a sleeping thread holds waits, and gets it in its turn."""
    scheduler, seen = Scheduler(), list[str]()
    lock = scheduler.lock()

    def live(name: str) -> None:
        scheduler.sleep(1.0)
        with lock:
            seen.append(f"{name} in")
            scheduler.sleep(random.Random(name).uniform(1, 5))
            seen.append(f"{name} out")

    names = ("a", "b", "c")
    scheduler.run([lambda name=name: live(name) for name in names])  # type: ignore[misc]
    assert seen == [f"{name} {way}" for name in names for way in ("in", "out")]


def test_killed_process_does_nothing_more() -> None:
    """All threads of a process die at their next turn, also who waits for a lock; others live."""
    scheduler, seen = Scheduler(), list[str]()
    lock, doomed = scheduler.lock(), Process()

    def kill() -> None:
        doomed.is_dead = True

    def hold() -> None:
        with lock:
            scheduler.sleep(10.0)
            seen.append("held on")

    def wait() -> None:
        scheduler.sleep(1.0)
        with lock:
            seen.append("got it")

    scheduler.at(5.0, kill)
    with pytest.raises(KilledError):
        scheduler.in_process(doomed, lambda: scheduler.run([hold, wait]))
    with lock:
        seen.append("free")
    assert seen == ["free"]
