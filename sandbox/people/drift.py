"""A population that changes from week to week: what is known of users fits them less and less."""

from dataclasses import replace
from typing import Any

import numpy as np

from sandbox.people.population import Population

STREAM = 0xD21F7
"""Keeps the random numbers of the drift apart from those of the population."""


def drifted(population: Population, seed: int, week: int, strength: float) -> Population:
    """Return a population as it is after some weeks.

    Each week a share of the users get another user's value of a field, so a field keeps its values
    and tells less of who is in a segment. Some fields lose quickly, others not at all: their
    shares are drawn between nothing and twice the strength. Segments keep their users.

    Args:
        population: as it was at first.
        seed: same seed, same drift.
        week: since then; the population of a week doesn't depend on the weeks that were looked at.
        strength: mean share of users a week, 0 to 1.
    """
    if not week or not strength:
        return population
    dice = np.random.default_rng([seed, STREAM])
    speeds = 2 * dice.random(len(population.columns))
    columns: dict[str, Any] = {}
    for (name, values), speed in zip(population.columns.items(), speeds, strict=True):
        share = 1 - (1 - strength) ** (speed * week)
        order = dice.permutation(values.size)
        moved = order[: round(share * values.size)]
        columns[name] = values.copy()
        columns[name][moved] = values[np.roll(moved, 1)]
    return replace(population, columns=columns)
