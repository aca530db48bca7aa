"""A process that trains: one JSON job a line on stdin, one JSON result a line on stdout.

It ends when stdin does, in the middle of a training too, so that it never outlives a server that
was killed.
"""

import json
import os
import queue
import sys
import threading
from dataclasses import replace
from typing import Any, TextIO

import numpy as np

from sandbox.building.training import train
from sandbox.errors import CannotBuildError
from sandbox.models import Config
from sandbox.people.users import population_of

NICENESS = 5
"""The API goes first."""


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Train a model, or say why that can't be done."""
    config = Config(**job["config"])
    try:
        which = ("profiles", "population_seed", "aid", "week", "drift")
        population = population_of(*(job[key] for key in which))
        defined = {slug: np.array(users, dtype=np.int64) for slug, users in job["members"].items()}
        population = replace(population, members=population.members | defined)
        return train(population, job["source"], job["target"], config, job["seed"])
    except CannotBuildError as problem:
        return {"reason": str(problem)}


def _read_jobs(jobs: "queue.SimpleQueue[str]", source: TextIO) -> None:
    for line in source:
        jobs.put(line)
    os._exit(0)


def main() -> None:
    """Train until stdin ends."""
    os.nice(NICENESS)
    # Whatever a library prints must not get between the results.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(jobs, sys.stdin), daemon=True).start()
    while True:
        print(json.dumps(answer(json.loads(jobs.get()))), file=results, flush=True)


if __name__ == "__main__":
    main()
