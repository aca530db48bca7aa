"""Which models of an account are used, the stack's own and others'. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cli.models.rows import Row
from providers.lytics.domain.audiences import Unread, Use, Uses, unwritten
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class UsedModel:
    """One model, or one score that no model writes, and who uses it.

    Attributes:
        key: the declaration's key; "" for what is not of this stack.
        id: the model's id; "" where no model has the name.
        name: the name that audiences find its score by; "" for a model that isn't created yet.
        live: whether it is live; None if that isn't known.
        source: whom it scores: a slug, a name or an id; "" if that isn't known.
        uses: who uses it.
    """

    key: str
    id: str
    name: str
    live: bool | None
    source: str = ""
    uses: tuple[Use, ...] = ()

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.key or self.name or self.id

    def as_dict(self) -> dict[str, Any]:
        """Return what `audiences --json` shows of it."""
        return {
            "key": self.key or None,
            "id": self.id or None,
            "name": self.name or None,
            "live": self.live,
            "audiences": [_use_as_dict(use) for use in self.uses],
        }


@dataclass(frozen=True)
class WhoUses:
    """Who uses the models of a stack and its account.

    Attributes:
        ours: the stack's models, used or not.
        others: models that are not of this stack, and used.
        unwritten: scores that audiences use and that no live model writes: a model that is not
            live is among `ours` or `others` as well.
        unread: audiences of which nobody can say what they use.
    """

    ours: tuple[UsedModel, ...] = ()
    others: tuple[UsedModel, ...] = ()
    unwritten: tuple[UsedModel, ...] = ()
    unread: tuple[Unread, ...] = ()

    def of_rows(self) -> "WhoUses":
        """Return the rows' part alone, and the audiences that may use them too."""
        return replace(self, others=(), unwritten=())

    def as_list(self) -> list[dict[str, Any]]:
        """Return what `audiences --json` shows."""
        absent = [one for one in self.unwritten if not one.id]
        shown = [one.as_dict() for one in (*self.ours, *self.others, *absent)]
        if self.unread:
            nothing = {"key": None, "id": None, "name": None, "live": None}
            shown.append({**nothing, "audiences": [_unread_as_dict(one) for one in self.unread]})
        return shown


def _use_as_dict(use: Use) -> dict[str, Any]:
    return {
        "slug": use.audience.slug,
        "id": use.audience.id,
        "name": use.audience.name,
        "through": list(use.through),
        "reads": str(use.reads),
        "where": use.where,
        "readable": True,
    }


def _unread_as_dict(unread: Unread) -> dict[str, Any]:
    return {
        "slug": unread.audience.slug,
        "id": unread.audience.id,
        "name": unread.audience.name,
        "through": list(unread.through),
        "reads": None,
        "where": unread.problem,
        "readable": False,
    }


def who_uses(
    rows: Iterable[Row], account: Mapping[str, Model], uses: Uses, book: SegmentBook
) -> WhoUses:
    """Return who uses the models of a stack and its account.

    Args:
        rows: the stack's models.
        account: the account's models by id.
        uses: who uses which name.
        book: the account's segments: a source is told by its slug, where that is known.
    """
    ours = tuple(_of_row(row, uses, book) for row in rows)
    own = {one.id for one in ours}
    others = tuple(
        UsedModel(
            "",
            model.id,
            model.name,
            model.is_active,
            _spelled(model.source, book),
            uses.of(model.name),
        )
        for model in account.values()
        if model.id not in own and (model.name in uses.by_name or (model.is_active and uses.of_any))
    )
    return WhoUses(ours, others, tuple(_unwritten(ours, others, account, uses)), uses.unread)


def _of_row(row: Row, uses: Uses, book: SegmentBook) -> UsedModel:
    kept = row.resource.outputs if row.resource else {}
    source = kept.get("source_name") or (row.model.source if row.model else kept.get("source"))
    found = uses.of(row.name) if row.name else ()
    spelled = _spelled(str(source or ""), book)
    return UsedModel(row.key, row.id, row.name, row.live, spelled, found)


def _spelled(source: str, book: SegmentBook) -> str:
    return book.slug_of(source) or source


def _unwritten(
    ours: Iterable[UsedModel],
    others: Iterable[UsedModel],
    account: Mapping[str, Model],
    uses: Uses,
) -> Iterator[UsedModel]:
    known = {one.name: one for one in (*others, *ours)}
    for name, found in unwritten(uses, account.values()).items():
        yield known.get(name) or UsedModel("", "", name, live=False, uses=found)
