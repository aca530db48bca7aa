"""What `lytics-ml promote` shows."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from cli.promote.evidence import Evidence
from cli.promote.work import Checked
from cli.screen.terminal import mark, safe, text


def as_screen(evidence: Iterable[Evidence]) -> RenderableType:
    """Return what proves models, and what doesn't."""
    return Group(*(line for one in evidence for line in _evidence(one)))


def _evidence(one: Evidence) -> Iterator[RenderableType]:
    word, style = ("proved", "green") if one.is_proved else ("not proved", "red")
    live = "live" if one.live else "not live"
    yield (
        text(one.key, "bold")
        .append(f"  {word}", f"not bold {style}")
        .append(f"  {live}  {one.model_id}" if one.model_id else "", "not bold dim")
    )
    scores = ", ".join(f"{name} {value:.4g}" for name, value in one.scores.items())
    if scores:
        yield Text(f"  {scores}")
    for part in one.parts:
        yield Text(f"  {mark(part.passed)} {safe(part)}")
    for reason in one.reasons:
        yield Text(f"  - {safe(reason)}", "red")


def checked_as_screen(checked: Iterable[Checked], there: str) -> RenderableType:
    """Return what `--check` found."""
    lines: list[RenderableType] = []
    for one in checked:
        word, style = ("right", "green") if one.is_right else ("not right", "red")
        lines.append(text(one.key, "bold").append(f"  {word}", f"not bold {style}"))
        lines += [Text(f"  - {safe(name)} differs from {there}", "red") for name in one.differing]
        if one.evidence is not None:
            lines += [Text(f"  - {safe(reason)}", "red") for reason in one.evidence.reasons]
        lines += [Text(f"  only here: {safe(reason)}", "dim") for reason in one.reasons]
    return Group(*lines)
