"""Histories of live models, as months of nightly looks leave them."""

from pathlib import Path

from providers.lytics.history.record import Record, Shortfall
from providers.lytics.history.store import append

OLD, NEW = "1" * 32, "2" * 32
WEEKS = ("03-01", "03-08", "03-15", "03-22", "03-29")
HOSTILE = 'grow"><img src=x onerror=alert(1)>'
HELD_OUT = {"tp": 400, "fn": 100, "fp": 150, "tn": 350}


def past_of(key: str = "grow") -> list[Record]:
    """Return five weeks: a model goes live and sinks, another one takes its place."""
    old, new = (OLD, NEW) if key == "grow" else (f"{len(key):032x}", f"{len(key) + 4096:032x}")
    found = []
    for week, day in enumerate(WEEKS):
        auc = round(0.82 - 0.02 * week, 4)
        short = (Shortfall("auc", "at least 0.75", f"{auc}"),) if auc < 0.75 else ()
        found.append(
            Record(
                at=f"2026-{day}T04:00:00Z",
                key=key,
                id=old,
                name=f"{key}-old",
                event="retrained" if week else "live",
                scores={"auc": auc, "accuracy": 6.0 - week, "reach": 4.0, "mse": 0.1},
                verdict=short,
                updated=f"2026-{day}T01:00:00Z",
                health="healthy",
                bounds={"auc": 0.75},
                held_out=HELD_OUT,
            )
        )
    swap = "2026-04-01T09:00:00Z"
    better = {"auc": 0.85, "accuracy": 7.0, "reach": 4.0, "mse": 0.08}
    return [
        *found,
        Record(swap, key, new, f"{key}-new", "live", better, (), bounds={"auc": 0.75}),
        Record(swap, key, old, f"{key}-old", "not live"),
    ]


def write_past(folder: Path, stack: str, *keys: str) -> Path:
    """Write the history of a stack; return its file."""
    file = folder / "history" / f"{stack}.jsonl"
    for key in keys or ("grow",):
        append(file, past_of(key))
    return file
