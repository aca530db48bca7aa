"""What `lytics-ml prune` and `lytics-ml list --retired` show."""

from collections.abc import Iterable

from rich.table import Table
from typing_extensions import TypedDict

from cli.prune.retired import Retired
from cli.screen.terminal import text
from providers.lytics.domain.audiences import named


class RetiredJson(TypedDict):
    """A model that was retired; `age` is 1 for the youngest of its key."""

    key: str
    id: str
    name: str
    created: str
    age: int
    audiences: list[str]


class PruneJson(TypedDict):
    """What a stack has retired, and what was deleted of it."""

    stack: str
    retired: list[RetiredJson]
    deleted: list[str]
    stayed: list[str]


def as_table(models: Iterable[Retired]) -> Table:
    """Return the models as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("model", "created", "id", "name", "used by"):
        table.add_column(heading, overflow="fold")
    for one in models:
        model = one.model
        cells = (one.key, model.created[:10], model.id, model.name, named(one.users) or "-")
        table.add_row(*(text(cell) for cell in cells))
    return table


def as_list(models: Iterable[Retired]) -> list[RetiredJson]:
    """Return the models as JSON shows them."""
    return [
        {
            "key": one.key,
            "id": one.model.id,
            "name": one.model.name,
            "created": one.model.created,
            "age": one.age,
            "audiences": list(dict.fromkeys(use.audience.shown for use in one.users)),
        }
        for one in models
    ]
