"""Accounts whose list of models holds more, or less, than any document says."""

import httpx
import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import Project, Ran
from tests.support.engine.shapes import model

pytestmark = pytest.mark.engine

ODD = [
    {"name": 7, "label": {"en": "Grow"}, "created": 1600000000},
    {"name": "theirs", "source": {"slug": "x"}, "is_active": True},
    {"name": "theirs too", "source": {"id": "cf21ba3ceb194961b964358ee92ec4a9"}},
]


def place(account: Account, *models: object) -> list[str]:
    """Put models of somebody else into the account, and return their ids."""
    url = f"{account.handle.root}/_sandbox/models"
    return [one["id"] for one in httpx.post(url, json=models).raise_for_status().json()]


def told_times(ran: Ran, sentence: str) -> int:
    """Return how often a sentence stands in what a command came to; a log repeats it before."""
    return ran.output.rpartition("Diagnostics:")[2].count(sentence)


def test_odd_models_of_somebody_else_stop_nothing(project: Project) -> None:
    """`up`, `refresh`, `list` and `drift` pass them over, and tell them once each."""
    labelled, sourced, readable = place(project.account, *ODD)
    project.declare({"grow": model(label="First")})
    made = project.up()
    told = f"2 models of the account hold what can't be read, and are passed over: {labelled}"
    assert told_times(made, told) == 1, str(made)
    assert f"{sourced} (source)" in made.words
    assert readable not in made.words
    for ran in (
        project.refresh(),
        project.lytics_ml("drift"),
        project.lytics_ml("list"),
    ):
        assert told_times(ran, told) == 1, str(ran)
    project.declare({"grow": model(label="Second")})
    project.up()
    assert project.account.model(project.id("grow"))["label"] == "Second"
    project.destroy()


def test_a_model_of_the_stack_must_be_readable(project: Project) -> None:
    """An odd model of the stack's own is an error that names it."""
    project.declare({"grow": model(label="First")})
    project.up()
    grow = project.id("grow")
    project.account.change(grow, odd={"label": {"en": "Grow"}})
    for ran in (project.refresh(code=1), project.lytics_ml("drift", code=2)):
        assert f"what Lytics shows as label of model {grow} can't be read" in ran.words, str(ran)
    assert project.id("grow") == grow


def test_a_paged_list_is_no_reason_to_lose_a_model(project: Project) -> None:
    """A list that isn't whole ends `up`, `refresh` and `drift`, and the state keeps every model."""
    account = project.account
    declared = {slug: model(source=slug) for slug in ("dormant", "email_openers", "mobile_users")}
    project.declare(declared)
    project.up()
    behaviour = f"{account.handle.root}/_sandbox/behaviour"
    httpx.post(behaviour, json={"page_size": 2}).raise_for_status()
    before, mark = project.resources(), account.mark()
    project.declare({**declared, "dormant": model(source="dormant", label="x")})
    for ran in (project.refresh(code=1), project.up(code=1), project.lytics_ml("drift", code=2)):
        assert "the list comes in pages (_meta.has_more)" in ran.words, str(ran)
    assert account.writes(mark) == []
    assert [r["id"] for r in project.resources()] == [r["id"] for r in before]
