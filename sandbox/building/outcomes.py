"""The results of future builds, set beforehand."""

import re
from collections.abc import Iterable
from typing import get_args

from sandbox.api.rules import Creation
from sandbox.errors import BadRequestError
from sandbox.models import Outcome, State

MATCH_KEYS = ("name", "label", "source", "target")


def parse_outcomes(written: object) -> list[Outcome]:
    """Read what POST /_sandbox/outcomes was sent: an outcome or a list of them.

    Raises:
        BadRequestError: one has an unknown key, state or pattern.
    """
    outcomes = written if isinstance(written, list) else [written]
    return [_parse(outcome) for outcome in outcomes]


def _parse(written: object) -> Outcome:
    try:
        outcome = Outcome(**written)  # type: ignore[arg-type]
        patterns = [re.compile(pattern) for pattern in outcome.match.values()]
    except (TypeError, AttributeError, re.error) as problem:
        message = f"unusable outcome: {problem}"
        raise BadRequestError(message) from problem
    unknown = set(outcome.match) - set(MATCH_KEYS)
    if unknown or len(patterns) != len(outcome.match) or outcome.state not in get_args(State):
        message = f"match takes {', '.join(MATCH_KEYS)}; state {', '.join(get_args(State))}"
        raise BadRequestError(message)
    return outcome


def outcome_for(outcomes: Iterable[Outcome], creation: Creation) -> Outcome | None:
    """Return the first outcome that fits a model, and count it."""
    said = {
        "name": [creation.name],
        "label": [creation.label],
        "source": [creation.source.id, creation.source.slug],
        "target": [creation.target.id, creation.target.slug],
    }
    for outcome in outcomes:
        fits = all(
            any(re.search(pattern, value) for value in said[key])
            for key, pattern in outcome.match.items()
        )
        if fits and outcome.times != 0:
            outcome.times = outcome.times and outcome.times - 1
            return outcome
    return None
