"""The server's side of training: threads that each keep one worker process busy."""

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]
Done = Callable[[JsonObject], None]
PROJECT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ATTEMPTS = 2
"""A worker that dies, out of memory say, takes its job along; another gets it once more."""


class WorkerPool:
    """Trains jobs in order, as many side by side as there are workers."""

    def __init__(self, workers: int) -> None:
        self._jobs: queue.SimpleQueue[Callable[[_Worker], None] | None] = queue.SimpleQueue()
        self._workers = [_Worker() for _ in range(workers)]
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), daemon=True)
            for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: JsonObject, done: Done) -> None:
        """Train in a worker, and call back on the event loop that this is called from."""
        loop = asyncio.get_running_loop()

        def run(worker: "_Worker") -> None:
            result = worker.train(job)
            if not self._closing:
                loop.call_soon_threadsafe(done, result)

        self._jobs.put(run)

    def _work(self, worker: "_Worker") -> None:
        while (job := self._jobs.get()) and not self._closing:
            job(worker)

    def close(self) -> None:
        """Kill the workers, whatever they train."""
        self._closing = True
        for worker in self._workers:
            self._jobs.put(None)
            worker.kill()
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.end()


class _Worker:
    """One process, started with its first job; killed once and for all."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._starting = threading.Lock()
        self._killed = False

    def train(self, job: JsonObject) -> JsonObject:
        """Have a job done."""
        for _ in range(ATTEMPTS):
            try:
                return self._ask(job)
            except (OSError, ValueError):
                self.end()
        return {"reason": "training failed: its process ended"}

    def _ask(self, job: JsonObject) -> JsonObject:
        process = self._started()
        assert process.stdin, "a pipe was asked for"  # noqa: S101 - for the type checker
        assert process.stdout, "a pipe was asked for"  # noqa: S101 - for the type checker
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        result: JsonObject = json.loads(process.stdout.readline())
        return result

    def _started(self) -> "subprocess.Popen[str]":
        with self._starting:
            if self._killed:
                message = "the sandbox stops"
                raise OSError(message)
            if not self._process:
                self._process = subprocess.Popen(
                    [sys.executable, "-W", "ignore", "-m", "sandbox.building.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=PROJECT,
                    env=os.environ | ONE_THREAD,
                    # Ctrl-C is for the server, which ends its workers itself.
                    start_new_session=True,
                )
            return self._process

    def end(self) -> None:
        """End the process and close its pipes; the next job starts another."""
        with self._starting:
            process, self._process = self._process, None
        if process:
            process.kill()
            with process:
                pass

    def kill(self) -> None:
        """End the process and never start another."""
        with self._starting:
            self._killed = True
            process = self._process
        if process:
            process.kill()
            process.wait()
