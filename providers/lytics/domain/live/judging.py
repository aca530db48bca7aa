"""Compares what Lytics says of a trained model with its gate. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

from providers.lytics.domain.live.gate import FITNESS_BANDS, Gate
from providers.lytics.shapes import Summary
from providers.lytics.text import harmless

# The numbers of a trained model that are kept and shown.
SCORES = ("auc", "accuracy", "reach", "rsq", "mse", "audience_similarity")


@dataclass(frozen=True)
class Part:
    """One part of a gate and how the model did.

    Attributes:
        number: what was asked about, for example `auc` or `beats_current.auc`.
        wanted: the bound in words, for example `at least 0.75`.
        measured: the model's value in words, `missing` where it has none.
        passed: whether it is good enough.
    """

    number: str
    wanted: str
    measured: str
    passed: bool

    def __str__(self) -> str:
        return f"{self.number}: wanted {self.wanted}, measured {self.measured}"

    def as_dict(self) -> dict[str, Any]:
        """Return the part as it is kept in the state."""
        return {
            "number": self.number,
            "wanted": self.wanted,
            "measured": self.measured,
            "passed": self.passed,
        }


@dataclass(frozen=True)
class Verdict:
    """What came of a gate: passed only when every part did."""

    parts: tuple[Part, ...]

    @property
    def passed(self) -> bool:
        """Whether every part passed."""
        return all(part.passed for part in self.parts)

    @property
    def reasons(self) -> list[str]:
        """What failed, a sentence each."""
        return [str(part) for part in self.parts if not part.passed]


_AT_LEAST = ("auc", "accuracy", "reach", "fitness", "rsq")
_AT_MOST = ("mse", "audience_similarity")


def evaluate(gate: Gate, summary: Summary, current: Summary | None) -> Verdict:
    """Compare a trained model's numbers with its gate.

    A number that is missing, or isn't one, never passes.

    Args:
        gate: what is wanted.
        summary: the model's summary.
        current: the summary of the model that is live now, None if there is none.
    """
    parts = [*_bounds(gate, summary), *_health(gate, summary), *_margins(gate, summary, current)]
    return Verdict(tuple(parts))


def number(summary: Summary, name: str) -> float | None:
    """Return one number of a summary; `fitness` is accuracy + reach; None where it has none."""
    if name == "fitness":
        accuracy, reach = number(summary, "accuracy"), number(summary, "reach")
        return None if accuracy is None or reach is None else accuracy + reach
    value = getattr(summary.scores, name)
    return float(value) if value is not None and isfinite(value) else None


def mark_of(passed: bool | None, *, in_words: bool = False) -> str:  # noqa: FBT001 - a value
    """Return what stands beside a part of a gate: ✓ or ✗, "" for one that wasn't judged.

    Args:
        passed: whether it passed, None where it wasn't judged.
        in_words: whether the signs can't be shown.
    """
    if passed is None:
        return ""
    yes, no = ("ok", "no") if in_words else ("✓", "✗")
    return yes if passed else no


def scores_of(summary: Summary) -> dict[str, float]:
    """Return the main numbers of a summary by name, without those that it lacks."""
    found = {name: number(summary, name) for name in SCORES}
    return {name: value for name, value in found.items() if value is not None}


def _bounds(gate: Gate, summary: Summary) -> Iterator[Part]:
    for name in (*_AT_LEAST, *_AT_MOST):
        wanted = getattr(gate, name)
        if wanted is None:
            continue
        bound = float(FITNESS_BANDS[wanted]) if isinstance(wanted, str) else float(wanted)
        measured = number(summary, name)
        at_least = name in _AT_LEAST
        good = measured is not None and (measured >= bound if at_least else measured <= bound)
        words = f"{'at least' if at_least else 'at most'} {_shown(bound)}"
        if isinstance(wanted, str):
            words = f"{words} ({wanted})"
        yield Part(name, words, _shown(measured), good)


def _health(gate: Gate, summary: Summary) -> Iterator[Part]:
    if gate.healthy:
        health = summary.scores.health
        yield Part("health", "healthy", harmless(health) or "missing", is_healthy(health))


def is_healthy(health: str) -> bool:
    """Tell whether a summary's word for a model's health is a good one."""
    # "good" is what a first-party sample of Lytics shows for a healthy model.
    return health in {"healthy", "good"}


def _margins(gate: Gate, summary: Summary, current: Summary | None) -> Iterator[Part]:
    if gate.beats_current is None:
        return
    margins = {k: v for k, v in gate.beats_current.model_dump().items() if v is not None}
    for name, margin in margins.items():
        yield _margin(f"beats_current.{name}", name, margin, summary, current)


def _margin(
    label: str, name: str, margin: float, summary: Summary, current: Summary | None
) -> Part:
    measured = number(summary, name)
    if measured is None:
        return Part(label, f"better by {_shown(margin)}", "missing", passed=False)
    if current is None:
        wanted = f"better than the live model by {_shown(margin)}"
        return Part(label, wanted, f"{_shown(measured)}, nothing to beat", passed=True)
    theirs = number(current, name)
    if theirs is None:
        wanted = f"better than the live model by {_shown(margin)}"
        return Part(label, wanted, f"{_shown(measured)}, the live model has none", passed=False)
    bound = theirs - margin if name == "mse" else theirs + margin
    # Margins are decimal fractions: 0.81 + 0.005 must not fail by the last bit of a float.
    good = measured <= bound + 1e-9 if name == "mse" else measured >= bound - 1e-9
    side = "at most" if name == "mse" else "at least"
    wanted = f"{side} {_shown(bound)} (live {_shown(theirs)}, margin {_shown(margin)})"
    return Part(label, wanted, _shown(measured), good)


def _shown(value: float | None) -> str:
    return "missing" if value is None else f"{value:.4g}"
