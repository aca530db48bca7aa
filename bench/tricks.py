"""What each trick gains: the project is measured with one of them turned off at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.api import Api
from bench.contenders import ROOT, Ours, Step
from bench.measure import FailedError, Measured

STEPS: tuple[Step, ...] = ("create all", "no change", "label of all")


@dataclass(frozen=True)
class Trick:
    """Something that is there only because it is quicker.

    Attributes:
        name: what it does, in a few words.
        edits: texts of the program to be replaced to turn it off: file, text, other text.
        env: variables that turn it off.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def turn_off(self, folder: Path) -> None:
        """Turn it off in a copy of the program.

        Raises:
            FailedError: the program doesn't have it any more, so that this list is out of date.
        """
        for name, text, other in self.edits:
            path = folder / name
            whole = path.read_text(encoding="utf-8")
            if whole.count(text) != 1:
                message = f"{name} doesn't have once: {text}"
                raise FailedError(message)
            path.write_text(whole.replace(text, other), encoding="utf-8")


PACKAGE = "providers/lytics/__init__.py"
START = "providers/lytics/program/start.py"
TRICKS = (
    Trick("no debug messages", ((START, "    sdk_costs.spare_debug_messages()\n", ""),)),
    Trick("garbage collected seldom", ((PACKAGE, "\ncollect_seldom()", ""),)),
    Trick("host started ahead", ((START, "        sdk_costs.wake_host()\n", ""),)),
    Trick("lists asked for ahead", ((START, "        this_program().ahead.begin(path)\n", ""),)),
    Trick(
        "more threads for the host",
        (
            (
                "providers/lytics/host/engine/adapter.py",
                "            widen(MOST_CONNECTIONS)",
                "            pass",
            ),
        ),
    ),
    Trick(
        "httpx without its command line",
        ((PACKAGE, "\nspare_httpx_command_line()", ""),),
    ),
    Trick("pip asked once", env={"PULUMI_PYTHON_CMD": str(ROOT / ".venv" / "bin" / "python")}),
    Trick("64 steps at once", env={"PULUMI_PARALLEL": "16"}),
    Trick("state written once", env={"PULUMI_SKIP_CHECKPOINTS": "false"}),
)


class Without(Ours):
    """This project with one trick turned off, None for all of it.

    Args:
        folder: empty; everything is kept in it.
        count: the number of models.
        api: what is managed.
        trick: which one.
    """

    def __init__(self, folder: Path, count: int, api: Api, trick: Trick | None) -> None:
        self.trick = trick
        super().__init__(folder, count, api)
        if trick is not None:
            trick.turn_off(folder)

    def environment(self) -> dict[str, str]:
        """Return the environment, with the trick turned off."""
        return {**super().environment(), **(self.trick.env if self.trick else {})}


# By trick (None is the whole), number of models and step, each run.
Gains = dict[tuple[str | None, int, Step], list[Measured]]


def table(gains: Gains) -> str:
    """Return a Markdown table of what each trick gains: seconds, and per cent of the whole."""
    counts = sorted({count for _, count, _ in gains})
    columns = [(count, step) for count in counts for step in STEPS]
    runs = max(len(many) for many in gains.values())
    lines = [
        f"Seconds that each trick saves: the median of {runs} differences, each to a run of the",
        "whole beside it, and its part of what a run without it takes.",
        "",
        "| trick | " + " | ".join(f"{count:,}: {step}" for count, step in columns) + " |",
        "|---" + "|---:" * len(columns) + "|",
        "| (the whole takes) | "
        + " | ".join(
            f"{median(one.wall_s for one in gains[None, count, step]):.2f}"
            for count, step in columns
        )
        + " |",
    ]
    for trick in TRICKS:
        cells = [_gain(gains, trick.name, count, step) for count, step in columns]
        if any(cells):
            lines.append(f"| {trick.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _gain(gains: Gains, name: str, count: int, step: Step) -> str:
    without = gains.get((name, count, step), [])
    pairs = list(zip(without, gains[None, count, step], strict=False))
    if not pairs:
        return ""
    saved = median(one.wall_s - whole.wall_s for one, whole in pairs)
    share = median(1 - whole.wall_s / one.wall_s for one, whole in pairs)
    return f"{saved:+.2f} ({share:+.0%})"
