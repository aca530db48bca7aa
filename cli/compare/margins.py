"""By how much a model is better, and what that is worth on so many held-out users. Pure.

Numbers are measured on a sample: another sample would have given others. So a margin comes with an
interval, and with no verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959964
"""Of a normal distribution, 95 % lies within so many standard deviations."""


@dataclass(frozen=True)
class Margin:
    """By how much the second of two models is better than the first.

    Attributes:
        name: the number: `auc`, or `right`, the share of held-out users placed right.
        by: the difference; more is better for the second.
        low: the least it may be, with 95 % confidence.
        high: the most it may be.
        users: held-out users of both.
    """

    name: str
    by: float
    low: float
    high: float
    users: tuple[int, int]


def margins(
    first: Mapping[str, float],
    first_counts: Mapping[str, int],
    second: Mapping[str, float],
    second_counts: Mapping[str, int],
) -> list[Margin]:
    """Return the margins that can be told of two models.

    Each is taken to have held-out users of its own; where they share some, it is closer to the
    difference than told.

    Args:
        first: numbers of the one that is compared with.
        first_counts: its held-out users: tp, fp, tn, fn.
        second: numbers of the other.
        second_counts: its held-out users.
    """
    if not (_is_counted(first_counts) and _is_counted(second_counts)):
        return []
    users = sum(first_counts.values()), sum(second_counts.values())
    found = []
    if "auc" in first and "auc" in second:
        by = second["auc"] - first["auc"]
        spread = Z95 * sqrt(
            auc_variance(first["auc"], *_sides(first_counts))
            + auc_variance(second["auc"], *_sides(second_counts))
        )
        found.append(Margin("auc", by, by - spread, by + spread, users))
    ours, theirs = _right(second_counts), _right(first_counts)
    low, high = share_difference(ours, users[1], theirs, users[0])
    by = ours / users[1] - theirs / users[0]
    found.append(Margin("right", by, low, high, users))
    return found


def _is_counted(counts: Mapping[str, int]) -> bool:
    return {"tp", "fp", "tn", "fn"} <= set(counts) and min(_sides(counts)) > 0


def _sides(counts: Mapping[str, int]) -> tuple[int, int]:
    return counts["tp"] + counts["fn"], counts["fp"] + counts["tn"]


def _right(counts: Mapping[str, int]) -> int:
    return counts["tp"] + counts["tn"]


def auc_variance(auc: float, targets: int, others: int) -> float:
    """Return the variance of an area under the ROC curve (Hanley and McNeil, Radiology 1982).

    Args:
        auc: the area, 0 to 1.
        targets: held-out users of the target segment.
        others: held-out users of the source segment.
    """
    area = min(1.0, max(0.0, auc))
    both = area / (2 - area)
    twice = 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (targets - 1) * (both - area**2) + (others - 1) * (twice - area**2)
    return max(0.0, spread) / (targets * others)


def share_difference(ours: int, of_ours: int, theirs: int, of_theirs: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares.

    Newcombe's hybrid score interval (Statistics in Medicine 1998, method 10): it holds for shares
    near 0 and 1, too.
    """
    mine, other = ours / of_ours, theirs / of_theirs
    low_1, high_1 = _wilson(mine, of_ours)
    low_2, high_2 = _wilson(other, of_theirs)
    by = mine - other
    low = by - sqrt((mine - low_1) ** 2 + (high_2 - other) ** 2)
    high = by + sqrt((high_1 - mine) ** 2 + (other - low_2) ** 2)
    return low, high


def _wilson(share: float, users: int) -> tuple[float, float]:
    z2 = Z95**2
    middle = share + z2 / (2 * users)
    spread = Z95 * sqrt(share * (1 - share) / users + z2 / (4 * users**2))
    whole = 1 + z2 / users
    return (middle - spread) / whole, (middle + spread) / whole
