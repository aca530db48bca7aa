"""Rehearsals as a page: one lane a model, bands for what is live, and every write."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from cli.rehearse.rehearsal import Rehearsal
from cli.rehearse.rehearse import Rehearsed
from cli.rehearse.showing import words
from cli.rehearse.showing.screen import HEADINGS
from cli.screen.page import code, page, text, wide_table

MOST_LANES = 100
_LABEL, _WIDTH, _LANE, _TOP = 180, 420, 26, 24
_TONES = 4
_LONGEST_LABEL = 24


def as_page(rehearsed: Rehearsed) -> str:
    """Return rehearsals as a page."""
    body = [
        "<header>",
        f"<h1>Rehearsal of stack {code(rehearsed.stack)}</h1>",
        f'<p class="summary">{text(words.sentence(rehearsed), 2000)}</p>',
        "</header>",
        *(f'<p class="note">{text(note)}</p>' for note in rehearsed.notes),
    ]
    for one in rehearsed.rehearsals:
        body += _one(one)
    return page(f"Rehearsal of {rehearsed.stack}", body)


def _one(one: Rehearsal) -> Iterator[str]:
    yield f"<section><h2>{text(words.TITLE[one.gates])}</h2><p>{text(words.ending(one))}</p>"
    for is_bad, finding in words.findings(one):
        yield f'<p class="{"refused" if is_bad else "note"}">{text(finding, 500)}</p>'
    yield from _lanes(one)
    rows = [
        (
            str(write.at),
            code(write.key or "of somebody else"),
            code(f"{write.method} {write.path}"),
            text(write.what),
            code(words.live_now(write, moment)),
        )
        for write, moment in zip(one.writes, one.live[1:], strict=True)
    ]
    yield from wide_table("Every write", HEADINGS, rows) if rows else ["<p>Nothing is sent.</p>"]
    if one.errors:
        lines = "\n".join(escape(line) for line in one.errors.splitlines())
        yield f"<details open><summary>What up says</summary><pre>{lines}</pre></details>"
    yield "</section>"


def _lanes(one: Rehearsal) -> Iterator[str]:
    """Yield a lane for each model that a write is about, with a band for each that is live."""
    touched = dict.fromkeys(write.key for write in one.writes if write.key)
    keys = list(touched)[:MOST_LANES]
    if not keys:
        return
    width, height = _LABEL + _WIDTH + 10, _TOP + _LANE * len(keys)
    last = len(one.writes)
    title = f"What is live, before the first and after each of {last} writes: a colour a model"
    yield f"<figure><figcaption>{text(title)}</figcaption>"
    yield f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{text(title)}">'
    step = _WIDTH / len(one.live)
    for write in one.writes:
        x = _LABEL + step * write.at
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{height}"/>'
        if step >= 16 or write.at % 10 == 0:  # noqa: PLR2004 - a number's width
            yield f'<text class="from" x="{x - 3:.1f}" y="{_TOP - 10}">{write.at}</text>'
    for place, key in enumerate(keys):
        yield from _lane(one, key, _TOP + place * _LANE, step)
    yield "</svg></figure>"
    if len(touched) > len(keys):
        yield f"<p>and {len(touched) - len(keys)} models more</p>"


def _lane(one: Rehearsal, key: str, top: int, step: float) -> Iterator[str]:
    label = escape(key if len(key) <= _LONGEST_LABEL else f"{key[: _LONGEST_LABEL - 1]}…")
    yield f'<text class="label" x="{_LABEL - 8}" y="{top + 17}">{label}</text>'
    yield (
        f'<rect class="track" x="{_LABEL}" y="{top + 4}" width="{_WIDTH}" '
        f'height="{_LANE - 8}" rx="3"/>'
    )
    ids = dict.fromkeys(i for moment in one.live for i in moment.keys.get(key, ()))
    for tone, model_id in enumerate(ids):
        marks = [model_id in moment.keys.get(key, ()) for moment in one.live]
        for begin, end in _runs(marks):
            last = "the end" if end == len(marks) else f"write {end}"
            first = "before the first write" if begin == 0 else f"write {begin}"
            yield (
                f"<g><title>{text(model_id)} is live from {first} to {last}</title>"
                f'<rect class="bar lane tone{tone % _TONES}" x="{_LABEL + begin * step:.1f}" '
                f'y="{top + 4}" width="{max(1.0, (end - begin) * step):.1f}" '
                f'height="{_LANE - 8}" rx="3"/></g>'
            )
    for gap in one.gaps:
        if gap.key == key:
            end = len(one.live) if gap.until is None else gap.until
            yield (
                f"<g><title>nothing is live</title>"
                f'<rect class="lane missing" x="{_LABEL + gap.after * step:.1f}" y="{top + 2}" '
                f'width="{(end - gap.after) * step:.1f}" height="{_LANE - 4}"/></g>'
            )


def _runs(marks: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield where runs of true begin and end."""
    edges = [0, *(at for at, (a, b) in enumerate(pairwise(marks), 1) if a != b), len(marks)]
    for begin, end in pairwise(edges):
        if marks[begin]:
            yield begin, end
