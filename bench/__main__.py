"""Measures this project beside the engine's floor and a peer: `make bench`."""

import argparse
import json
import signal
import sys
import tempfile
from collections import defaultdict
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from bench.api import Api
from bench.contenders import LOOKS, ROOT, STEPS, Contender, Floor, Ours, Terraform
from bench.measure import FailedError
from bench.report import BUILD_S, BUILDING, BUILDS, Results, draw, table
from bench.tricks import STEPS as TRICK_STEPS
from bench.tricks import TRICKS, Gains, Trick, Without
from bench.tricks import table as tricks_table
from toolchain.places import cache_folder

OUT = ROOT / "bench" / "results"
CONTENDERS: tuple[type[Contender], ...] = (Ours, Floor, Terraform)


def main(arguments: list[str]) -> int:
    """Measure what is asked for, and write the results; return the exit code."""
    # Where a shell that starts this in the background has it ignored, the engine ends 5 s later.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = _options(arguments)
    contenders = [one for one in CONTENDERS if one.name in options.only]
    if Terraform in contenders and (why := Terraform.lacks(cache_folder() / "bench")):
        _say(f"Left out: terraform: {why}")
        contenders.remove(Terraform)
    OUT.mkdir(exist_ok=True)
    if options.tricks:
        return _measure_tricks(options)
    results: Results = defaultdict(list)
    try:
        if Ours in contenders and options.builds:
            _measure_builds(options.latency_ms, results)
        for count in options.models:
            for number in range(options.runs):
                # In turn, so that what else the machine does meets all of them alike.
                for contender in contenders:
                    _measure(contender, count, options.latency_ms, number, results)
    except FailedError as exc:
        _say(str(exc))
        return 1
    (OUT / "table.md").write_text(table(results, options.latency_ms), encoding="utf-8")
    raw = [
        {"contender": name, "models": count, "step": step, **asdict(one)}
        for (name, count, step), many in results.items()
        for one in many
    ]
    (OUT / "results.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
    draw(results, ROOT / "docs" / "project" / "models.svg")
    _say((OUT / "table.md").read_text(encoding="utf-8"))
    return 0


def _measure(
    contender: type[Contender],
    count: int,
    latency_ms: float,
    number: int,
    results: Results,
) -> None:
    with closing(Api(latency_ms)) as api, tempfile.TemporaryDirectory() as folder:
        mine = contender(Path(folder) / contender.name, count, api)
        for step in STEPS:
            measured = mine.measure(step)
            results[contender.name, count, step].append(measured)
            _say(f"{number + 1}: {contender.name}, {count} models, {step}: {measured.wall_s:.1f} s")
        if isinstance(mine, Ours):
            for command in LOOKS:
                results[mine.name, count, command].append(mine.look(command))


def _measure_tricks(options: argparse.Namespace) -> int:
    """Measure the project whole and without each trick, in turn; return the exit code."""
    gains: Gains = defaultdict(list)
    chosen: list[Trick | None] = [None, *(one for one in TRICKS if one.name in options.tricks)]
    try:
        for count in options.models:
            for number in range(options.runs):
                for trick in chosen:
                    _measure_without(trick, count, options.latency_ms, number, gains)
    except FailedError as exc:
        _say(str(exc))
        return 1
    (OUT / "tricks.md").write_text(tricks_table(gains), encoding="utf-8")
    _say((OUT / "tricks.md").read_text(encoding="utf-8"))
    return 0


def _measure_without(
    trick: Trick | None, count: int, latency_ms: float, number: int, gains: Gains
) -> None:
    name = trick.name if trick else None
    with closing(Api(latency_ms)) as api, tempfile.TemporaryDirectory() as folder:
        mine = Without(Path(folder) / Ours.name, count, api, trick)
        for step in TRICK_STEPS:
            measured = mine.measure(step)
            gains[name, count, step].append(measured)
            without = f"without {name}" if name else "the whole"
            _say(f"{number + 1}: {without}, {count} models, {step}: {measured.wall_s:.2f} s")


def _measure_builds(latency_ms: float, results: Results) -> None:
    with closing(Api(latency_ms, BUILD_S)) as api, tempfile.TemporaryDirectory() as folder:
        measured = Ours(Path(folder) / Ours.name, BUILDS, api).measure("create all")
    results[Ours.name, BUILDS, BUILDING].append(measured)
    _say(f"{BUILDS} builds of {BUILD_S:g} s: {measured.wall_s:.1f} s")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--models", type=int, nargs="+", default=[1, 10, 100, 300, 1000], help="how many models")
    add("--runs", type=int, default=3, help="how often each is run; the median counts")
    add("--latency-ms", type=float, default=50.0, help="what each request takes")
    add("--builds", action=argparse.BooleanOptionalAction, default=True, help="measure builds too")
    tricks = [one.name for one in TRICKS]
    what = "measure what each trick saves instead, or only these"
    add("--tricks", nargs="*", choices=tricks, metavar="NAME", help=what)
    names = [one.name for one in CONTENDERS]
    add("--only", nargs="+", choices=names, default=names, help="who is measured")
    options = parser.parse_args(arguments)
    if options.tricks == []:
        options.tricks = tricks
    return options


def _say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
