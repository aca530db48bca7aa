"""Sentences in which values of others are marked, so that each renderer can escape them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Quoted:
    """A value that somebody else wrote: a name, a label, a key, the API's words."""

    text: str


Words = tuple[str | Quoted, ...]


def words(*parts: str | Quoted) -> Words:
    """Return a sentence."""
    return parts


def rendered(sentence: Words, quote: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """Return a sentence as text.

    Args:
        sentence: the sentence.
        quote: renders a value of others.
        plain: renders our own words.
    """
    return "".join(quote(p.text) if isinstance(p, Quoted) else plain(p) for p in sentence)


def joined(sentences: list[Words], between: str) -> Words:
    """Return several sentences as one."""

    def parts() -> Iterator[str | Quoted]:
        for place, sentence in enumerate(sentences):
            if place:
                yield between
            yield from sentence

    return tuple(parts())
