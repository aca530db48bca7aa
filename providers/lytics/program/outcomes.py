"""Ends the program once, after all models have had their turn, with all that went wrong."""

from dataclasses import dataclass, field

from providers.lytics.program.ending import end_program


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong with one model.

    Attributes:
        key: the declaration's key.
        what: a sentence.
        rows: number, wanted and measured of each part of a gate that failed.
    """

    key: str
    what: str
    rows: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Outcomes:
    """Counts who hasn't had their turn yet, and keeps what went wrong.

    Everybody joins while the program is read, before anything of it has happened; so the last one
    to finish knows that it is the last.
    """

    pending: int = 0
    failures: list[Failure] = field(default_factory=list)

    def join(self) -> None:
        """Announce one that will finish."""
        self.pending += 1

    def finish(self, *failures: Failure) -> None:
        """Finish; the last one tells all failures and ends the program, if there are any."""
        self.failures.extend(failures)
        self.pending -= 1
        if self.pending == 0 and self.failures:
            end_program(report(self.failures))


def report(failures: list[Failure]) -> str:
    """Return all failures as text: sentences first, then one table of what gates wanted."""
    ordered = sorted(failures, key=lambda failure: failure.key)
    models = len({failure.key for failure in ordered})
    noun = "model" if models == 1 else "models"
    lines = [f"{models} {noun} did not pass. What was live before still is."]
    lines += [f"  - {failure.key}: {failure.what}" for failure in ordered]
    rows = [(failure.key, *row) for failure in ordered for row in failure.rows]
    if rows:
        lines += ["", *_table([("model", "gate", "wanted", "measured"), *rows])]
    return "\n".join(lines)


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


outcomes = Outcomes()
