"""`lytics-ml compare`."""

import random

import pytest

from cli.compare.comparison import Contender, feature_lines, number_lines
from cli.compare.margins import auc_variance, margins, share_difference
from cli.compare.page import comparison_page
from cli.compare.report import as_markdown
from tests.cli.conftest import Run
from tests.support.browser import opened
from tests.support.engine.project import STACK, Project
from tests.support.engine.shapes import model

COUNTS = {"tp": 400, "fn": 100, "fp": 150, "tn": 350}
HOSTILE = "a|b`c <img src=x> @everyone"
ONE = Contender(
    "grow",
    "1" * 32,
    "grow-a",
    "live",
    {"auc": 0.8, "accuracy": 6, "reach": 4, "fitness": 10, "mse": 0.2, "threshold": 0.5},
    COUNTS,
    {"visit_ct": 0.6, "city": 0.4, "age": 0.0},
    "healthy",
)
TWO = Contender(
    HOSTILE,
    "2" * 32,
    HOSTILE,
    "not live",
    {"auc": 0.85, "accuracy": 6, "reach": 5, "fitness": 11, "mse": 0.1, "threshold": 0.4},
    {**COUNTS, "tp": 430, "fn": 70},
    {"visit_ct": 0.5, "age": 0.5},
    "healthy",
)


def test_the_best_of_each_number_is_marked() -> None:
    """More is better, of mse less; nothing is better where all are the same, or can't be."""
    best = {line.name: line.best for line in number_lines([ONE, TWO])}
    assert best["auc"] == best["reach"] == best["mse"] == {1}
    assert best["accuracy"] == best["threshold"] == best["health"] == set()
    fitness = next(line for line in number_lines([ONE, TWO]) if line.name == "fitness")
    assert fitness.cells == ("10 (good)", "11 (excellent)")


def test_features_that_came_and_went_are_named() -> None:
    """What the last model uses and the first doesn't has gained; the other way it vanished."""
    lines = {line.name: (line.importance, line.change) for line in feature_lines([ONE, TWO])}
    assert lines == {
        "visit_ct": ((0.6, 0.5), ""),
        "age": ((None, 0.5), "gained"),
        "city": ((0.4, None), "vanished"),
    }
    unknown = Contender("then", "3" * 32, "x", "live", {"auc": 0.7})
    assert {line.change for line in feature_lines([ONE, unknown])} == {""}


def test_a_margin_has_an_interval() -> None:
    """The numbers of Hanley and McNeil, and of Newcombe's own example."""
    # Hanley and McNeil 1982: an area of 0.893 on 51 and 58 cases has a standard error of 0.032.
    assert auc_variance(0.893, 51, 58) ** 0.5 == pytest.approx(0.032, abs=1e-3)
    # Newcombe 1998, table II (a): 56/70 against 48/80, method 10.
    assert share_difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    auc, right = margins(ONE.scores, ONE.counts, TWO.scores, TWO.counts)
    assert (auc.name, round(auc.by, 6), auc.users) == ("auc", 0.05, (1000, 1000))
    assert auc.low < auc.by < auc.high
    assert (right.name, round(right.by, 6)) == ("right", 0.03)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_holds_what_it_promises(seed: int) -> None:
    """Of two models that are equally good, about one interval in twenty misses 0."""
    rng = random.Random(seed)
    missed = 0
    for _ in range(400):
        ours, theirs = (sum(rng.random() < 0.8 for _ in range(300)) for _ in range(2))
        low, high = share_difference(ours, 300, theirs, 300)
        missed += not low <= 0 <= high
    assert 5 <= missed <= 36


@pytest.mark.parametrize("counts", [{}, {"tp": 0, "fn": 0, "fp": 1, "tn": 1}, {"tp": 5}])
def test_without_held_out_users_nothing_is_promised(counts: dict[str, int]) -> None:
    """No counts on one side: no margin, and a sentence instead."""
    assert margins(ONE.scores, ONE.counts, TWO.scores, counts) == []
    told = as_markdown([ONE, Contender("x", "3" * 32, "x", "live", TWO.scores, counts, {})])
    assert "held-out users are not known" in told


def test_untrusted_text_is_no_markup() -> None:
    """Titles, names and features stand in code spans that they can't leave."""
    told = as_markdown([ONE, TWO])
    assert "``a\\|b`c <img src=x> @everyone``" in told
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {4, 5}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works_in_a_real_browser(tmp_path: object, scheme: str) -> None:
    """It follows the system's colours, fits into 400 px, and loads nothing."""
    file = tmp_path / "compare.html"  # type: ignore[operator]
    file.write_text(comparison_page("test", [ONE, TWO]), encoding="utf-8")
    seen = opened(file, scheme, width=400)
    assert seen["dark"] is (scheme == "dark")
    assert seen["fits"]
    assert (seen["images"], seen["loaded"], seen["unreachable"]) == (0, 0, [])


@pytest.mark.engine
def test_models_are_compared_with_each_other_and_with_the_past(project: Project, run: Run) -> None:
    """Keys and ids, today's and that of a day; sends GETs only."""
    account = project.account
    account.outcome({"name": "one.*"}, summary={"auc": 0.8, "health": "healthy"})
    account.outcome({"name": "two.*"}, summary={"auc": 0.9, "health": "healthy"})
    project.declare({"one": model(is_active=True), "two": model(source="dormant", is_active=False)})
    project.up()
    assert run("watch", "--stack", STACK).code == 0
    account.change(project.id("one"), summary={"auc": 0.7}, updated="2026-12-30T00:00:00.000Z")
    mark = account.mark()
    page, note = project.folder / "c.html", project.folder / "c.md"
    today = run("history", "--stack", STACK, "--json").json()["models"][0]["live"][0]["from"][:10]
    answer = run(
        *("compare", "one", project.id("two")[:8], f"one@{today}", "--stack", STACK),
        *("--html", page, "--markdown", note),
    )
    assert answer.code == 0, answer.err
    assert {one["method"] for one in account.requests(mark)} == {"GET"}
    line = next(line for line in answer.out.splitlines() if line.startswith("auc "))
    assert line.split() == ["auc", "0.7", "0.9", "0.8"]
    assert "a history keeps numbers only" in answer.out
    assert "<svg" in page.read_text()
    assert "0.9" in note.read_text()
    wrong = run("compare", "one@2001-01-01", "two", "--stack", STACK)
    assert wrong.code == 2
    assert "nothing was live on 2001-01-01" in wrong.err
    told = run("compare", "one", "two", "--stack", STACK, "--json").json()
    assert [one["title"] for one in told["models"]] == ["one", "two"]
