"""A review as Markdown for a pull request: the summary first, and never too long for a comment."""

from collections.abc import Iterable, Iterator, Sequence

from cli.review.change import Change, GatePart, Property, Review, Subject
from cli.review.deciding.losses import told_losses
from cli.review.deciding.losses import verdict as losses_verdict
from cli.review.words import Words, rendered
from cli.screen.markdown import code, fenced, html_text, table
from providers.lytics.domain.live.judging import mark_of
from providers.lytics.domain.rulebook import Level

# GitHub refuses a longer comment ("Body is too long (maximum is 65536 characters)").
LONGEST = 65_536
MARKER = "<!-- lytics-ml review {stack} -->"
SHOWN_SCORES = ("auc", "accuracy", "reach")
_BAR = 24
_WIDEST_NAME = 32
_TOP = {"auc": 1.0, "accuracy": 10.0, "reach": 10.0}
_SPARE = 400
_MOST_IN_A_CELL = 4
_MOST_NOTES = 20


def as_markdown(review: Review, longest: int = LONGEST) -> str:
    """Return a review as Markdown.

    Where it is too long, charts are left out first, then details, then rows of the table; what
    touches a live model stays longest, and the summary always.
    """
    head = [*_head(review), ""]
    tail = ["", MARKER.format(stack=marker_name(review.stack)), ""]
    room = longest - _size(head) - _size(tail) - _SPARE
    rows = [f"| {' | '.join(_row(change))} |" for change in review.changes]
    kept_rows, room = _kept(rows, room)
    lines = [*head]
    if kept_rows:
        headings = ("model", "change", "why", "live today")
        lines += table(headings, [])
        lines += kept_rows
    details, shown, with_charts = _details(review.changes[: len(kept_rows)], room)
    lines += details
    lines += _left_out(len(rows), len(kept_rows), shown, with_charts)
    return "\n".join([*lines, *tail])


def marker_name(stack: str) -> str:
    """Return a stack's name as it may stand in a marker that is searched for."""
    return "".join(c for c in stack if c.isalnum() or c in "_.")


def _size(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _kept(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    kept: list[str] = []
    for line in lines:
        if len(line) + 1 > room:
            break
        room -= len(line) + 1
        kept.append(line)
    return kept, room


def _details(changes: Sequence[Change], room: int) -> tuple[list[str], int, int]:
    """Return the details that fit, of how many models, and how many of them with charts."""
    blocks: list[list[str]] = []
    for change in changes:
        block = _detail(change, charts=False)
        if _size(block) > room:
            break
        room -= _size(block)
        blocks.append(block)
    with_charts = 0
    for place, change in enumerate(changes[: len(blocks)]):
        block = _detail(change, charts=True)
        more = _size(block) - _size(blocks[place])
        if more > room:
            break
        room -= more
        blocks[place] = block
        with_charts += 1
    return [line for block in blocks for line in block], len(blocks), with_charts


def _left_out(changes: int, rows: int, details: int, charts: int) -> Iterator[str]:
    told = []
    if rows < changes:
        told.append(f"{changes - rows} models more")
    if details < changes:
        told.append(f"the details of {changes - details}")
    if charts < details:
        told.append(f"the charts of {details - charts}")
    if told:
        yield ""
        yield f"Left out here to fit into a comment: {', '.join(told)}. The page shows all."


def _head(review: Review) -> Iterator[str]:
    yield f"**Stack {code(review.stack)}: {review.summary}**"
    for key, sentence in list(told_losses(review))[:_MOST_NOTES]:
        yield ""
        yield f"> **{losses_verdict(review)}: {code(key)}** {_said(sentence)}"
    for breach in review.breaches[:_MOST_NOTES]:
        mark = "**Forbidden:**" if breach.level is Level.ERROR else "Rule:"
        yield ""
        yield f"> {mark} {code(breach, 300)}"
    for refusal in review.refusals:
        verdict = "Over the limit, and forced" if review.forced else "Refused"
        yield ""
        yield f"> **{verdict}:** {_said(refusal)}"
    if review.held_back:
        yield ""
        yield f"> **Ends with an error:** {_said(review.held_back)}"
    for change in review.changes:
        for problem in change.problems:
            yield ""
            yield f"> **{code(change.key)} can't be carried out:** {_said(problem)}"
    for note in review.notes[:_MOST_NOTES]:
        yield ""
        yield f"> {_said(note)}"


def _said(sentence: Words) -> str:
    return rendered(sentence, lambda value: code(value, 300), lambda text: text)


def _row(change: Change) -> list[str]:
    reasons = [_reason(one) for one in _reasons_first(change.properties)[:_MOST_IN_A_CELL]]
    more = len(change.properties) - len(reasons)
    why = "<br>".join([*reasons, *([f"and {more} more"] if more > 0 else [])])
    return [code(change.key, 60), f"**{', '.join(change.actions)}**", why, _today(change)]


def _reasons_first(properties: Sequence[Property]) -> list[Property]:
    return sorted(properties, key=lambda one: not one.retrains)


def _reason(one: Property) -> str:
    return f"{code(one.name, 60)} {_from(one, 60)}{code(one.new, 60)}"


def _from(one: Property, longest: int) -> str:
    return f"{code(one.old, longest)} → " if one.old else ""


def _today(change: Change) -> str:
    live = change.live_today
    return "no" if live is None else f"{code(live.name, 80)}{_scores_in_line(live)}"


def _scores_in_line(subject: Subject) -> str:
    scores = subject.numbers.scores if subject.numbers else {}
    told = [f"{name} {scores[name]:.4g}" for name in SHOWN_SCORES if name in scores]
    return f"<br>{', '.join(told)}" if told else ""


def _detail(change: Change, *, charts: bool) -> list[str]:
    title = f"<code>{html_text(change.key)}</code>: {', '.join(change.actions)}"
    lines = ["", f"<details><summary>{title}</summary>", ""]
    for one in _reasons_first(change.properties):
        mark = " (needs a new model)" if one.retrains else ""
        lines.append(f"- {code(one.name)}: {_from(one, 300)}{code(one.new, 300)}{mark}")
    lines += [f"- {_said(effect)}" for effect in change.effects]
    if change.left_behind:
        lines.append(f"- Left behind: {_said(change.left_behind)}")
    lines += _gate(change.gate)
    if charts:
        lines += _charts(change)
    return [*lines, "", "</details>"]


def _gate(parts: Sequence[GatePart]) -> Iterator[str]:
    if not parts:
        return
    yield ""
    rows = [
        [
            code(part.number),
            code(part.wanted),
            code(part.measured or "not trained yet"),
            mark_of(part.passed),
        ]
        for part in parts
    ]
    yield from table(("gate", "wanted", "measured", ""), rows)


def _charts(change: Change) -> Iterator[str]:
    lines = [*score_bars(change), *feature_bars(change)]
    if lines:
        yield ""
        yield from fenced(lines)


def compared(change: Change) -> list[tuple[str, Subject]]:
    """Return the models whose numbers are worth comparing: today's and the one to come."""
    today = change.live or change.old
    pairs = [("today", today), ("new", change.new)]
    shown = [(label, one) for label, one in pairs if one is not None and one.numbers is not None]
    same = len(shown) > 1 and shown[0][1].id == shown[1][1].id
    return shown[:1] if same else shown


def score_bars(change: Change) -> Iterator[str]:
    """Return old against new scores as bars of text, each on its own scale's full width."""
    shown = compared(change)
    for name in SHOWN_SCORES:
        for label, subject in shown:
            value = (subject.numbers.scores if subject.numbers else {}).get(name)
            if value is not None:
                yield f"{name:<9} {label:<6} {_bar(value / _TOP[name])} {value:.4g}"


def feature_bars(change: Change) -> Iterator[str]:
    """Return the most important features as bars of text."""
    for label, subject in compared(change):
        features = subject.numbers.features if subject.numbers else ()
        if not features:
            continue
        yield ""
        yield f"features, {label}"
        most = max(importance for _, importance in features) or 1.0
        for name, importance in features:
            short = name if len(name) <= _WIDEST_NAME else f"{name[: _WIDEST_NAME - 1]}…"
            yield f"{short:<{_WIDEST_NAME}} {_bar(importance / most)} {importance:.4g}"


def _bar(share: float) -> str:
    full = max(0, min(_BAR, round(_BAR * share)))
    return "█" * full + "·" * (_BAR - full)
