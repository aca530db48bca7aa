"""The sandbox's training, in the process of a test."""

from typing import Any

from sandbox.models import Config
from sandbox.people.population import Population


def train(
    population: Population, source: str, target: str, config: Config, seed: int
) -> dict[str, Any]:
    """Train as a worker of the sandbox does.

    scikit-learn, which takes two seconds to load, is loaded by tests that train and by no others.
    """
    from sandbox.building.training import train as trained  # noqa: PLC0415 - see above

    return trained(population, source, target, config, seed)
