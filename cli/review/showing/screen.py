"""A review for a terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.review.change import Change, Review
from cli.review.deciding.losses import told_losses
from cli.review.deciding.losses import verdict as losses_verdict
from cli.review.showing.markdown import SHOWN_SCORES, score_bars
from cli.review.words import Words, rendered
from cli.screen.terminal import can_show, mark, safe, text
from providers.lytics.domain.rulebook import Level

MOST_IN_DETAIL = 30
_STYLES = {
    "removed": "red",
    "retrained": "yellow",
    "taken up again": "yellow",
    "deactivated": "red",
    "created": "green",
    "adopted": "green",
    "activated": "green",
}


def as_screen(review: Review) -> RenderableType:
    """Return a review for a terminal."""
    parts: list[RenderableType] = [text(f"Stack {review.stack}: {review.summary}", "bold")]
    for key, sentence in told_losses(review):
        title = Text(f"{losses_verdict(review)}: ", "bold red").append_text(text(f"{key}: "))
        parts.append(title.append(_said(sentence), "default"))
    parts += [
        text(breach, "bold red" if breach.level is Level.ERROR else "yellow")
        for breach in review.breaches
    ]
    for refusal in review.refusals:
        verdict = "Over the limit, and forced: " if review.forced else "Refused: "
        parts.append(Text(verdict, "bold red").append(_said(refusal)))
    if review.held_back:
        title = Text("Ends with an error: ", "bold red")
        parts.append(title.append(_said(review.held_back), "default"))
    parts += [Text(_said(note), "yellow") for note in review.notes]
    for change in review.changes[:MOST_IN_DETAIL]:
        parts += [Text(), *_change(change)]
    if len(review.changes) > MOST_IN_DETAIL:
        more = len(review.changes) - MOST_IN_DETAIL
        parts += [Text(), Text(f"and {more} more; --markdown and --html show them")]
    return Group(*parts)


def _said(sentence: Words) -> str:
    return rendered(sentence, lambda value: f'"{safe(value)}"', lambda line: line)


def _change(change: Change) -> Iterator[RenderableType]:
    style = next((_STYLES[a] for a in change.actions if a in _STYLES), "")
    title = text(change.key, "bold")
    yield title.append(f"  {', '.join(change.actions)}", f"not bold {style}")
    inside: list[RenderableType] = [*_problems(change), *_properties(change), *_today(change)]
    inside += [Text(_said(effect)) for effect in change.effects]
    if change.left_behind:
        inside.append(Text(f"Left behind: {_said(change.left_behind)}"))
    inside += _gate(change)
    if can_show("█·"):
        inside += [text(line, "dim") for line in score_bars(change)]
    yield Padding(Group(*inside), (0, 0, 0, 2))


def _problems(change: Change) -> Iterator[RenderableType]:
    for problem in change.problems:
        yield Text(f"can't be carried out: {_said(problem)}", "bold red")


def _properties(change: Change) -> Iterator[RenderableType]:
    for one in change.properties:
        before = f"{safe(one.old)} → " if one.old else ""
        line = text(one.name, "cyan").append(f"  {before}{safe(one.new)}", "default")
        yield line.append("  (needs a new model)", "dim") if one.retrains else line


def _today(change: Change) -> Iterator[RenderableType]:
    live = change.live_today
    if live is None:
        return
    scores = live.numbers.scores if live.numbers else {}
    told = ", ".join(f"{name} {scores[name]:.4g}" for name in SHOWN_SCORES if name in scores)
    line = text("live today as ", "dim").append(safe(live.name), "default")
    yield line.append(f"  {told}", "default") if told else line


def _gate(change: Change) -> Iterator[RenderableType]:
    if not change.gate:
        return
    shown = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("gate", "wanted", "measured", ""):
        shown.add_column(heading, overflow="fold")
    for part in change.gate:
        cells = (part.number, part.wanted, part.measured or "not trained yet", mark(part.passed))
        shown.add_row(*(text(cell) for cell in cells))
    yield shown
