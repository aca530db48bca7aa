"""The table and the plot that the documents shows."""

from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.contenders import LOOKS, STEPS
from bench.measure import Measured

# By contender, number of models and step or command, each run.
Results = dict[tuple[str, int, str], list[Measured]]
BUILDING = "create all, built"
# What Lytics takes most of the time for: builds, which are to be waited for all at once.
BUILDS, BUILD_S = 200, 20.0
COLOURS = {"lytics-ml": "#1f6feb", "floor": "#8b949e", "terraform": "#8957e5"}


def table(results: Results, latency_ms: float) -> str:
    """Return a Markdown table of medians, and the requests and memory behind them."""
    names = list(dict.fromkeys(name for name, _, _ in results))
    counts = sorted({count for _, count, step in results if step in STEPS})
    said = f"Seconds: median (lowest-highest) of {_runs(results)} runs in turn on one machine"
    lines = [
        f"{said}; requests in brackets, each of which takes {latency_ms:g} ms.",
        "",
        "| models | step | " + " | ".join(names) + " | times the floor |",
        "|---:|---|" + "---:|" * (len(names) + 1),
    ]
    for count in counts:
        for step in STEPS:
            cells = [_cell(results.get((name, count, step), [])) for name in names]
            lines.append(
                f"| {count:,} | {step} | {' | '.join(cells)} | {_ratio(results, count, step)} |"
            )
    most = counts[-1]
    lines += ["", f"At {most:,} models, the most of all steps:", ""]
    lines += ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for part in ("program", "host"):
        cells = [
            _most([one.peak_mb.get(part, 0.0) for one in _of(results, name, most)])
            for name in names
        ]
        lines.append(f"| memory of the {part}, MB | {' | '.join(cells)} |")
    cells = [_most([one.first_line_s for one in _of(results, name, most)]) for name in names]
    lines.append(f"| seconds to the first line | {' | '.join(cells)} |")
    return "\n".join([*lines, *_looks(results, counts), *_builds(results)]) + "\n"


def _looks(results: Results, counts: list[int]) -> list[str]:
    """Return how long the commands take that only this project has, by number of models."""
    rows = []
    for look in LOOKS:
        cells = [_cell(results.get(("lytics-ml", count, look), [])) for count in counts]
        if any(cell != "-" for cell in cells):
            rows.append(f"| `lytics-ml {look}` | {' | '.join(cells)} |")
    if not rows:
        return []
    heads = " | ".join(f"{count:,}" for count in counts)
    return ["", f"| seconds at so many models | {heads} |", "|---" * (len(counts) + 1) + "|", *rows]


def _builds(results: Results) -> list[str]:
    """Return how long many builds at once take."""
    lines = []
    for (_, count, step), many in results.items():
        if step == BUILDING:
            took_s = median(one.wall_s for one in many)
            built = f"{count} models that each take {BUILD_S:g} s to build"
            lines += ["", f"{built} are created, built and waited for in {took_s:.0f} s."]
    return lines


def _runs(results: Results) -> int:
    return max(len(many) for many in results.values())


def _cell(many: list[Measured]) -> str:
    if not many:
        return "-"
    walls = sorted(one.wall_s for one in many)
    requests = sum(many[-1].requests.values())
    return f"{median(walls):.1f} ({walls[0]:.1f}-{walls[-1]:.1f}) [{requests:,}]"


def _ratio(results: Results, count: int, step: str) -> str:
    """Return the median of what each run took compared with the floor's beside it."""
    ours = results.get(("lytics-ml", count, step), [])
    floor = results.get(("floor", count, step), [])
    ratios = [one.wall_s / other.wall_s for one, other in zip(ours, floor, strict=False)]
    return f"{median(ratios):.2f}" if ratios else "-"


def _of(results: Results, name: str, count: int) -> list[Measured]:
    return [one for step in STEPS for one in results.get((name, count, step), [])]


def _most(figures: list[float]) -> str:
    most = max(figures, default=0.0)
    if not most:
        return "-"
    return f"{most:.1f}" if most < 10 else f"{most:.0f}"  # noqa: PLR2004 - digits


def draw(results: Results, path: Path) -> None:
    """Draw cost against the number of models, a panel a step, as SVG."""
    mpl.rcParams["svg.hashsalt"] = "bench"
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    panels = figure.subplots(1, len(STEPS))
    for panel, step in zip(panels, STEPS, strict=True):
        for name, colour in COLOURS.items():
            points = sorted(
                (count, median(one.wall_s for one in many))
                for (who, count, what), many in results.items()
                if who == name and what == step
            )
            if points:
                panel.plot(*zip(*points, strict=True), "o-", color=colour, label=name, ms=4)
        panel.set_title(step, fontsize=10)
        panel.set_xlabel("models")
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("seconds")
    panels[0].legend(frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Date": None})
