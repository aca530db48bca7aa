"""What the doctor found out, and how it is shown."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.errors import OK, PROBLEMS, UNABLE

ORDER = (
    *("engine", "settings", "key", "account", "reads-models", "reads-audiences"),
    *("generations", "latency", "clock", "models", "live-slots", "config-echo", "unknown-fields"),
    *("unknown-states", "create", "name-altered", "echo-after-create", "listed-after"),
    *("same-name", "active-while-building", "summary-while-building", "update-post"),
    *("update-put", "update-query", "label-altered", "delete", "goes-live-by-itself"),
)
"""The ids of all checks, as they are shown; those from `create` on are of `--try`."""

# The marks of a check that is safe, isn't, and couldn't be told.
_MARKS = {True: "ok", False: "NOT SAFE", None: "unknown"}


@dataclass(frozen=True)
class Check:
    """One question.

    Attributes:
        id: its name, the same in every version.
        question: what was to be found out.
        seen: what was seen.
        means: what lytics-ml does with it.
        safe: whether nothing can go wrong by it; None if it couldn't be told.
    """

    id: str
    question: str
    seen: str
    means: str
    safe: bool | None = True


@dataclass
class Report:
    """All that was found out about one account.

    Attributes:
        stack: the stack whose settings were used.
        api: the generation of the API that they choose.
        checks: what was asked, in order.
        left: ids of models that could not be removed.
        profile: what `--save` writes, by key; what isn't there isn't known.
    """

    stack: str
    api: str
    checks: list[Check] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)

    def add(
        self, id_: str, question: str, seen: str, means: str, *, safe: bool | None = True
    ) -> None:
        """Add a check."""
        self.checks.append(Check(id_, question, seen, means, safe))
        self.checks.sort(key=lambda check: ORDER.index(check.id))

    @property
    def exit_code(self) -> int:
        """1 if something isn't safe or was left behind, 2 if something couldn't be told, else 0."""
        found = {check.safe for check in self.checks}
        if False in found or self.left:
            return PROBLEMS
        return UNABLE if None in found else OK

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        checks = [vars(check) for check in self.checks]
        return {"stack": self.stack, "api": self.api, "checks": checks, "left": self.left}

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield f"Stack {self.stack}, API {self.api}"
        for check in self.checks:
            yield ""
            yield f"{_MARKS[check.safe]:<9}{check.question}"
            yield f"{'':<9}  seen:  {check.seen}"
            yield f"{'':<9}  means: {check.means}"
        yield ""
        count = {safe: sum(c.safe is safe for c in self.checks) for safe in _MARKS}
        yield f"{count[True]} ok, {count[False]} not safe, {count[None]} unknown"
        if self.left:
            left = ", ".join(self.left)
            yield f"Could not be removed: {left}. Delete it in Lytics, or run this again"
