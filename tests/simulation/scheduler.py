"""A clock and the threads that live by it: one runs at a time, and only sleeping hands over.

Code that knows nothing of this runs on it unchanged, as its clock, sleep and locks come from a
`Timing`. Who runs next is whose time comes first, so a seed that draws the times draws the
interleaving, and the same seed gives the same one.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


class KilledError(SystemExit):
    """The process that this thread belongs to is dead: nothing that it would do happens.

    An exit of the process to Python too, as an event loop lets nothing else through.
    """


class Process:
    """What dies as a whole: the engine of one run, with its program and its host.

    Attributes:
        is_dead: whether it was killed.
    """

    def __init__(self) -> None:
        self.is_dead = False


class _Task:
    """A thread of the simulation; `go` is given while it may run."""

    def __init__(self, process: Process) -> None:
        self.go = threading.Lock()
        self.go.acquire()
        self.process = process


class _Worker:
    """A thread of the machine that carries out one task after the other."""

    def __init__(self) -> None:
        self.work: Callable[[], None] = lambda: None
        self.go = threading.Lock()
        self.go.acquire()
        threading.Thread(target=self._live, daemon=True).start()

    def _live(self) -> None:
        while True:
            self.go.acquire()
            self.work()


_idle: list[_Worker] = []
"""Threads wait here for the next task: to start one takes longer than most of them."""


class Scheduler:
    """The clock of one history, and its threads.

    Attributes:
        now_s: seconds since the history began.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self._heap: list[tuple[float, int, _Task | Callable[[], None]]] = []
        self._order = 0
        self._running = _Task(Process())

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now_s

    def at(self, when_s: float, act: Callable[[], None]) -> None:
        """Let something happen at a time; it may not sleep."""
        self._push(when_s, act)

    def sleep(self, seconds: float) -> None:
        """Let others have their turn until so many seconds are over; 0 is no turn of theirs."""
        if self._running.process.is_dead:
            raise KilledError
        if seconds > 0:
            self._push(self.now_s + seconds, self._running)
            self._hand_over()

    def settle(self) -> None:
        """Let everything happen that is to happen; only while no other thread runs."""
        while self._heap:
            when_s, _, act = heapq.heappop(self._heap)
            assert not isinstance(act, _Task), "a thread was forgotten"
            self.now_s = max(self.now_s, when_s)
            act()

    def run(self, works: Sequence[Callable[[], _T]]) -> list[_T]:
        """Do several things at once; return what each comes to, in their order.

        Raises:
            BaseException: that of the first that raised, once all have ended.
        """
        if len(works) == 1:
            return [works[0]()]
        caller, results = self._running, dict[int, _T]()
        errors: dict[int, BaseException] = {}
        left = len(works)

        def done() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._push(self.now_s, caller)

        for number, work in enumerate(works):
            self._start(caller.process, number, work, results, errors, done)
        if works:
            self._hand_over(is_killable=False)
        if errors:
            raise errors[min(errors)]
        return [results[number] for number in range(len(works))]

    def in_process(self, process: Process, work: Callable[[], _T]) -> _T:
        """Do something as a process of its own, that may be killed."""
        task, before = self._running, self._running.process
        task.process = process
        try:
            return work()
        finally:
            task.process = before

    def lock(self) -> "Lock":
        """Return a lock that may be held by who sleeps."""
        return Lock(self)

    # --- handing over -----------------------------------------------------------------------

    def _push(self, when_s: float, what: _Task | Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._heap, (when_s, self._order, what))

    def _start(  # noqa: PLR0913, PLR0917 - one task of `run`
        self,
        process: Process,
        number: int,
        work: Callable[[], _T],
        results: dict[int, _T],
        errors: dict[int, BaseException],
        done: Callable[[], None],
    ) -> None:
        task = _Task(process)
        worker = _idle.pop() if _idle else _Worker()

        def live() -> None:
            try:
                results[number] = work()
            except BaseException as exc:  # noqa: BLE001 - raised where it was started
                errors[number] = exc
            done()
            following = self._next()
            _idle.append(worker)
            following.go.release()

        worker.work = live
        task.go.release()
        task.go = worker.go
        self._push(self.now_s, task)

    def _next(self) -> _Task:
        while True:
            when_s, _, what = heapq.heappop(self._heap)
            self.now_s = max(self.now_s, when_s)
            if isinstance(what, _Task):
                self._running = what
                return what
            what()

    def _hand_over(self, *, is_killable: bool = True) -> None:
        """Wait until somebody has put this thread into the heap, and its turn has come."""
        own = self._running
        following = self._next()
        if following is not own:
            following.go.release()
            own.go.acquire()
        if is_killable and own.process.is_dead:
            raise KilledError


class Lock:
    """A lock whose holder may sleep: the others wait in their order."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._is_held = False
        self._waiting: deque[_Task] = deque()

    def __enter__(self) -> bool:
        if not self._is_held:
            self._is_held = True
            return True
        self._waiting.append(self._scheduler._running)
        try:
            self._scheduler._hand_over()
        except KilledError:
            self.__exit__()
            raise
        return True

    def __exit__(self, *_: object) -> None:
        if self._waiting:
            # It is theirs from now on, whoever else asks before their turn comes.
            self._scheduler._push(self._scheduler.now_s, self._waiting.popleft())
        else:
            self._is_held = False
