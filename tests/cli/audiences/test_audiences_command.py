"""`lytics-ml audiences`: who uses the models of an account."""

from typing import Any

import pytest

import cli.models.look
from cli.workspace.state import parse_state
from providers.lytics.domain.finding.ownership import MODEL_TYPE
from tests.cli.conftest import Folder, Run
from tests.support.engine.account import Account

Json = dict[str, Any]
STACK_FILE = """\
models:
  grow: {source: all_users, target: high_value, config: {use_scores: true}}
  idle: {source: all_users, target: dormant, config: {use_scores: true}}
"""


@pytest.fixture
def models(folder: Folder, account: Account, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A stack with a live and an idle model, in an account that has a third; their ids by key."""
    ids = {}
    for key, name, live in (
        ("grow", "Grow Base", True),
        ("idle", "idle", False),
        ("other", "of_others", True),
    ):
        ids[key] = account.create(name=name, config={"use_scores": True, "build_only": True})
        account.wait(lambda: not account.building())
        account.change(ids[key], is_active=live)
    folder.write("test", STACK_FILE)
    resources = [
        {
            "type": MODEL_TYPE,
            "urn": f"urn:pulumi:test::x::{MODEL_TYPE}::{key}",
            "id": ids[key],
            "outputs": {"key": key, "source_name": "all_users"},
        }
        for key in ("grow", "idle")
    ]
    exported = {"version": 3, "deployment": {"resources": resources}}

    def read(_project: object, stack: str | None) -> object:
        return parse_state(stack or "test", exported)

    monkeypatch.setattr(cli.models.look, "read_state", read)
    return ids


def test_each_model_has_its_audiences_with_their_comparison(
    models: dict[str, str], account: Account, run: Run
) -> None:
    """JSON as scripts read it: direct and through another, and what nobody of the stack wrote."""
    account.audience("likely", "segment_prediction.`Grow Base` > 0.7")
    account.audience("campaign", "INCLUDE likely AND city = 'x'")
    account.audience("theirs", "segment_prediction_percentile.of_others > 90")
    account.audience("starved", 'segment_prediction IN ("gone")')
    shown = {one["name"]: one for one in run("audiences", "--json").json()}

    assert {name: (one["key"], one["id"], one["live"]) for name, one in shown.items()} == {
        "Grow Base": ("grow", models["grow"], True),
        "idle": ("idle", models["idle"], False),
        "of_others": (None, models["other"], True),
        "gone": (None, None, False),
    }
    assert [
        {name: one[name] for name in ("slug", "through", "reads", "where", "readable")}
        for one in shown["Grow Base"]["audiences"]
    ] == [
        {
            "slug": "likely",
            "through": [],
            "reads": "score",
            "where": "segment_prediction.`Grow Base` > 0.7",
            "readable": True,
        },
        {
            "slug": "campaign",
            "through": ["likely"],
            "reads": "score",
            "where": "segment_prediction.`Grow Base` > 0.7",
            "readable": True,
        },
    ]
    assert shown["idle"]["audiences"] == []
    assert shown["of_others"]["audiences"][0]["reads"] == "percentile"
    assert shown["gone"]["audiences"][0]["reads"] == "map"


@pytest.mark.usefixtures("models")
def test_an_audience_that_cannot_be_read_is_told_and_nobodys(account: Account, run: Run) -> None:
    """Never is it called unused: it stands apart, with the reason."""
    account.audience("broken", 'segment_prediction.x > 0.5 AND city = "open')
    last = run("audiences", "--json").json()[-1]

    assert (last["key"], last["id"], last["name"]) == (None, None, None)
    assert [(one["slug"], one["readable"]) for one in last["audiences"]] == [("broken", False)]
    assert "broken: its definition opens" in run("audiences").out


@pytest.mark.usefixtures("models")
def test_the_terminal_shows_source_model_and_audiences(account: Account, run: Run) -> None:
    """One line a model, one a use, and one for each model that nobody uses; sources by slug."""
    account.audience("likely", "segment_prediction.`Grow Base` > 0.7")
    account.audience("theirs", "segment_prediction.of_others > 0.7")
    account.audience("on_idle", "segment_prediction.idle > 0.7")
    lines = run("audiences").out.splitlines()

    assert 'all_users → grow  "Grow Base" → 1 audience' in lines
    assert any("likely" in line and "`Grow Base` > 0.7" in line for line in lines)
    assert "all_users → idle, not live → 1 audience" in lines
    assert "  all_users → of_others → 1 audience" in lines


def test_one_model_alone_can_be_asked_about(
    models: dict[str, str], account: Account, run: Run
) -> None:
    """By its key or its id, also where it is not of this stack."""
    account.audience("theirs", "segment_prediction.of_others > 0.5")

    assert [one["name"] for one in run("audiences", "grow", "--json").json()] == ["Grow Base"]
    of_others = run("audiences", models["other"], "--json").json()
    assert [use["slug"] for use in of_others[0]["audiences"]] == ["theirs"]
    unknown = run("audiences", "grwo")
    assert unknown.code == 2
    assert "Did you mean grow?" in unknown.err


@pytest.mark.usefixtures("models")
def test_the_graph_is_mermaid_that_nothing_in_a_name_can_break(account: Account, run: Run) -> None:
    """Source to model to audience to audience, dashed where the model isn't live."""
    account.audience("likely", "segment_prediction.`Grow Base` > 0.7")
    account.audience("campaign", "INCLUDE likely")
    account.audience("odd", 'segment_prediction IN ("x"")] --> y[", "of_others")')
    out = run("audiences", "--mermaid").out
    nodes = [line.strip() for line in out.splitlines() if '"' in line]
    of = {node.split('"')[1]: node[: node.index(node.lstrip("n0123456789")[0])] for node in nodes}

    assert out.startswith("graph LR\n")
    assert f"{of['all_users']} --> {of['grow']}" in out
    assert f"{of['grow']} --> {of['likely']}" in out
    assert f"{of['likely']} --> {of['campaign']}" in out
    assert f"{of['all_users']} -.-> {of['idle']}" in out
    assert f"{of['of_others']} --> {of['odd']}" in out
    assert f"{of['x#quot;)] --> y[']} -.-> {of['odd']}" in out


@pytest.mark.usefixtures("models")
def test_a_key_that_may_not_see_audiences_is_told_so(account: Account, run: Run) -> None:
    """Nothing is shown as unused then."""
    account.fault(method="GET", path="/api/segment", status=403)
    answer = run("audiences")

    assert answer.code == 2
    assert answer.out == ""
    assert "may not see the account's audiences" in answer.err
