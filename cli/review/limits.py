"""How much may change at once before a review refuses it."""

import re
from dataclasses import dataclass

from cli.errors import CliError
from cli.review.change import Review
from cli.review.words import Words, words

DEFAULT = "30%"
FROM_MODELS = 10
"""A share counts from so many models on: half of two is no accident."""
_WHOLE = 100


@dataclass(frozen=True)
class Limit:
    """A number of models, or a share of those that the stack has."""

    number: int
    is_share: bool

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_share else str(self.number)

    def is_exceeded(self, count: int, existing: int) -> bool:
        """Tell whether so many of the existing models are too many."""
        if not self.is_share:
            return count > self.number
        return existing >= FROM_MODELS and count * _WHOLE > self.number * existing


def parse_limit(text: str, option: str) -> Limit:
    """Return a limit such as `5` or `30%`.

    Raises:
        CliError: it is neither.
    """
    found = re.fullmatch(r"(\d{1,9})\s*(%?)", text.strip())
    if found is None or (found[2] and int(found[1]) > _WHOLE):
        message = f"{option} takes a number of models or a share of them, for example 5 or 30%"
        raise CliError(message)
    return Limit(int(found[1]), bool(found[2]))


def refusals(review: Review, max_replace: Limit, max_delete: Limit) -> tuple[Words, ...]:
    """Return why a change is more than the limits allow, a sentence each."""
    checks = (
        (review.replaced, max_replace, "replaced", "--max-replace"),
        (review.count("removed"), max_delete, "removed", "--max-delete"),
    )
    return tuple(
        _told(count, review.existing, limit, done, option)
        for count, limit, done, option in checks
        if limit.is_exceeded(count, review.existing)
    )


def _told(count: int, existing: int, limit: Limit, done: str, option: str) -> Words:
    share = f" ({count / existing:.0%})" if existing else ""
    be = "is" if count == 1 else "are"
    return words(
        f"{count} of {existing} models{share} {be} to be {done}, more than {option} {limit} allows"
    )
