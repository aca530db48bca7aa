"""What new models score in a rehearsal: such that every gate passes, that none does, or as given.

Pure. The sandbox is told in its own words (sandbox/README.md, `POST /_sandbox/outcomes`).
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Literal

from cli.errors import CliError
from providers.lytics.domain.explain import did_you_mean

Gates = Literal["pass", "fail", "given"]
Given = Mapping[str, Mapping[str, float]]
"""By key, the numbers of `--scores`."""

BEST: Mapping[str, Any] = {
    "auc": 1.0,
    "accuracy": 10.0,
    "reach": 10.0,
    "rsq": 1.0,
    "mse": 0.0,
    "audience_similarity": 0.0,
    "health": "healthy",
}
WORST: Mapping[str, Any] = {
    "auc": 0.0,
    "accuracy": 0.0,
    "reach": 0.0,
    "rsq": -1.0,
    "mse": 1e6,
    "audience_similarity": 1.0,
    "health": "unhealthy",
}
_NUMBERS = tuple(name for name in BEST if name != "health")
_EXAMPLE = "for example --scores grow=auc:0.71,reach:2"


def scores_for(gates: Gates) -> Mapping[str, Any]:
    """Return what a new model scores; with given scores, what wasn't given is at its best."""
    return WORST if gates == "fail" else BEST


def outcomes_for(gates: Gates, given: Given, names: Mapping[str, str | None]) -> list[Any]:
    """Return what the sandbox is told of models to come.

    Args:
        gates: which rehearsal.
        given: by key, the numbers of `--scores`; only used where gates is "given".
        names: by key, the declared name, None where the tool makes one.
    """
    scores = dict(scores_for(gates))
    told = [
        {
            "match": {"name": _pattern(key, names.get(key))},
            "summary": {**scores, **numbers},
            "build_s": 0,
        }
        for key, numbers in (given if gates == "given" else {}).items()
    ]
    return [*told, {"summary": scores, "build_s": 0}]


def _pattern(key: str, name: str | None) -> str:
    if name is not None:
        return f"^{re.escape(name)}$"
    return f"^{re.escape(key)}-[0-9a-f]{{6,12}}-[0-9a-f]{{8}}$"


def parse_scores(written: list[str], keys: Mapping[str, object]) -> Given:
    """Read what `--scores` was given, `KEY=auc:0.71,reach:2` each.

    Args:
        written: the options.
        keys: what the stack declares.

    Raises:
        CliError: something can't be used; all of it at once.
    """
    found: dict[str, dict[str, float]] = {}
    problems = []
    for one in written:
        key, equals, numbers = one.rpartition("=")
        if not equals or not key:
            problems.append(f"--scores {one}: expected KEY=NUMBER:VALUE, {_EXAMPLE}")
            continue
        if key not in keys:
            known = f" It declares {', '.join(list(keys)[:10]) or 'none'}."
            near = did_you_mean(key, keys) or known
            problems.append(f"--scores {one}: the stack declares no {key}.{near}")
        for pair in numbers.split(","):
            name, _, value = pair.partition(":")
            problem = _problem(name.strip(), value.strip())
            if problem:
                problems.append(f"--scores {one}: {problem}")
            else:
                found.setdefault(key, {})[name.strip()] = float(value)
    if problems:
        raise CliError("\n".join(problems))
    return found


def _problem(name: str, value: str) -> str:
    if name not in _NUMBERS:
        return f"{name or 'nothing'} is no number of a model; there are {', '.join(_NUMBERS)}"
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        return f"{name} must be a number, {_EXAMPLE}, not {value or 'nothing'}"
    return ""
