"""Asks what a card needs; sends GETs only."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cli.errors import CliError
from cli.history.reading import read_past
from cli.models.look import StackView
from cli.models.rows import Row, with_summaries
from cli.workspace.account import client_of
from providers.lytics.domain.audiences import Uses, uses_in
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import DeclarationError, ForbiddenError
from providers.lytics.history.timeline import Past, Timeline
from providers.lytics.shapes import Segment
from providers.lytics.stack_file.reader import read_stack_file


@dataclass(frozen=True)
class Subject:
    """A model and what is known around it.

    Attributes:
        stack: the stack.
        row: the model, with its numbers.
        declared: its declaration; None where the stack file has none that can be read.
        source: whom it scores; None if that isn't known.
        target: whom they should resemble; None if that isn't known.
        uses: who uses which model; None if that isn't known.
        past: when it was live.
        timeline: the stack's history.
    """

    stack: str
    row: Row
    declared: ModelDeclaration | None = None
    source: Segment | None = None
    target: Segment | None = None
    uses: Uses | None = None
    past: Past = field(default_factory=Past)
    timeline: Timeline = field(default_factory=Timeline)


def ask(look: StackView, rows: Sequence[Row]) -> list[Subject]:
    """Return what the cards of some models need.

    Args:
        look: a look at the stack, whose account was asked.
        rows: the models, without their numbers.

    Raises:
        CliError: the numbers of a model can't be read: a card without them would be no card.
    """
    declared: Mapping[str, ModelDeclaration] = {}
    with suppress(DeclarationError):  # The look has told it already.
        declared = read_stack_file(look.project.stack_file(look.state.stack)).models
    timeline = read_past(look.project, look.state.stack).timeline
    with client_of(look.project, look.state.stack) as client:
        found = with_summaries(client, rows)
        if problems := [f"{row.key}: {row.problem}" for row in found if row.problem]:
            message = "\n  - ".join(["The numbers can't be read, so no card is made:", *problems])
            raise CliError(message)
        try:
            segments = client.list_segments()
        except ForbiddenError:
            segments = None
    book = SegmentBook(segments or [])
    return [
        Subject(
            look.state.stack,
            row,
            declared.get(row.key),
            book.find(row.model.source) if row.model else None,
            book.find(row.model.target) if row.model else None,
            uses_in(segments) if segments is not None else None,
            timeline.keys.get(row.key, Past()),
            timeline,
        )
        for row in found
    ]
