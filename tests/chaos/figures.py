"""Counts what the test bed went through, and prints it when the tests are over."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Figures:
    """The counts of one kind of test.

    Attributes:
        title: what was done.
        counts: how often each thing happened.
    """

    title: str
    counts: "Counter[str]" = field(default_factory=Counter)

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

    def lines(self) -> list[str]:
        """Return a line of text per kind."""
        return [
            f"{kind.title}: "
            + ", ".join(f"{number} {what}" for what, number in kind.counts.items())
            for kind in self._kinds.values()
            if kind.counts
        ]


book = Book()
