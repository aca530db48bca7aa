"""Who is in a segment that is defined by scores, fields and other segments."""

import base64
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.audiences.filter_ql import (
    Both,
    Condition,
    Everybody,
    Exists,
    Include,
    Not,
    Test,
    read_filter,
)
from sandbox.audiences.scores import Written
from sandbox.people.population import Floats, Population, missing
from sandbox.segments import Segment

Mask = npt.NDArray[np.bool_]
SCORE_MAP = "segment_prediction"
PERCENTILE_MAP = "segment_prediction_percentile"
SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
STEPS = 10_000
"""A score is kept to four digits."""
NO_SCORE = 0xFFFF
CHANCE = 0.5
MADE_UP_SPAN = 0.75
"""At an AUC of 0.9, target users score 0.8 and others 0.2 in the middle."""
MADE_UP_SPREAD = 0.12


def pack(scores: Floats) -> str:
    """Write scores as text: base64 of two bytes a user.

    Args:
        scores: 0 to 1, NaN for users without one, shape (n,).
    """
    steps = np.where(np.isnan(scores), NO_SCORE, np.round(STEPS * scores))
    return base64.b64encode(steps.astype("<u2").tobytes()).decode()


def unpack(text: str) -> Floats:
    """Read what ``pack`` wrote."""
    steps = np.frombuffer(base64.b64decode(text), dtype="<u2")
    return np.where(steps == NO_SCORE, np.nan, steps / STEPS)


def percentiles(scores: Floats) -> Floats:
    """Return how many percent of the scored users have a lower score, 0 to 100.

    Args:
        scores: NaN for users without one, shape (n,); so is what is returned.
    """
    known = np.sort(scores[~np.isnan(scores)])
    below = np.searchsorted(known, scores, side="left")
    return np.where(np.isnan(scores), np.nan, 100 * below / max(1, known.size))


@dataclass(slots=True)
class Membership:
    """Answers who is in which segment of an account.

    Attributes:
        population: its users.
        find: a segment by slug or id.
        written: by model name, what profiles were given, the last on top.
    """

    population: Population
    find: Callable[[str], Segment | None]
    written: Mapping[str, Sequence[Written]]
    _scores: dict[str, Floats] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def of_segment(self, key: str) -> Mask:
        """Return the users of a segment, shape (n,); nobody if it is gone or includes itself."""
        segment = self.find(key)
        nobody = np.zeros(self.population.size, dtype=bool)
        if not segment or segment.id in self._open:
            return nobody
        if segment.plan.definition is None:
            nobody[self.population.members.get(segment.slug, [])] = True
            return nobody
        self._open.add(segment.id)
        try:
            return self._of_condition(read_filter(segment.plan.definition))
        finally:
            self._open.discard(segment.id)

    def _of_condition(self, condition: Condition) -> Mask:  # noqa: PLR0911 - a table of conditions
        match condition:
            case Everybody():
                return np.ones(self.population.size, dtype=bool)
            case Not(inner):
                return ~self._of_condition(inner)
            case Both(word, conditions):
                masks = np.array([self._of_condition(one) for one in conditions], dtype=bool)
                masks = masks.reshape(-1, self.population.size)
                return np.asarray(masks.all(axis=0) if word == "AND" else masks.any(axis=0))
            case Include(segment):
                return self.of_segment(segment)
            case Exists(name):
                return self._has_key(name, list(self.written)) if _is_map(name) else self._has(name)
            case Test(name, "HAS", values) if _is_map(name):
                return self._has_key(name, values)
            case Test(name, sign, values):
                return _fits(self._values(name), sign, values)

    def score(self, name: str) -> Floats:
        """Return the scores that profiles hold under a model's name, NaN for none, shape (n,)."""
        if name not in self._scores:
            found = np.full(self.population.size, np.nan)
            for one in self.written.get(name, ()):
                scores = unpack(one.packed) if one.packed else self._made_up(one)
                found = np.where(np.isnan(scores), found, scores)
            self._scores[name] = found
        return self._scores[name]

    def profile(self, user: int) -> dict[str, Any]:
        """Return a user's fields and scores, without what isn't known."""
        shown = {
            name: values[user] if values.dtype == object else float(values[user])
            for name, values in self.population.columns.items()
            if not missing(values[user : user + 1])[0]
        }
        scores = {name: float(self.score(name)[user]) for name in self.written}
        if held := {name: score for name, score in scores.items() if not np.isnan(score)}:
            shown[SCORE_MAP] = held
        return shown

    def _made_up(self, written: Written) -> Floats:
        """Return scores that tell target users from others, the better the higher the AUC."""
        scored, target = self.of_segment(written.source), self.of_segment(written.target)
        middle = 0.5 + np.where(target, 1, -1) * MADE_UP_SPAN * (written.auc - CHANCE)
        drawn = np.random.default_rng(written.seed).normal(middle, MADE_UP_SPREAD)
        return np.where(scored, np.clip(drawn, 0, 1), np.nan)

    def _values(self, name: str) -> Any:  # noqa: ANN401 - floats or str objects
        """Return a field's values; unknown everywhere for one that no profile has."""
        first, _, key = name.partition(".")
        if first == SCORE_MAP:
            return self.score(key)
        if first == PERCENTILE_MAP:
            return percentiles(self.score(key))
        return self.population.columns.get(name, np.full(self.population.size, np.nan))

    def _has(self, name: str) -> Mask:
        return np.logical_not(missing(self._values(name)))

    def _has_key(self, name: str, keys: Sequence[float | str]) -> Mask:
        found = np.zeros(self.population.size, dtype=bool)
        for key in keys:
            found |= self._has(f"{name}.{key}")
        return found


def _is_map(name: str) -> bool:
    return name in (SCORE_MAP, PERCENTILE_MAP)


def _fits(values: Any, sign: str, wanted: tuple[float | str, ...]) -> Mask:  # noqa: ANN401 - floats or str objects
    """Hold a field's values against others; what isn't known never fits, nor another type."""
    known, numeric = ~missing(values), values.dtype.kind == "f"
    fitting = [one for one in wanted if isinstance(one, float) == numeric]
    if not fitting or (sign == "BETWEEN" and len(fitting) < len(wanted)):
        return np.zeros(known.size, dtype=bool)
    if sign in ("IN", "HAS"):
        found = np.isin(values.astype(float if numeric else str), fitting)
    elif sign == "BETWEEN":
        found = (values > fitting[0]) & (values < fitting[1])
    else:
        found = SIGNS[sign](values, fitting[0])
    return np.asarray(known & found)
