"""`lytics-ml card`."""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.card.asking import Subject
from cli.card.card import card_of
from cli.card.render import as_markdown, as_page
from cli.models.rows import Row
from providers.lytics.domain.audiences import uses_in
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.history.timeline import Timeline
from providers.lytics.shapes import Segment
from tests.cli.conftest import Run
from tests.support.browser import opened
from tests.support.engine.project import STACK, Project
from tests.support.engine.shapes import gated, model
from tests.support.pasts import NEW, past_of
from tests.support.review.shapes import (
    SOURCE,
    TARGET,
    activation_of,
    inputs_of,
    model_of,
    resource_of,
    summary_of,
)

HOSTILE = "a|b`c\n<img src=x onerror=alert(1)> @everyone"
PARTS = [{"number": "auc", "wanted": "at least 0.7", "measured": "0.8", "passed": True}]


def subject(**scores: object) -> Subject:
    """Return a model with a gate, a past, an owner, and an audience that uses it."""
    config = {"use_scores": True, "additional": ["city", "visit_ct"], "re_run": True}
    inputs = inputs_of("grow", activation="swap", config=config, label=HOSTILE)
    shown = model_of(inputs, NEW, updated="2026-04-01T00:00:00Z")
    matrix = {"TruePositive": 400, "FalseNegative": 100, "FalsePositive": 150, "TrueNegative": 350}
    numbers = summary_of(**{"rsq": 0.3, "conf": matrix, **scores})
    activation = activation_of("grow", NEW, parts=PARTS)
    row = Row("grow", NEW, "declared", resource_of(inputs, shown), activation, shown, numbers)
    declared = {
        "source": SOURCE,
        "target": TARGET,
        "config": config,
        "gate": {"auc": 0.7},
        "watch": {"drop": {"auc": 0.05}, "stale": "10d"},
        "owner": "growth team",
    }
    timeline = Timeline(past_of())
    use = f"FILTER segment_prediction.`{shown.name}` > 0.7"
    return Subject(
        "test",
        replace(row, is_known=True),
        ModelDeclaration.model_validate(declared),
        Segment(id=SOURCE, name="All users", slug_name="all_users"),
        Segment(id=TARGET, name=HOSTILE, slug_name="high_value"),
        uses_in([Segment(id="d" * 32, slug_name="likely_buyers", segment_ql=use)]),
        timeline.keys["grow"],
        timeline,
    )


def test_a_card_says_what_there_is_to_know() -> None:
    """Whom it scores, from what, how well, within which limits, by which gate, and for whom."""
    told = as_markdown(card_of(subject()))
    for words in (
        "# Model card: `grow`",
        "| Owner | `growth team` |",
        "| Live since | `2026-04-01T09:00:00Z` |",
        "It scores the users of `All users` (`all_users`) from 0 to 1",
        "Up to 5,000 users of each of the two segments are sampled",
        "Lytics' behavioral scores and the user fields `city`, `visit_ct`.",
        "Lytics trains it anew every week",
        "| `score_momentum` | Lytics behavioral score | 20.2 |",
        "Measured on 1,000 held-out users. Of 500 users of the target it finds 400",
        "| fitness | 10 (good) |",
        "Lytics calls it `healthy`.",
        "| `auc` | `at least 0.7` | `0.8` | yes |",
        "`auc at least 0.7, drop of at most auc 0.05, healthy yes, updated within 10d`",
        "| `likely_buyers` |",
        f"| `{NEW}` | `2026-04-01T09:00:00Z` | `still live` |",
        "Trained anew 4 times while it was watched.",
    ):
        assert words in told, words


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ({"health": "unhealthy"}, "should not be trusted"),
        ({"rsq": 0.05}, "explains too little"),
        ({"rsq": 0.99}, "it is overfit"),
        ({"audience_similarity": 0.7}, "little to tell apart"),
        ({"msgs": [{"text": "low reach", "tags": ["verdict"]}]}, "Lytics says: `low reach`"),
    ],
)
def test_limits_are_named(scores: dict[str, object], words: str) -> None:
    """Health, R squared outside of what Lytics trusts, likeness, and Lytics' own words."""
    assert words in as_markdown(card_of(subject(**scores)))
    assert words not in as_markdown(card_of(subject()))


def test_untrusted_text_is_no_markup() -> None:
    """Labels and names stand in code that they can't leave, in Markdown and on the page."""
    told = as_markdown(card_of(subject()))
    assert "``a\\|b`c <img src=x onerror=alert(1)> @everyone``" in told
    assert "<img" not in as_page(card_of(subject()))


def test_the_same_input_makes_the_same_bytes() -> None:
    """No card says when it was made, and every list has an order."""
    assert as_markdown(card_of(subject())) == as_markdown(card_of(subject()))
    assert as_page(card_of(subject())) == as_page(card_of(subject()))


def test_a_model_that_is_not_there_yet_has_a_card() -> None:
    """Before its first `up` a card says so, and nothing is made up."""
    new = Row("grow", "", "new", is_known=True)
    told = as_markdown(card_of(Subject("test", new, subject().declared)))
    for words in ("not created yet", "It isn't trained", "The history has not seen it live"):
        assert words in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": None}, ("It is gone from the account", "| Live | no |")),
        ({"problem": "500"}, ("Lytics doesn't tell them", "| Live | yes |")),
    ],
)
def test_a_model_without_numbers_is_not_called_untrained(
    changes: dict[str, object], words: tuple[str, ...]
) -> None:
    """One that somebody deleted, or whose numbers can't be read, has been trained all the same."""
    known = subject()
    row = replace(known.row, summary=None, **changes)  # type: ignore[arg-type]
    told = as_markdown(card_of(replace(known, row=row)))
    for said in words:
        assert said in told
    for untrue in ("isn't trained", "before it is trained", "not known"):
        assert untrue not in told


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works_in_a_real_browser(tmp_path: Path, scheme: str) -> None:
    """It follows the system's colours, fits into 400 px, and loads nothing."""
    file = tmp_path / "card.html"
    file.write_text(as_page(card_of(subject())), encoding="utf-8")
    seen = opened(file, scheme, width=400)
    assert seen["dark"] is (scheme == "dark")
    assert seen["fits"]
    assert (seen["images"], seen["loaded"], seen["unreachable"]) == (0, 0, [])


@pytest.mark.engine
def test_committed_cards_are_checked(project: Project, run: Run) -> None:
    """--all writes a card a model; --check ends with 1 once one has changed, or is gone."""
    account = project.account
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    project.declare({"grow": {**gated(auc=0.7), "owner": "growth"}, "kept": model(is_active=False)})
    project.up()
    folder = project.folder / "cards"
    mark = account.mark()
    first = run("card", "--all", folder, "--stack", STACK)
    assert first.code == 0, first.err
    assert sorted(path.name for path in folder.iterdir()) == ["grow.md", "kept.md"]
    assert {one["method"] for one in account.requests(mark)} == {"GET"}
    assert "| Owner | `growth` |" in (folder / "grow.md").read_text()
    clean = run("card", "--all", folder, "--check", "--stack", STACK)
    assert (clean.code, clean.out) == (0, "2 cards up to date\n")
    printed = run("card", "grow", "--stack", STACK)
    assert printed.out.strip() == (folder / "grow.md").read_text().strip()

    account.change(project.id("grow"), summary={"auc": 0.8})
    (folder / "kept.md").unlink()
    (folder / "other.md").write_text("")
    stale = run("card", "--all", folder, "--check", "--stack", STACK)
    assert stale.code == 1
    for words in ("grow.md is out of date", "kept.md isn't there", "other.md is the card of no"):
        assert words in stale.err
    assert not (folder / "kept.md").exists()
    assert run("card", "--stack", STACK).code == 2
    assert run("card", "grow", "--check", "--stack", STACK).code == 2
