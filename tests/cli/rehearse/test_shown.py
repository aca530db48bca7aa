"""Rehearsals as text, Markdown and page: the same sentence everywhere, and nothing but text."""

from html.parser import HTMLParser

import pytest

from cli.errors import CliError
from cli.rehearse.rehearsal import Gap, Left, Moment, Peak, Rehearsal, Write
from cli.rehearse.rehearse import Rehearsed
from cli.rehearse.scores import outcomes_for, parse_scores
from cli.rehearse.showing.markdown import LONGEST, as_markdown
from cli.rehearse.showing.page import as_page
from cli.rehearse.showing.words import is_trouble, sentence

HOSTILE = "a|b`c <script>alert(1)</script> @all #1 [x](http://e) ![y](z)"


def rehearsal(writes: int = 2, **changes: object) -> Rehearsal:
    """Return a rehearsal with some writes about one model."""
    asked = tuple(
        Write(at, "POST", f"/api/ml/{at:032x}", "grow", "sets it live", model_id=f"{at:032x}")
        for at in range(1, writes + 1)
    )
    live = tuple(Moment(after, {"grow": ("a" * 32,)}) for after in range(writes + 1))
    known = {"gates": "pass", "exit": 0, "as_declared": True, "losing": {}}
    return Rehearsal(**{**known, "writes": asked, "live": live, **changes})  # type: ignore[arg-type]


def both(**changes: object) -> Rehearsed:
    """Return two rehearsals, the first with changes."""
    return Rehearsed("prod", (rehearsal(7, **changes), rehearsal(2, gates="fail")))


def test_all_is_said_in_one_sentence() -> None:
    """Writes of each rehearsal, missing models, and audiences, in this order."""
    assert sentence(both()) == (
        "Rehearsed twice: 7 writes if the gates pass, 2 if none does; at no moment is a model "
        "missing; audiences keep their scores."
    )
    told = sentence(both(gaps=(Gap("grow", 1, 2),), over_limit=(Peak("x", 1, 21),)))
    assert "grow is missing for a moment or longer; 21 models would be live, and Lytics" in told
    assert "isn't known" in sentence(both(losing=None))
    assert "a second up sends 3 more if the gates pass" in sentence(both(second_up_writes=3))
    assert "it ends with an error if the gates pass" in sentence(both(as_declared=False))


@pytest.mark.parametrize(
    ("changes", "trouble", "forced"),
    [
        ({}, False, False),
        ({"gaps": (Gap("grow", 1, 2),)}, True, False),
        ({"over_limit": (Peak("grow", 1, 21),)}, True, False),
        ({"as_declared": False}, True, True),
        ({"second_up_writes": 1}, True, True),
        ({"left_behind": (Left("grow", "a" * 32, "n", live=False),)}, False, False),
    ],
)
def test_gaps_and_peaks_can_be_forced_and_nothing_else(
    changes: dict[str, object], trouble: object, forced: object
) -> None:
    """A label lets a gap or a peak through, not an error."""
    assert is_trouble(both(**changes), forced=False) == trouble
    assert is_trouble(both(**changes), forced=True) == forced


def test_markdown_says_all_in_its_first_line_and_keeps_its_limit() -> None:
    """The sentence is the first line; a thousand writes are cut, and it says how many."""
    shown = as_markdown(Rehearsed("prod", (rehearsal(1000), rehearsal(1000, gates="fail"))))
    assert shown.splitlines()[0].startswith("**Rehearsed twice: 1000 writes if the gates pass")
    assert len(shown) <= LONGEST
    assert "writes more; the page shows all" in shown
    assert shown.count("<details>") == shown.count("</details>") == 2


def test_names_are_text_and_nothing_else() -> None:
    """A key, a name or an error is never markup, a mention or a link."""
    left = (Left(HOSTILE, "a" * 32, HOSTILE, live=True),)
    made = Rehearsed("prod", (rehearsal(errors=f"```\n{HOSTILE}", left_behind=left),), (HOSTILE,))
    shown = as_markdown(made)
    assert "<script>" not in shown.split("```text")[0]
    assert "[x](" not in shown.split("```text")[0]
    page = as_page(made)
    assert "<script" not in page
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append(tag)  # type: ignore[method-assign]  # noqa: ARG005
    parser.feed(page)
    assert {"svg", "rect", "table"} <= set(found)


def test_scores_are_read_and_every_mistake_is_told_at_once() -> None:
    """`--scores` takes keys with several numbers; what can't be used is named, all of it."""
    given = parse_scores(["grow=auc:0.71,reach:2", "plain=mse:0.1"], {"grow": 1, "plain": 1})
    assert given == {"grow": {"auc": 0.71, "reach": 2}, "plain": {"mse": 0.1}}
    first, second, rest = outcomes_for("given", given, {"plain": "By.hand"})
    assert first["match"] == {"name": "^grow-[0-9a-f]{6,12}-[0-9a-f]{8}$"}
    assert second["match"] == {"name": r"^By\.hand$"}
    assert (first["summary"]["auc"], first["summary"]["accuracy"]) == (0.71, 10)
    assert "match" not in rest
    with pytest.raises(CliError) as told:
        parse_scores(["grow", "other=auc:1", "grow=nice:1", "grow=auc:x"], {"grow": 1})
    for problem in ("KEY=NUMBER:VALUE", "no other", "nice is no number", "not x"):
        assert problem in str(told.value)
