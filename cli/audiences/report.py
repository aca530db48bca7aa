"""Who uses the models, for a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.audiences.used import UsedModel, WhoUses
from cli.screen.terminal import count, text
from providers.lytics.domain.audiences import Unread

_MOST_UNREAD = 20


def as_screen(who: WhoUses) -> RenderableType:
    """Return each model with its audiences, then what is worth knowing besides."""
    parts: list[RenderableType] = []
    for one in who.ours:
        parts += [*_model(one), Text()]
    parts += _section("Used, and not of this stack:", who.others)
    absent = [one for one in who.unwritten if not one.id]
    parts += _section("Used, and no model of the account has this name:", absent)
    parts += _unread(who.unread)
    return Group(*parts[:-1] if parts else [text("There are no models, and no score is used.")])


def _section(heading: str, models: Iterable[UsedModel]) -> Iterator[RenderableType]:
    for place, one in enumerate(models):
        if not place:
            yield Text(heading, "bold")
        yield Padding(Group(*_model(one)), (0, 0, 0, 2))
        yield Text()


def _model(one: UsedModel) -> Iterator[RenderableType]:
    title = text(f"{one.source} → " if one.source else "", "dim")
    title.append_text(text(one.shown, "bold"))
    if one.name and one.name != one.shown:
        title.append_text(text(f'  "{one.name}"', "not bold"))
    if one.live is False and one.id:
        title.append(", not live", "yellow")
    used = len({use.audience.id for use in one.uses})
    yield title.append(f" → {count(used, 'audience') if used else 'no audience'}", "not bold")
    if not one.uses:
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("audience", "reads", "where", "through"):
        table.add_column(heading, overflow="fold")
    for use in one.uses:
        way = ", ".join(use.through)
        table.add_row(text(use.audience.shown), text(use.reads), text(use.where), text(way, "dim"))
    yield Padding(table, (0, 0, 0, 2))


def _unread(unread: tuple[Unread, ...]) -> Iterator[RenderableType]:
    if not unread:
        return
    told = "of which it can't be said whether they use a model:"
    yield Text(f"{count(len(unread), 'audience')} {told}", "yellow")
    for one in unread[:_MOST_UNREAD]:
        way = f", through {', '.join(one.through)}" if one.through else ""
        yield text(f"  {one.audience.shown}: {one.problem}{way}")
    if len(unread) > _MOST_UNREAD:
        yield Text(f"  and {len(unread) - _MOST_UNREAD} more; --json shows them")
    yield Text()
