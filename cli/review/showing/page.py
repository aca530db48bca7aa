"""A review as one HTML file: no script, nothing loaded from anywhere, light and dark."""

from collections.abc import Iterator, Sequence
from html import escape

from cli.review.change import Change, GatePart, Property, Review, Subject
from cli.review.deciding.losses import told_losses
from cli.review.deciding.losses import verdict as losses_verdict
from cli.review.showing.graph import graph
from cli.review.showing.markdown import SHOWN_SCORES, compared
from cli.review.words import Words, rendered
from cli.screen.page import bars, code, page, text, wide_table
from providers.lytics.domain.rulebook import Level

MOST_OPEN = 12
"""So many changes are shown open; of more, only those that touch a live model."""
_TOP = {"auc": 1.0, "accuracy": 10.0, "reach": 10.0}
_DANGER = {"removed", "deactivated"}
_CARE = {"retrained", "taken up again"}


def as_page(review: Review) -> str:
    """Return a review as a page."""
    body = [*_head(review), *_overview(review), *_changes(review)]
    return page(f"Review of {review.stack}", body)


def _said(sentence: Words) -> str:
    return rendered(sentence, code, escape)


def _head(review: Review) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>Stack {code(review.stack)}</h1>"
    yield f'<p class="summary">{text(review.summary)}</p>'
    yield "</header>"
    for key, sentence in told_losses(review):
        yield (
            f'<p class="refused" role="alert"><strong>{losses_verdict(review)}: {code(key)}'
            f"</strong> {_said(sentence)}</p>"
        )
    for breach in review.breaches:
        tone = "refused" if breach.level is Level.ERROR else "note"
        yield f'<p class="{tone}">{code(breach)}</p>'
    yield from graph(review.changes)
    for refusal in review.refusals:
        verdict = "Over the limit, and forced" if review.forced else "Refused"
        yield f'<p class="refused" role="alert"><strong>{verdict}.</strong> {_said(refusal)}</p>'
    if review.held_back:
        said = _said(review.held_back)
        yield f'<p class="refused" role="alert"><strong>Ends with an error.</strong> {said}</p>'
    for change in review.changes:
        for problem in change.problems:
            yield (
                f'<p class="refused" role="alert"><strong>{code(change.key)} can\'t be carried '
                f"out.</strong> {_said(problem)}</p>"
            )
    for note in review.notes:
        yield f'<p class="note">{_said(note)}</p>'


def _overview(review: Review) -> Iterator[str]:
    if not review.changes:
        return
    rows = [
        (
            f'<a href="#change-{place}">{text(change.key, 60)}</a>',
            _tags(change),
            "<br>".join(_property(one) for one in change.properties[:4]),
            _today(change),
        )
        for place, change in enumerate(review.changes)
    ]
    caption = "All changes, what touches a live model first"
    yield from wide_table(caption, ("model", "change", "why", "live today"), rows)


def _tags(change: Change) -> str:
    return " ".join(f'<span class="tag {_tone(a)}">{text(a)}</span>' for a in change.actions)


def _tone(action: str) -> str:
    return "danger" if action in _DANGER else "care" if action in _CARE else "calm"


def _property(one: Property) -> str:
    before = f'<del>{text(one.old, 80)}</del> <span aria-hidden="true">→</span> '
    return f"{code(one.name)} {before if one.old else ''}<ins>{text(one.new, 80)}</ins>"


def _today(change: Change) -> str:
    live = change.live_today
    if live is None:
        return "no"
    scores = live.numbers.scores if live.numbers else {}
    told = ", ".join(f"{name} {scores[name]:.4g}" for name in SHOWN_SCORES if name in scores)
    return f"{code(live.name)}{f'<br>{told}' if told else ''}"


def _changes(review: Review) -> Iterator[str]:
    few = len(review.changes) <= MOST_OPEN
    for place, change in enumerate(review.changes):
        is_open = " open" if few or change.touches_live else ""
        yield f'<details id="change-{place}"{is_open}>'
        yield f"<summary><h2>{text(change.key, 100)}</h2> {_tags(change)}</summary>"
        yield from _properties(change.properties)
        yield "<ul>"
        yield from (f"<li>{_said(effect)}</li>" for effect in change.effects)
        if change.left_behind:
            yield f"<li>Left behind: {_said(change.left_behind)}</li>"
        yield "</ul>"
        yield from _gate(change.gate)
        yield from _charts(change)
        yield "</details>"


def _properties(properties: Sequence[Property]) -> Iterator[str]:
    if not properties:
        return
    rows = [
        (
            code(one.name),
            _before(one),
            f"<ins>{text(one.new)}</ins>",
            "yes" if one.retrains else "no",
        )
        for one in sorted(properties, key=lambda p: not p.retrains)
    ]
    headings = ("property", "until now", "from now on", "needs a new model")
    yield from wide_table("What changes", headings, rows)


def _before(one: Property) -> str:
    return f"<del>{text(one.old)}</del>" if one.old else ""


def _gate(parts: Sequence[GatePart]) -> Iterator[str]:
    if not parts:
        return
    rows = [
        (
            text(part.number),
            text(part.wanted),
            text(part.measured or "not trained yet"),
            _mark(part),
        )
        for part in parts
    ]
    headings = ("number", "wanted", "measured", "passes")
    yield from wide_table("The gate that applies", headings, rows)


def _mark(part: GatePart) -> str:
    if part.passed is None:
        return "not yet"
    tone, word = ("good", "yes") if part.passed else ("bad", "no")
    return f'<span class="{tone}">{word}</span>'


# --- charts ---------------------------------------------------------------------------------


def _charts(change: Change) -> Iterator[str]:
    shown = compared(change)
    if not shown:
        return
    yield '<div class="charts">'
    yield from _scores_chart(shown)
    for label, subject in shown:
        yield from _features_chart(label, subject)
    yield "</div>"


def _scores_chart(shown: Sequence[tuple[str, Subject]]) -> Iterator[str]:
    rows = [
        (f"{name}, {label}", scores[name] / _TOP[name], f"{scores[name]:.4g}", label)
        for name in SHOWN_SCORES
        for label, subject in shown
        if name in (scores := subject.numbers.scores if subject.numbers else {})
    ]
    yield from bars("Scores: auc of 1, accuracy and reach of 10", rows)


def _features_chart(label: str, subject: Subject) -> Iterator[str]:
    features = subject.numbers.features if subject.numbers else ()
    most = max((importance for _, importance in features), default=0.0) or 1.0
    rows = [(name, value / most, f"{value:.4g}", label) for name, value in features]
    which = "the model of today" if label == "today" else "the new model"
    yield from bars(f"Feature importance of {which}, in percent", rows)
