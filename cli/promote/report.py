"""What `lytics-ml promote` shows."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from cli.edit.stack_edit import show_diff
from cli.promote.evidence import Evidence
from cli.promote.outcome import Outcome
from cli.promote.work import Checked
from cli.screen.terminal import console, count, mark, safe, say, text
from cli.screen.terminal import show as show_on


def show(outcome: Outcome) -> None:
    """Show an outcome."""
    if outcome.checked is not None:
        show_on(console(), checked_as_screen(outcome.checked, outcome.there))
        models = count(len(outcome.checked), "model")
        say(f"{outcome.here}: {outcome.wrong} of {models} not proved in {outcome.there}")
        return
    show_on(console(), as_screen(outcome.evidence))
    if outcome.earlier is not None:
        earlier = outcome.earlier
        say(f"{outcome.key}: model {earlier.model_id} was live before, as of {earlier.commit[:10]}")
    if outcome.wrong:
        say(f"Nothing is promoted: {count(outcome.wrong, 'model')} not proved in {outcome.there}")
    elif not outcome.diff:
        say(f"{outcome.file} has it all already; nothing to write")
    else:
        show_diff(outcome.diff)
        then = f"review it, then: bin/pulumi up --stack {outcome.here}"
        written = f"{outcome.file} is written; {then}"
        say(written if outcome.written else "Nothing is written (--dry-run)")


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
