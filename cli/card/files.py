"""Makes cards, and compares them with the files that are there."""

from dataclasses import dataclass, field
from pathlib import Path

from cli.card.asking import ask
from cli.card.card import card_of
from cli.card.render import as_markdown, as_page
from cli.edit.output import write_text
from cli.errors import CliError
from cli.models.look import find_row, look_at
from providers.lytics.text import shown


@dataclass(frozen=True)
class Made:
    """The cards of some models.

    Attributes:
        files: what each file is to hold.
        text: the Markdown of one card, where it goes into no file.
        notes: what could not be read.
    """

    files: dict[Path, str] = field(default_factory=dict)
    text: str = ""
    notes: tuple[str, ...] = ()


def cards(
    stack: str | None, key: str | None, every: Path | None, markdown: Path | None, html: Path | None
) -> Made:
    """Make the card of one model, or of every model that is declared.

    Raises:
        CliError: there is no such model, or the API didn't answer.
    """
    look = look_at(stack, summaries=False, audiences=False)
    if look.account is None:
        raise CliError(look.problem)
    notes = tuple(look.notes)
    if key is not None:
        (card,) = (card_of(one) for one in ask(look, [find_row(look, key)]))
        files = {markdown: as_markdown(card)} if markdown else {}
        files |= {html: as_page(card)} if html else {}
        return Made(files, "" if files else as_markdown(card), notes)
    assert every is not None  # noqa: S101 - the command sees to it
    rows = [row for row in look.rows if row.role in {"declared", "new"}]
    made = [card_of(one) for one in ask(look, rows)]
    return Made({every / f"{card.key}.md": as_markdown(card) for card in made}, "", notes)


def write_all(made: Made, every: Path | None) -> None:
    """Write cards; those of models that are gone are left, for a person to remove.

    Raises:
        CliError: a file can't be written.
    """
    if every is not None:
        try:
            every.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            message = f"{shown(every)} can't be made: {exc.strerror}"
            raise CliError(message) from exc
    for path, content in made.files.items():
        write_text(path, content)


def out_of_date(made: Made, every: Path | None) -> list[tuple[Path, str]]:
    """Return the files that aren't as they should be, with why."""
    found = []
    for path, content in made.files.items():
        try:
            same = path.read_bytes() == content.encode("utf-8")
        except OSError:
            found.append((path, "isn't there"))
            continue
        if not same:
            found.append((path, "is out of date"))
    if every is not None:
        extra = sorted(set(every.glob("*.md")) - set(made.files))
        found += [(path, "is the card of no declared model") for path in extra]
    return found
