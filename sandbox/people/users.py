"""The users of an account: made up, or those of one's own CSV, as they are in some week."""

from functools import cache, lru_cache
from pathlib import Path

from sandbox.people.drift import drifted
from sandbox.people.population import Population, make_population
from sandbox.people.profile_population import profile_population
from sandbox.people.profiles import load_profiles

KEPT = 4
"""Populations of weeks that are kept; a year of them would take hundreds of megabytes."""


@lru_cache(KEPT)
def population_of(profiles: str | None, seed: int, aid: int, week: int, drift: float) -> Population:
    """Return the users of an account; kept, as the next question is likely about them too.

    Args:
        profiles: CSV of one's own population; None makes one up.
        seed: of the made-up population, and of the drift.
        aid: account.
        week: since the sandbox's start.
        drift: strength, 0 to 1, see ``drifted``.
    """
    start = _own(profiles) if profiles else make_population(seed, aid)
    return drifted(start, seed, week, drift)


@cache
def _own(profiles: str) -> Population:
    return profile_population(load_profiles(Path(profiles)))
