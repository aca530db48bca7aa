"""Who uses a model: which audiences read its score, directly or through one that they include.

Profiles hold a model's score under the model's name, so an audience uses a model by its name,
whatever its id, its label and its key in the stack file.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from providers.lytics.domain.filterql.text import Definition, Read, Reads, read_text
from providers.lytics.domain.filterql.tree import text_of_tree
from providers.lytics.pages import page
from providers.lytics.shapes import Model, Segment


@dataclass(frozen=True)
class Audience:
    """An audience as the segment list shows it."""

    id: str
    slug: str = ""
    name: str = ""
    text: str = ""
    """Its definition in FilterQL (`segment_ql`); "" where the list has none."""
    ast: object = None
    """The same as a tree, API v2 only."""
    invalid: bool = False
    """It has no members until somebody repairs it; its definition counts all the same."""
    deleted: bool = False
    """It is no audience any more: it uses nothing."""

    @property
    def shown(self) -> str:
        """What people call it: its slug, and that it is invalid."""
        return f"{self.slug or self.id}{' (invalid)' if self.invalid else ''}"


class Use(NamedTuple):
    """One audience's use of a score."""

    audience: Audience
    name: str | None
    """The model's name; None: of any model."""
    reads: Reads
    where: str
    through: tuple[str, ...] = ()
    """The slugs of the audiences between, the nearest first; () where it reads the score itself."""

    @property
    def shown(self) -> str:
        """Who it is, and through whom: `big_campaign through likely_buyers`."""
        way = f" through {', '.join(self.through)}" if self.through else ""
        return f"{self.audience.shown}{way}"


class Unread(NamedTuple):
    """An audience of which nobody can say whether it uses a model."""

    audience: Audience
    problem: str
    through: tuple[str, ...] = ()
    """The slugs that lead to the audience that can't be read; () where that is itself."""


@dataclass(frozen=True)
class Uses:
    """Who uses which score."""

    by_name: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)
    of_any: tuple[Use, ...] = ()
    """Those that read the whole map, and so each model's score."""
    unread: tuple[Unread, ...] = ()

    def of(self, name: str) -> tuple[Use, ...]:
        """Return the uses of the models with this name, one for each audience and way of reading.

        Those that read it themselves come first, then in the order of their slugs.
        """
        found = [*self.by_name.get(name, ()), *self.of_any]
        return tuple(sorted(found, key=lambda use: (len(use.through), use.audience.slug)))


def users_left(name: str, model_id: str, uses: Uses, models: Iterable[Model]) -> tuple[Use, ...]:
    """Return the audiences that would get no new scores if a model went.

    Args:
        name: the model's name.
        model_id: its id.
        uses: who uses what.
        models: the account's models: another live one of the same name writes the score on.
    """
    if any(one.is_active and one.name == name and one.id != model_id for one in models):
        return ()
    return uses.of(name)


def unwritten(uses: Uses, models: Iterable[Model]) -> dict[str, tuple[Use, ...]]:
    """Return by name the scores that audiences use and that no live model writes."""
    live = {model.name for model in models if model.is_active}
    return {name: uses.by_name[name] for name in sorted(uses.by_name) if name not in live}


def named(uses: Iterable[Use], most: int = 10) -> str:
    """Return users by name, each once: `likely, campaign through likely and 3 more`."""
    shown = list(dict.fromkeys(use.shown for use in uses))
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return f"{', '.join(shown[:most])}{more}"


def told(uses: Sequence[Use]) -> str:
    """Return users in words: `audience likely`, `audiences likely, campaign through likely`."""
    return f"audience{'s' if len({use.audience.id for use in uses}) > 1 else ''} {named(uses)}"


def deletion_refused(key: str, model_id: str, uses: Sequence[Use]) -> str:
    """Return why a model isn't deleted, and what to do."""
    return (
        f"'{key}': model {model_id} isn't deleted, as its score is used by {told(uses)}. Change "
        "them first, or declare on_delete: deactivate, which leaves them the scores that they "
        "have, or on_delete: {delete: even_if_used}. "
        f"See {page('guides/audiences#delete')}"
    )


def read_definition(text: str, ast: object = None) -> Definition:
    """Return what a definition uses.

    Args:
        text: FilterQL; blank where the API sent none.
        ast: The same as a tree: read where there is no text, or none that can be read.
    """
    read = read_text(text) if text.strip() else None
    if ast and (read is None or read.problem):
        try:
            return read_text(text_of_tree(ast))
        except ValueError as problem:
            return read or Definition(problem=str(problem))
    return read or Definition(problem="the segment list has no definition of it")


def uses_in(segments: Iterable[Segment]) -> Uses:
    """Return who uses which model, from the segment list of an account."""
    return uses_of_models(
        Audience(
            one.id,
            one.slug_name,
            one.name,
            one.segment_ql,
            one.ast,
            invalid=one.invalid,
            deleted=one.deleted,
        )
        for one in segments
    )


def uses_of_models(audiences: Iterable[Audience]) -> Uses:
    """Return who uses which model, from all audiences of an account."""
    known = list(audiences)
    read = [read_definition(audience.text, audience.ast) for audience in known]
    # Where a deleted audience left its slug to another, the other is meant.
    by_state = sorted(range(len(known)), key=lambda at: not known[at].deleted)
    named = {name.lower(): at for at in by_state for name in (known[at].slug, known[at].id)}
    included_by: dict[int, list[int]] = {}
    problems = {at: one.problem for at, one in enumerate(read) if one.problem}
    for at, definition in enumerate(read):
        for name in definition.includes:
            if (included := named.get(name.lower())) is None:
                problems.setdefault(at, f"it includes {name}, which the segment list doesn't show")
            else:
                included_by.setdefault(included, []).append(at)

    by_name: dict[str | None, list[Use]] = {}
    unread: dict[int, Unread] = {}
    for at, definition in enumerate(read):
        reads = _merged(definition.reads)
        if not reads and at not in problems:
            continue
        for user, through in _users(at, included_by):
            audience, slugs = known[user], tuple(known[one].slug for one in through)
            if audience.deleted:
                continue
            for one in reads:
                by_name.setdefault(one.name, []).append(Use(audience, *one, slugs))
            if at in problems and user not in unread:
                unread[user] = Unread(audience, problems[at], slugs)
    of_any = _nearest(by_name.pop(None, []))
    return Uses(
        {name: _nearest(uses) for name, uses in by_name.items() if name is not None},
        of_any,
        tuple(sorted(unread.values(), key=lambda one: (len(one.through), one.audience.slug))),
    )


def _merged(reads: Iterable[Read]) -> list[Read]:
    """Return one read for each name and way of reading, with all its comparisons."""
    wheres: dict[tuple[str | None, Reads], list[str]] = {}
    for read in reads:
        wheres.setdefault((read.name, read.reads), []).append(read.where)
    return [Read(*one, "; ".join(where)) for one, where in wheres.items()]


def _users(start: int, included_by: Mapping[int, list[int]]) -> Iterator[tuple[int, list[int]]]:
    """Yield who is or includes an audience, each once, by the shortest way to it."""
    seen = {start}
    waiting: deque[tuple[int, list[int]]] = deque([(start, [])])
    while waiting:
        at, through = waiting.popleft()
        yield at, through
        for includer in included_by.get(at, []):
            if includer not in seen:
                seen.add(includer)
                waiting.append((includer, [at, *through]))


def _nearest(uses: Iterable[Use]) -> tuple[Use, ...]:
    """Return each audience's uses by the shortest way: its own reading, if it reads itself."""
    nearest: dict[str, int] = {}
    kept = sorted(uses, key=lambda use: len(use.through))
    for use in kept:
        nearest.setdefault(use.audience.id, len(use.through))
    once = {(use.audience.id, use.reads): use for use in reversed(kept)}
    return tuple(
        use
        for use in kept
        if len(use.through) == nearest[use.audience.id] and once[use.audience.id, use.reads] is use
    )
