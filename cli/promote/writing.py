"""Changes the file of the environment that a model goes to; comments and order stay."""

from collections.abc import Iterable, Mapping

from cli.edit.stack_edit import StackEdit
from cli.edit.yaml_text import YamlText
from cli.errors import PROBLEMS, CliError
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.promoted import (
    OF_ENVIRONMENT,
    OWN_FIRST,
    Differing,
    Place,
    differing,
    values,
)
from providers.lytics.domain.segments import SegmentBook, is_id
from providers.lytics.stack_file.only_here import reason_for
from providers.lytics.stack_file.reader import EXCEPT, Stack
from providers.lytics.text import shown


def copy_model(
    there: Stack, here: StackEdit, key: str, written: YamlText, only_here: Mapping[str, str]
) -> None:
    """Bring one declaration into another file.

    Args:
        there: what the file declares that it comes from.
        here: the file that it goes to.
        key: the declaration's key.
        written: the text of the file that it comes from.
        only_here: fields that stay as they are, with reasons.
    """
    if not here.yaml.has("models", key):
        defaults = here.yaml.data().get("defaults")
        lines = _without_environment(written, key, there.models[key], defaults)
        here.yaml.add_block(("models",), lines)
    align(here, key, there.models[key], only_here)


def align(
    here: StackEdit,
    key: str,
    wanted: ModelDeclaration,
    only_here: Mapping[str, str],
    more: Iterable[str] = (),
) -> None:
    """Set the fields of a declaration that differ from what is wanted, one by one."""
    fields = tuple(more)
    for one in _to_align(here, key, wanted, only_here, fields):
        place = ("models", key, *one.place)
        if one.there is None:
            here.yaml.remove(place)
        else:
            here.yaml.set(place, one.there)
    # The file's defaults may set a removed field again: set it to null.
    for one in _to_align(here, key, wanted, only_here, fields):
        here.yaml.set(("models", key, *one.place), one.there)


def _to_align(
    here: StackEdit,
    key: str,
    wanted: ModelDeclaration,
    only_here: Mapping[str, str],
    more: tuple[str, ...],
) -> list[Differing]:
    """Return what is to be set; values come first, as a model without features is refused."""
    found = differing(wanted, here.check().models[key], *more)
    asked = [one for one in found if reason_for(only_here, one.name) is None]
    return sorted(asked, key=lambda one: one.there is None)


def _without_environment(
    written: YamlText, key: str, model: ModelDeclaration, defaults: object
) -> list[str]:
    """Return a declaration as it is written, with what only its file's defaults say."""
    lines = [f"  {line}" if line else line for line in written.lines_of(("models", key))]
    alone = YamlText("\n".join(["models:", *lines, ""]))
    for name in (*OF_ENVIRONMENT, EXCEPT):
        alone.remove(("models", key, name))
    if values(model)["name",] is None:
        alone.remove(("models", key, "name"))
    for place, value in values(model, *OWN_FIRST).items():
        is_default = _inside(defaults, place) == value
        if value is not None and not alone.has("models", key, *place) and not is_default:
            alone.set(("models", key, *place), value)
    return alone.lines_of(("models", key))


def _inside(data: object, place: Place) -> object:
    for part in place:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def bring_segments(there: Stack, here: StackEdit, keys: Iterable[str], book: SegmentBook) -> None:
    """Make sure that the segments of declarations mean something where they go to.

    A name under `segments` there is enough, else a slug that the account has; a name whose slug
    the account has is added under `segments`.

    Raises:
        CliError: some don't; it names all of them.
    """
    problems = []
    for key in keys:
        for side in ("source", "target"):
            reference = getattr(there.models[key], side)
            problem = _bring_segment(there, here, reference, book)
            if problem:
                problems.append(f"{key}.{side}: {problem}")
    if problems:
        title = f"{shown(here.path)} can't have these segments:"
        raise CliError("\n  - ".join([title, *problems]), PROBLEMS)


def _bring_segment(there: Stack, here: StackEdit, reference: str, book: SegmentBook) -> str | None:
    own = here.stack.segments.get(reference)
    if own is not None:
        return None if book.find(own) else f"{reference} is {own} here: {book.unknown(own)}"
    slug = there.segment(reference)
    if book.find(slug) is None:
        if is_id(slug):
            return f"{reference} is an id that this account doesn't have; name it under segments"
        return book.unknown(slug)
    if reference != slug and not here.yaml.has("segments", reference):
        here.yaml.set(("segments", reference), slug)
    return None
