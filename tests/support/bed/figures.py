"""Counts what the test bed went through, and prints it when the tests are over."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Figures:
    """The counts of one kind of test.

    Attributes:
        title: what was done.
        counts: how often each thing happened.
        on_creates: how often each fault, as the sandbox's log calls it, hit a create.
    """

    title: str
    counts: "Counter[str]" = field(default_factory=Counter)
    on_creates: "Counter[str]" = field(default_factory=Counter)

    def add(self, **more: int) -> None:
        """Count more."""
        self.counts.update(more)


class Book:
    """Every kind's figures, in the order in which the tests came."""

    def __init__(self) -> None:
        self._kinds: dict[str, Figures] = {}

    def kind(self, title: str) -> Figures:
        """Return the figures of a kind."""
        return self._kinds.setdefault(title, Figures(title))

    def counted(self) -> list[tuple[str, dict[str, int], dict[str, int]]]:
        """Return each kind's title and counts, as plain values."""
        kinds = self._kinds.values()
        return [(kind.title, dict(kind.counts), dict(kind.on_creates)) for kind in kinds]

    def take_over(self, title: str, counts: dict[str, int], on_creates: dict[str, int]) -> None:
        """Count what another process counted."""
        kind = self.kind(title)
        kind.counts.update(counts)
        kind.on_creates.update(on_creates)

    def lines(self) -> list[str]:
        """Return a line of text per kind."""
        lines = []
        for kind in self._kinds.values():
            if kind.counts:
                counts = ", ".join(f"{number} {what}" for what, number in kind.counts.items())
                lines.append(f"{kind.title}: {counts}")
            if hits := kind.on_creates:
                least = f"each {min(hits.values())} times at least"
                lines.append(
                    f"{kind.title}: {hits.total()} hit a create in {len(hits)} ways, {least}"
                )
        return lines


book = Book()
