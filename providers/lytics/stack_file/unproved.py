"""Finds what a stack file declares otherwise than the stack that it is promoted from."""

from pathlib import Path

from providers.lytics.domain.promoted import differing
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.only_here import WHOLE, exceptions, reason_for
from providers.lytics.stack_file.reader import Stack, read_stack_file


def declared_otherwise(stack: Stack, there: str) -> dict[str, tuple[str, ...]]:
    """Return by key why another stack can't prove a model: it declares the model otherwise.

    `# only here: <reason>` holds as it does for `promote --check`.
    """
    path = stack.path.parent / f"{there}.yaml"
    try:
        other = read_stack_file(path)
    except DeclarationError as exc:
        return dict.fromkeys(stack.models, (f"{exc.title} {exc.problems[0].what}",))
    only_here = exceptions(_text(stack.path))
    found: dict[str, tuple[str, ...]] = {}
    for key, model in stack.models.items():
        told = only_here.get(key, {})
        if WHOLE in told:
            continue
        if key not in other.models:
            found[key] = (f"{there} doesn't declare it",)
            continue
        names = [one.name for one in differing(other.models[key], model)]
        reasons = tuple(f"{name} differs" for name in names if reason_for(told, name) is None)
        if reasons:
            found[key] = reasons
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")
