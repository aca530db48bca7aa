"""From profiles to numbers: the sample, the fields worth using, the design matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.errors import CannotBuildError
from sandbox.people.fields import FieldPlan
from sandbox.people.population import Floats, Indices, Population, missing
from sandbox.settings import SEGMENT_USERS_MIN

CATEGORIES_MAX = 100
"""Categories that get a column of their own, the most frequent ones."""
CATEGORY_USERS_MIN = 5
"""Training users that such a category has at least, as many as a leaf of the forest; the others
share one column."""
MISSING_MAX = 0.8
COLLINEAR_MIN = 0.95
SIGNAL_MIN = 0.02
CHANCE_DEVIATIONS = 4
"""With dozens of fields, some always look better than chance by three."""
BINS = 10
HELD_OUT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Sample:
    """Users drawn for one model.

    Attributes:
        users: positions in the population, shape (n,).
        y: 1 for a user of the target segment, 0 for one of the source, shape (n,).
        held_out: True for users that training never sees, shape (n,).
        similarity: Jaccard index of the whole segments, 0 to 1.
    """

    users: Indices
    y: Indices
    held_out: npt.NDArray[np.bool_]
    similarity: float


def draw_sample(
    population: Population, source: str, target: str, collect: int, dice: np.random.Generator
) -> Sample:
    """Draw up to ``collect`` users of each segment, and hold a quarter of each out.

    A user of both segments counts as target only: the recorded models would not have an AUC of 1
    at a Jaccard index of .91 otherwise (go-lytics recorded data).

    Raises:
        CannotBuildError: fewer than 25 users are left of either.
    """
    positive, all_source = population.members[target], population.members[source]
    negative = np.setdiff1d(all_source, positive)
    union = np.union1d(positive, all_source).size
    drawn = [
        dice.choice(users, min(collect, users.size), replace=False)
        for users in (negative, positive)
    ]
    for slug, users in zip((source, target), drawn, strict=True):
        if users.size < SEGMENT_USERS_MIN:
            message = (
                f"{users.size} users could be collected of segment {slug} that aren't in the other "
                f"segment too, at least {SEGMENT_USERS_MIN} are needed"
            )
            raise CannotBuildError(message)
    held_out = np.concatenate([_every_nth(users.size) for users in drawn])
    y = np.repeat([0, 1], [users.size for users in drawn])
    similarity = (all_source.size - negative.size) / union
    return Sample(np.concatenate(drawn), y, held_out, similarity)


def _every_nth(size: int) -> npt.NDArray[np.bool_]:
    # The draw has already shuffled the users.
    return np.arange(size) < round(size * HELD_OUT_SHARE)


@dataclass(frozen=True, slots=True)
class Design:
    """The design matrix of a sample.

    Attributes:
        matrix: shape (n_users, n_columns), no NaN.
        groups: by field name, its columns.
    """

    matrix: Floats
    groups: dict[str, list[int]]


def design(columns: dict[str, Any], fields: list[FieldPlan], training: Any) -> Design:  # noqa: ANN401 - a mask
    """Make columns of fields: gaps get the training median and a column of their own.

    Args:
        columns: by field name, shape (n,) each.
        fields: which to use.
        training: True for users whose medians and categories may be looked at, shape (n,).
    """
    parts: list[Floats] = []
    groups: dict[str, list[int]] = {}
    for field in fields:
        encode = _encode_number if field.type == "numeric" else _encode_category
        made = encode(columns[field.name], training)
        made = [column for column in made if np.ptp(column[training]) > 0]
        if made:
            groups[field.name] = list(range(len(parts), len(parts) + len(made)))
            parts.extend(made)
    if not parts:
        message = "could not find sufficient signal: every selected feature is empty or constant"
        raise CannotBuildError(message)
    return Design(np.column_stack(parts), groups)


def _encode_number(values: Floats, training: Any) -> list[Floats]:  # noqa: ANN401 - a mask
    gaps = missing(values)
    known = values[training & ~gaps]
    filled = np.where(gaps, np.median(known) if known.size else 0.0, values)
    return [filled, gaps.astype(float)]


def _encode_category(values: Any, training: Any) -> list[Floats]:  # noqa: ANN401 - str objects
    """Give frequent categories a column each, and all rare ones one; unknown is none of them."""
    names, counts = np.unique(values[training].astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    frequent = [str(n) for n in names[order][counts[order] >= CATEGORY_USERS_MIN] if n]
    columns = [(values == name).astype(float) for name in frequent[:CATEGORIES_MAX]]
    rare = ~missing(values) & ~np.any(columns, axis=0) if columns else ~missing(values)
    return [*columns, rare.astype(float)]


def signal(values: Any, y: Indices) -> float:  # noqa: ANN401 - floats or str objects
    """Return how much a field tells of the target beyond chance, 0 to 1: a correlation ratio.

    Groups are ten quantiles of a number, or categories; unknown is a group. Unlike a
    correlation it sees what isn't linear.
    """
    if values.dtype.kind == "f":
        known = values[~np.isnan(values)]
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = np.unique(np.quantile(known, inner)) if known.size else known
        groups = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    else:
        groups = np.unique(values.astype(str), return_inverse=True)[1]
    counts = np.bincount(groups + 1)
    means = np.bincount(groups + 1, weights=y) / np.maximum(counts, 1)
    between = float(np.sum(counts * (means - y.mean()) ** 2) / y.size)
    # By chance alone n times the explained share is chi-square, with as many degrees of freedom.
    freedom = np.count_nonzero(counts) - 1
    chance = (freedom + CHANCE_DEVIATIONS * np.sqrt(2 * freedom)) / y.size
    return float(np.sqrt(max(0.0, between / y.var() - chance)))


@dataclass(slots=True)
class Selection:
    """What auto_tune kept, and why it left the others."""

    kept: list[FieldPlan]
    empty: list[str]
    silent: list[str]
    collinear: list[str]


def select_fields(columns: dict[str, Any], fields: list[FieldPlan], y: Indices) -> Selection:
    """Choose the fields worth using: not too empty, with signal, not twice the same.

    Args:
        columns: of the training users only.
        fields: candidates.
        y: their labels.
    """
    chosen = Selection([], [], [], [])
    strength = {field.name: signal(columns[field.name], y) for field in fields}
    for field in sorted(fields, key=lambda field: -strength[field.name]):
        values = columns[field.name]
        if missing(values).mean() > MISSING_MAX:
            chosen.empty.append(field.name)
        elif strength[field.name] < SIGNAL_MIN:
            chosen.silent.append(field.name)
        elif any(_collinear(values, columns[kept.name]) for kept in chosen.kept):
            chosen.collinear.append(field.name)
        else:
            chosen.kept.append(field)
    return chosen


def _collinear(one: Any, other: Any) -> bool:  # noqa: ANN401 - floats or str objects
    if one.dtype.kind != "f" or other.dtype.kind != "f":
        return False
    return abs(correlation(one, other)) > COLLINEAR_MIN


def correlation(one: Floats, other: Floats) -> float:
    """Return Pearson's correlation over users where both are known, -1 to 1; 0 if constant."""
    both = ~(np.isnan(one) | np.isnan(other))
    x, z = one[both], other[both]
    if x.size < 2 or np.ptp(x) == 0 or np.ptp(z) == 0:  # noqa: PLR2004 - two make a line
        return 0.0
    return float(np.corrcoef(x, z)[0, 1])
