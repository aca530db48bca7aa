"""A comparison as a page."""

from collections.abc import Iterator, Sequence

from cli.compare.comparison import (
    CAVEAT,
    MOST_FEATURES,
    Contender,
    Line,
    count_lines,
    feature_lines,
    number_lines,
    unknown_words,
)
from cli.compare.report import margin_sentences
from cli.screen.page import bars, code, page, text, wide_table

_TOP = {"auc": 1.0, "accuracy": 10.0, "reach": 10.0}
_KINDS = ("today", "new")


def comparison_page(stack: str, contenders: Sequence[Contender]) -> str:
    """Return a comparison as a page."""
    titles = " against ".join(one.title for one in contenders)
    return page(f"{titles} in {stack}", _body(stack, contenders))


def _body(stack: str, contenders: Sequence[Contender]) -> Iterator[str]:
    titles = [one.title for one in contenders]
    yield f"<header><h1>{' against '.join(code(title) for title in titles)}</h1>"
    yield f'<p class="summary">Models of stack {code(stack)} side by side</p></header>'
    for one in unknown_words(contenders):
        yield f'<p class="note">{text(one)}</p>'
    about = [
        (title, code(one.id), text(one.name), text(one.state))
        for title, one in zip(map(text, titles), contenders, strict=True)
    ]
    yield from wide_table("Models", ("", "id", "name in Lytics", "state"), about)
    yield from _table("Scores, the best in bold", titles, number_lines(contenders))
    yield from _table("Held-out users", titles, count_lines(contenders))
    if sentences := margin_sentences(contenders):
        yield "<h2>What the difference is worth</h2><ul>"
        yield from (f"<li>{text(one)}</li>" for one in sentences)
        yield f"</ul><p>{text(CAVEAT)}</p>"
    yield '<div class="charts">'
    yield from bars(
        "Scores: auc of 1, accuracy and reach of 10",
        [
            (
                f"{name}, {one.title}",
                one.scores[name] / top,
                f"{one.scores[name]:.4g}",
                _KINDS[place % len(_KINDS)],
            )
            for name, top in _TOP.items()
            for place, one in enumerate(contenders)
            if name in one.scores
        ],
    )
    yield "</div>"
    yield from _features(titles, contenders)


def _table(caption: str, titles: Sequence[str], lines: Sequence[Line]) -> list[str]:
    if not lines:
        return []
    rows = [
        (
            text(line.name),
            *(
                f"<strong>{text(cell)}</strong>" if place in line.best else text(cell)
                for place, cell in enumerate(line.cells)
            ),
        )
        for line in lines
    ]
    return wide_table(caption, ("", *titles), rows)


def _features(titles: Sequence[str], contenders: Sequence[Contender]) -> list[str]:
    lines = feature_lines(contenders)
    if not lines:
        return []
    rows = [
        (
            text(line.name),
            *("" if value is None else f"{value:.3g}" for value in line.importance),
            f'<span class="tag {_tone(line.change)}">{line.change}</span>' if line.change else "",
        )
        for line in lines[:MOST_FEATURES]
    ]
    return wide_table("Features by importance", ("feature", *titles, ""), rows)


def _tone(change: str) -> str:
    return "care" if change == "vanished" else "calm"
