"""The users of an account: made up, or those of one's own CSV."""

from functools import cache
from pathlib import Path

from sandbox.population import Population, make_population
from sandbox.profile_population import profile_population
from sandbox.profiles import load_profiles


@cache
def population_of(profiles: str | None, seed: int, aid: int) -> Population:
    """Return the users of an account; kept, as the next question is likely about them too."""
    if profiles:
        return profile_population(load_profiles(Path(profiles)))
    return make_population(seed, aid)
