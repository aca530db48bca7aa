"""Runs a command and measures it: time, time to the first line, and memory."""

import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import psutil

SAMPLE_S = 0.1
# What the command lines of the two Python processes of a `pulumi up` contain.
PROCESSES = {
    "program": "pulumi-language-python-exec",
    "host": "pulumi.dynamic",
}


class FailedError(Exception):
    """A command that was to be measured didn't work."""


@dataclass
class Measured:
    """What one run of a command took.

    Attributes:
        wall_s: seconds from start to end.
        first_line_s: seconds until it printed something.
        peak_mb: the most memory that each process had, by its part in a `pulumi up`.
        requests: how many requests the API had, by method.
    """

    wall_s: float
    first_line_s: float
    peak_mb: dict[str, float] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)


def run(command: list[str], folder: Path, env: Mapping[str, str]) -> Measured:
    """Run a command to its end.

    Raises:
        FailedError: it ended with another code than 0; holds what it printed.
    """
    started_s = perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    peak_mb: dict[str, float] = {}
    watching = threading.Thread(target=_watch, args=(process, peak_mb), daemon=True)
    watching.start()
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout as printing:
        first = printing.readline()
        first_line_s = perf_counter() - started_s
        rest = printing.read()
    code = process.wait()
    wall_s = perf_counter() - started_s
    watching.join()
    if code:
        printed = (first + rest).decode(errors="replace")
        message = f"{' '.join(command)} ended with {code}:\n{printed[:1500]}\n…\n{printed[-1500:]}"
        raise FailedError(message)
    return Measured(wall_s, first_line_s, peak_mb)


def _watch(process: "subprocess.Popen[bytes]", peak_mb: dict[str, float]) -> None:
    """Note the most memory that each of the processes has while the command runs."""
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            below = parent.children(recursive=True)
        except psutil.NoSuchProcess:
            return
        for child in below:
            try:
                words, used_mb = " ".join(child.cmdline()), child.memory_info().rss / 2**20
            except psutil.Error:  # it has just ended
                continue
            for part, known_by in PROCESSES.items():
                if known_by in words and "pulumi-language-python " not in words:
                    peak_mb[part] = max(peak_mb.get(part, 0.0), used_mb)
        try:
            process.wait(SAMPLE_S)
        except subprocess.TimeoutExpired:
            continue
