"""Rehearsals as Markdown: the sentence, and the timelines folded, under a limit of their own."""

from collections.abc import Iterator

from cli.rehearse.rehearsal import Rehearsal
from cli.rehearse.rehearse import Rehearsed
from cli.rehearse.showing import words
from cli.rehearse.showing.screen import HEADINGS
from cli.screen.markdown import code, fenced, html_text, table

LONGEST = 20_000
"""Characters: a review of the same change stands in the same comment."""
_MOST_ERRORS = 40


def as_markdown(rehearsed: Rehearsed, longest: int = LONGEST) -> str:
    """Return rehearsals as Markdown; the first line alone says the whole.

    Where it is too long, later writes of a timeline are left out, and it says how many.
    """
    most = max((len(one.writes) for one in rehearsed.rehearsals), default=0)
    while True:
        shown = _text(rehearsed, most)
        if len(shown) <= longest or not most:
            return shown
        most = most * longest // (len(shown) + 1)


def _text(rehearsed: Rehearsed, most: int) -> str:
    lines = [f"**{_said(words.sentence(rehearsed), 2000)}**"]
    for note in rehearsed.notes:
        lines += ["", f"> {_said(note, 500)}"]
    for one in rehearsed.rehearsals:
        lines += _one(one, most)
    return "\n".join([*lines, ""])


def _one(one: Rehearsal, most: int) -> Iterator[str]:
    yield ""
    title = f"{words.TITLE[one.gates]}: {words.ending(one)}"
    yield f"<details><summary>{_said(title)}</summary>"
    yield ""
    rows = [
        [
            str(write.at),
            code(write.key or "of somebody else", 60),
            code(f"{write.method} {write.path}"),
            _said(write.what),
            code(words.live_now(write, moment)),
        ]
        for write, moment in list(zip(one.writes, one.live[1:], strict=True))[:most]
    ]
    yield from table(HEADINGS, rows) if rows else ["Nothing is sent."] if not one.writes else []
    if len(rows) < len(one.writes):
        yield ""
        yield f"and {len(one.writes) - len(rows)} writes more; the page shows all"
    found = list(words.findings(one))
    yield ""
    for is_bad, finding in found[: max(10, most)]:
        yield f"- {'**' if is_bad else ''}{_said(finding, 300)}{'**' if is_bad else ''}"
    if len(found) > max(10, most):
        yield f"- and {len(found) - max(10, most)} more"
    if one.errors:
        yield ""
        yield from fenced(one.errors.splitlines()[:_MOST_ERRORS])
    yield ""
    yield "</details>"


def _said(sentence: str, longest: int = 120) -> str:
    """Return a sentence, in which keys and names are no markup; a colon before a blank is none."""
    return html_text(sentence, longest).replace("&#58; ", ": ")
