"""`lytics-ml watch`."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from cli.watch.report import as_markdown
from cli.watch.subjects import subjects
from cli.watch.watching import Watching, watch
from cli.workspace.state import StackState
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.errors import UnreadableReplyError
from providers.lytics.history.timeline import Timeline, news
from providers.lytics.shapes import Model, Summary
from tests.cli.conftest import Run
from tests.support.browser import opened
from tests.support.engine.project import STACK, Project
from tests.support.engine.shapes import gated, model
from tests.support.review.shapes import (
    SOURCE,
    TARGET,
    activation_of,
    inputs_of,
    model_of,
    resource_of,
    state_of,
    summary_of,
)

OLD, NEW = "1" * 32, "2" * 32
DAYS = [datetime(2026, 3, day, 4, tzinfo=UTC) for day in range(1, 29)]
GATED = inputs_of("grow", activation="swap")


def state() -> StackState:
    """Return the state of a stack whose one model passed its gate with an auc of 0.8."""
    resource = resource_of(GATED, model_of(GATED, OLD))
    return state_of(resource, activations=(activation_of("grow", OLD),))


def declared(**fields: object) -> dict[str, ModelDeclaration]:
    """Return the stack's declarations."""
    given = {"source": SOURCE, "target": TARGET, "config": {"use_scores": True}, **fields}
    return {"grow": ModelDeclaration.model_validate(given)}


class Nights:
    """A stack that is watched night after night."""

    def __init__(self, kept: StackState | None = None, **fields: object) -> None:
        self.state = kept or state()
        self.declared = declared(**{"gate": {"auc": 0.7}, "is_active": True, **fields})
        self.timeline = Timeline()
        self.asked: list[str] = []
        self.numbers: dict[str, Summary] = {}
        self._night = 0
        self._records: list[object] = []

    def look(self, *shown: Model, **scores: object) -> Watching:
        """Watch once; all models have these scores."""

        def fetch_summary(model_id: str) -> Summary:
            self.asked.append(model_id)
            return summary_of(**scores)

        now = DAYS[self._night]
        self._night += 1
        self.asked.clear()
        models = {one.id: one for one in shown}
        found = subjects(self.state, self.declared, models, self.timeline)
        seen = watch("test", found, self.timeline, fetch_summary, now)
        at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        for record in news(self.timeline, [one.as_seen() for one in seen.models], at):
            self.timeline._add(record)
        return seen


def shown(model_id: str = OLD, updated: str = "2026-03-01T00:00:00Z", **fields: object) -> Model:
    """Return a live model as ML List shows it."""
    return model_of(GATED, model_id, updated=updated, **fields)


def short(watching: Watching) -> list[str]:
    """Return what fell short."""
    return [one.what for found in watching.models for one in found.fell_short]


def test_only_new_numbers_are_asked_for() -> None:
    """A model whose `updated` stands is judged by what the history knows: no request."""
    nights = Nights()
    nights.look(shown(), auc=0.8)
    assert nights.asked == [OLD]
    again = nights.look(shown(), auc=0.1)
    assert nights.asked == []
    assert dict(again.models[0].scores) == {"auc": 0.8, "accuracy": 6.0, "reach": 4.0}
    assert short(again) == []
    nights.look(shown(updated="2026-03-08T00:00:00Z"), auc=0.6)
    assert nights.asked == [OLD]
    nights.look(shown(updated="2026-03-08T00:00:00Z", is_healthy=False))
    assert nights.asked == [OLD]


def test_a_drop_is_against_what_it_went_live_with() -> None:
    """The state's numbers of the gate count, also where the history begins much later."""
    nights = Nights(watch={"drop": {"auc": 0.05}})
    first = nights.look(shown(), auc=0.74)
    assert short(first) == ["drop.auc"]
    assert first.as_dict()["models"][0]["since"]["scores"] == {"auc": 0.8}
    second = nights.look(shown(updated="2026-03-08T00:00:00Z"), auc=0.76)
    assert short(second) == []
    since = second.as_dict()["models"][0]["since"]
    assert since == {"at": "2026-03-01T04:00:00Z", "scores": {"auc": 0.8}}


def test_the_json_is_as_documented() -> None:
    """Stack, time, and per model the numbers, since when, and what fell short."""
    told = Nights().look(shown(), auc=0.65).as_dict()
    assert told == {
        "stack": "test",
        "at": "2026-03-01T04:00:00Z",
        "models": [
            {
                "key": "grow",
                "id": OLD,
                "name": shown().name,
                "updated": "2026-03-01T00:00:00Z",
                "scores": {"auc": 0.65, "accuracy": 6.0, "reach": 4.0},
                "since": {"at": "2026-03-01T04:00:00Z", "scores": {"auc": 0.8}},
                "fell_short": [{"what": "auc", "wanted": "at least 0.7", "measured": "0.65"}],
            }
        ],
    }


@pytest.mark.parametrize("is_active", [True, False])
def test_a_live_model_that_builds_again_is_not_down(is_active: bool) -> None:  # noqa: FBT001
    """While Lytics trains it anew it is judged by its last numbers, and its time goes on."""
    nights = Nights()
    nights.look(shown(), auc=0.8)
    building = shown(updated="2026-03-08T00:00:00Z", state="building", is_active=is_active)
    seen = nights.look(building)
    assert (short(seen), nights.asked) == ([], [])
    assert nights.timeline.live_ids() == [OLD]
    done = nights.look(shown(updated="2026-03-08T00:10:00Z"), auc=0.79)
    assert short(done) == []
    (past,) = nights.timeline.keys.values()
    assert [record.event for record in past.records] == ["live", "judged", "retrained"]
    assert len(past.periods) == 1


def test_a_training_that_failed_is_told() -> None:
    """A live model that has become invalid falls short, night after night, as one thing."""
    nights = Nights()
    nights.look(shown(), auc=0.8)
    invalid = shown(state="invalid", is_active=False, reason="too few users")
    seen = nights.look(invalid)
    assert [(s.what, s.measured) for s in seen.models[0].fell_short] == [
        ("state", "invalid: too few users")
    ]
    assert seen.summary == "Stack test: no live models and 1 that is not live, 1 fell short"
    assert nights.timeline.live_ids() == []
    assert short(nights.look(invalid)) == ["state"]


def test_the_live_model_is_watched_while_its_successor_fails() -> None:
    """After a failed gate the one before is still live: that one is judged, by its own numbers."""
    failed = activation_of("grow", NEW, passed=False, live_model_id=OLD, scores={"auc": 0.1})
    resource = resource_of(GATED, model_of(GATED, NEW, is_active=False))
    nights = Nights(state_of(resource, activations=(failed,)))
    seen = nights.look(shown(), shown(NEW, is_active=False), auc=0.65)
    assert [(one.subject.id, one.subject.since) for one in seen.models] == [(OLD, {})]
    assert short(seen) == ["auc"]


def test_nobodys_model_that_is_not_live_is_not_watched() -> None:
    """A model that is kept back, or whose life nobody declared, falls short of nothing."""
    kept = inputs_of("grow", is_active=False)
    resource = resource_of(kept, model_of(kept, OLD, is_active=False))
    nights = Nights(state_of(resource), is_active=False, gate=None)
    assert nights.look(model_of(kept, OLD, is_active=False)).models == ()


def test_numbers_that_cannot_be_read_are_no_verdict() -> None:
    """A summary that isn't one is told, and the history keeps what was known."""
    nights = Nights()
    nights.look(shown(), auc=0.8)

    def broken(_: str) -> Summary:
        method, path, what = "GET", "/api/ml/summary", "no JSON"
        raise UnreadableReplyError(method, path, what)

    newer = {OLD: shown(updated="2026-03-08T00:00:00Z")}
    found = subjects(nights.state, nights.declared, newer, nights.timeline)
    seen = watch("test", found, nights.timeline, broken, DAYS[2])
    assert "no JSON" in seen.models[0].problem
    assert seen.short == []
    assert "the numbers of 1 can't be read" in seen.summary
    assert news(nights.timeline, [one.as_seen() for one in seen.models], "z") == []


def test_untrusted_text_is_no_markup_in_the_issue() -> None:
    """Names stand in code spans that they can't leave; the mark is the last line."""
    nights = Nights()
    seen = nights.look(shown(name="a|b`c <img> @everyone"), auc=0.1)
    lines = as_markdown(seen).splitlines()
    assert lines[-1] == "<!-- lytics-ml watch test -->"
    row = next(line for line in lines if "img" in line)
    assert "``a\\|b`c <img> @everyone``" in row


WATCHED: Mapping[str, object] = {
    "watch": {"drop": {"auc": 0.05}},
    "config": {"use_scores": True, "re_run": True},
}


@pytest.mark.engine
def test_a_model_that_sinks_is_noticed(project: Project, run: Run) -> None:
    """From `up` to a shortfall: one ML List, new summaries only, no write, a line per change."""
    account = project.account
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    project.declare({"grow": {**gated(auc=0.7), **WATCHED}, "free": model(is_active=False)})
    project.up()
    model_id = project.id("grow")
    file = project.folder / "history" / f"{STACK}.jsonl"
    first = run("watch", "--stack", STACK, "--json")
    assert first.code == 0, first.err
    (told,) = first.json()["models"]
    assert (told["key"], told["id"], told["fell_short"]) == ("grow", model_id, [])
    kept = file.read_bytes()
    state_before = project.state_file.read_bytes()

    mark = account.mark()
    assert run("watch", "--stack", STACK).code == 0
    assert [(one["method"], one["path"]) for one in account.requests(mark)] == [("GET", "/api/ml")]
    assert file.read_bytes() == kept

    account.change(model_id, summary={"auc": 0.83}, updated="2026-12-30T00:00:00.000Z")
    mark = account.mark()
    page, issue = project.folder / "watch.html", project.folder / "watch.md"
    answer = run("watch", "--stack", STACK, "--html", page, "--markdown", issue)
    assert answer.code == 1, answer.out + answer.err
    assert "Stack test: 1 live model, 1 fell short" in answer.out
    assert "at least 0.85 (0.9 when it went live, margin 0.05)" in issue.read_text()
    assert len(account.requests(mark)) == 2
    assert {one["method"] for one in account.requests(mark)} == {"GET"}
    assert project.state_file.read_bytes() == state_before
    assert file.read_bytes().startswith(kept)
    assert '"event": "retrained"' in file.read_text().splitlines()[-1]
    seen = opened(page, "dark", 400)
    assert seen["fits"]
    assert seen["bands"] == seen["svg"] > 0

    account.fault(path="^/api/ml$", status=500, times=None)
    unable = run("watch", "--stack", STACK)
    assert unable.code == 2
    assert "500" in unable.err
