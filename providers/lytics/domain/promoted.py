"""Which fields of a declaration are promoted, and how two environments' differ. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from providers.lytics.domain.declaration import ModelConfig, ModelDeclaration
from providers.lytics.domain.identity import proof_in

PROMOTED = ("label", "source", "target", "name", "is_active")
"""Besides every key of config; of a name only one that people chose, see `differing`."""
OWN_FIRST = ("gate", "watch", "owner")
"""Copied only where the target has none: it may have a stricter gate of its own, for example."""
OF_ENVIRONMENT = (
    "adopt",
    "take_over",
    "was",
    "generation",
    "protect",
    "on_delete",
    "build_timeout",
    "swap",
)
"""What is about one account: promoting a model leaves the target's own values as they are."""

Place = tuple[str, ...]


@dataclass(frozen=True)
class Differing:
    """A promoted field that two environments declare differently.

    Attributes:
        place: for example `("config", "collect")`.
        there: its value where it comes from, None for none.
        here: its value where it goes to.
    """

    place: Place
    there: Any
    here: Any

    @property
    def name(self) -> str:
        """The field as people write it."""
        return ".".join(self.place)


def values(model: ModelDeclaration, *more: str) -> dict[Place, Any]:
    """Return a declaration's promoted fields, and more that are asked for.

    Args:
        model: the declaration, defaults merged in.
        more: names of further fields; `name` asks also for one that belongs to its stack.
    """
    plain: dict[str, Any] = _plain(model)
    if "name" not in more and _is_of_stack(model.name):
        del plain["name"]
    config = plain.get("config") or {}
    found: dict[Place, Any] = {(name,): plain.get(name) for name in (*PROMOTED, *more)}
    return found | {("config", name): config.get(name) for name in ModelConfig.model_fields}


def differing(there: ModelDeclaration, here: ModelDeclaration, *more: str) -> Iterator[Differing]:
    """Yield the promoted fields that differ.

    A field of `OWN_FIRST` differs only if `here` has none. A name that shows the lineage of a stack
    is the key under which the audiences of that stack's account find the score: it stays where it
    is, unless `more` asks for it, within one stack.
    """
    ours = values(here, *more)
    stays = "name" not in more and _is_of_stack(there.name)
    for place, value in values(there, *more).items():
        if value != ours[place] and not (stays and place == ("name",)):
            yield Differing(place, value, ours[place])
    for name in OWN_FIRST:
        if name not in more and getattr(there, name) is not None and getattr(here, name) is None:
            yield Differing((name,), _as_declared(there, name), None)


def _is_of_stack(name: str | None) -> bool:
    return name is not None and proof_in(name) is not None


def _plain(model: ModelDeclaration) -> dict[str, Any]:
    """Return a declaration as plain values; a watch says only what was declared of it."""
    return {
        **model.model_dump(exclude_none=True, exclude={"watch"}),
        **model.model_dump(exclude_unset=True, exclude_none=True, include={"watch"}),
    }


def _as_declared(model: ModelDeclaration, name: str) -> Any:  # noqa: ANN401 - a field of any type
    return _plain(model)[name]
