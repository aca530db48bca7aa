from collections.abc import Callable
from typing import Any

import pytest

import cli.models.look
from cli.workspace.state import parse_state
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE
from tests.cli.conftest import Folder, Run
from tests.support.engine.account import Account
from tests.support.engine.project import Project

Json = dict[str, Any]
HOSTILE = "[red]x\x1b[31m\u202e[/red]"
STACK_FILE = """\
models:
  good: {source: all_users, target: high_value, config: {use_scores: true}, gate: {auc: 0.5}}
  new: {source: all_users, target: dormant, config: {use_scores: true}}
"""


def model(key: str, model_id: str, **outputs: object) -> Json:
    """Return a model as a state has it."""
    kept = {"key": key, "state": "complete", "live": True, "is_healthy": True, **outputs}
    return {
        "type": MODEL_TYPE,
        "urn": f"urn:pulumi:test::x::{MODEL_TYPE}::{key}",
        "id": model_id,
    } | {"outputs": {**kept, "__provider": "x"}}


def activation(key: str, **outputs: object) -> Json:
    """Return an activation as a state has it."""
    part = {"number": "auc", "wanted": "at least 0.5", "measured": "0.8", "passed": True}
    kept = {"key": key, "gate": {"auc": 0.5}, "passed": True, "pending": False, "parts": [part]}
    return {"type": ACTIVATION_TYPE, "urn": f"urn:pulumi:test::x::{ACTIVATION_TYPE}::{key}"} | {
        "id": key,
        "outputs": {**kept, "live": True, "scores": {"auc": 0.8}, **outputs},
    }


@pytest.fixture
def state_of(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a stack `test` have resources, without an engine."""

    def have(*resources: Json) -> None:
        folder.write("test", STACK_FILE)
        exported = {"version": 3, "deployment": {"resources": list(resources)}}
        monkeypatch.setattr(
            cli.models.look,
            "read_state",
            lambda _project, stack: parse_state(stack or "test", exported),
        )

    return have


@pytest.fixture
def trained(account: Account) -> str:
    """The id of a trained model of the account whose label is hostile."""
    model_id = account.create(label=HOSTILE)
    account.wait(lambda: account.model(model_id)["state"] == "complete")
    account.change(model_id, name=HOSTILE, summary={"auc": 0.8, "accuracy": 7, "reach": 4})
    return model_id


def test_list_shows_each_model_of_the_stack(
    state_of: Callable[..., None], run: Run, trained: str
) -> None:
    """What is created, what is declared only and what leaves are rows, with the API's numbers."""
    state_of(
        model("good", trained),
        activation("good"),
        model("good", "f" * 32) | {"delete": True},
        model("gone", "e" * 32),
    )
    answer = run("list")
    assert answer.code == 0, answer.err
    rows = {line.split()[0] + line.split()[1]: line.split() for line in answer.out.splitlines()[3:]}
    assert rows["goodcomplete"][1:8] == ["complete", "live", "healthy", "7", "4", "0.8", "passed"]
    assert "not created" in answer.out
    assert "good (old)" in answer.out
    assert "gone (removed)" in answer.out
    assert "Stack test: 4 models, 1 live" in answer.out


def test_list_and_show_tell_who_uses_a_model(
    state_of: Callable[..., None], run: Run, trained: str, account: Account
) -> None:
    """A number in the list, the names on the page; nothing where the key may not see audiences."""
    account.change(trained, name="Grow")
    account.audience("likely", "segment_prediction.Grow > 0.7")
    account.audience("campaign", "INCLUDE likely")
    state_of(model("good", trained), activation("good"))
    assert [one["audiences"] for one in run("list", "--json").json()["models"]] == [2, 0]
    assert "2 audiences: likely, campaign through likely" in run("show", "good").out
    assert run("show", "good", "--json").json()["used_by"] == [
        "likely",
        "campaign through likely",
    ]

    account.fault(method="GET", path="^/api/segment$", status=403, times=None)
    answer = run("list", "--json")
    assert [one["audiences"] for one in answer.json()["models"]] == [None, None]
    assert answer.err.count("may not see the account's audiences") == 1
    assert "used by" not in run("show", "good").out


def test_list_prints_json(state_of: Callable[..., None], run: Run, trained: str) -> None:
    """--json has every row with numbers as numbers, and nothing else on stdout."""
    state_of(model("good", trained), activation("good"))
    answer = run("list", "--json")
    good, new = answer.json()["models"]
    assert (good["key"], good["id"], good["live"], good["auc"]) == ("good", trained, True, 0.8)
    assert (good["gate"], good["label"]) == ("passed", HOSTILE)
    assert (new["key"], new["role"], new["id"]) == ("new", "new", None)
    assert "\x1b" not in answer.out


@pytest.mark.parametrize("width", [40, 80, 140])
def test_values_of_the_api_are_shown_as_text(
    state_of: Callable[..., None],
    run: Run,
    trained: str,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
) -> None:
    """Markup and control characters in names and labels are text at every width."""
    state_of(model("good", trained), activation("good"))
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (["list"], ["show", "good"]):
        answer = run(*arguments)
        assert answer.code == 0
        assert "\x1b" not in answer.out
        assert "\u202e" not in answer.out
        assert max(len(line) for line in answer.out.splitlines()) <= width
    assert "[red]x?[31m?[/red]" in "".join(answer.out.split())


def test_without_the_api_the_state_is_shown(
    state_of: Callable[..., None], run: Run, account: Account, folder: Folder
) -> None:
    """An API that doesn't answer leaves what the last run knew, says so, and ends with 2."""
    state_of(model("good", "a" * 32), activation("good"))
    folder.configure("test")
    account.handle.stop()
    answer = run("list")
    assert answer.code == 2
    assert "0.8" in answer.out
    assert "what the last run left" in answer.err
    assert "what the last run left" in run("show", "good", "--json").json()["problem"]


def test_without_the_api_a_built_model_is_not_called_building(
    state_of: Callable[..., None], run: Run, account: Account, folder: Folder
) -> None:
    """A create keeps "building"; what `up` exported when it had waited is what is shown then."""
    ended = {"id": "a" * 32, "state": "complete", "live": True}
    begun = model("good", "a" * 32, state="building", live=False, is_healthy=False)
    stack = {"type": "pulumi:pulumi:Stack", "outputs": {"models": {"good": ended}}}
    state_of(stack, begun)
    folder.configure("test")
    account.handle.stop()
    (row, _) = run("list", "--json").json()["models"]
    assert (row["state"], row["live"], row["health"]) == ("complete", True, None)


def test_a_broken_stack_file_hides_nothing(
    state_of: Callable[..., None], folder: Folder, run: Run, trained: str
) -> None:
    """A stack file that can't be used is named; the models in the state are shown all the same."""
    state_of(model("good", trained))
    folder.write("test", "models: [")
    answer = run("list")
    assert answer.code == 0
    assert "good" in answer.out
    assert "lytics-ml validate" in answer.err


def test_show_has_everything_of_a_model(
    state_of: Callable[..., None], run: Run, trained: str, account: Account
) -> None:
    """Verdict, scores, gate, features, errors and messages are all on the page, verdict first."""
    account.handle.world.dialect = "v2"
    state_of(model("good", trained, source_name="all_users"), activation("good"))
    answer = run("show", "good", "--all")
    assert answer.code == 0, answer.err
    for heading in ("Scores", "Gate: passed", "Features", "Held-out users"):
        assert heading in answer.out
    assert "at least 0.5" in answer.out
    assert "fitness" in answer.out
    assert "all_users" in answer.out
    facts = run("show", "good", "--json").json()
    assert facts["features"]
    assert facts["gate"]["parts"][0]["measured"] == "0.8"
    verdict = facts["verdict"][0]
    assert answer.out.index(verdict[:20]) < answer.out.index("Scores")


def test_show_takes_any_id_of_the_account(
    state_of: Callable[..., None], run: Run, trained: str
) -> None:
    """A model that isn't the stack's is shown by its id, also by the beginning of it."""
    state_of()
    assert run("show", trained[:8], "--json").json()["id"] == trained
    assert run("show", trained.upper(), "--json").json()["role"] == "foreign"


def test_show_says_what_there_is_instead(
    state_of: Callable[..., None], run: Run, trained: str
) -> None:
    """An unknown key ends with 2 and the nearest known one."""
    state_of(model("good", trained))
    answer = run("show", "goof")
    assert answer.code == 2
    assert "Did you mean good?" in answer.err


def test_show_of_what_is_not_created(state_of: Callable[..., None], run: Run, trained: str) -> None:
    """A model that is only declared is shown as such."""
    state_of(model("good", trained))
    answer = run("show", "new")
    assert answer.code == 0
    assert "not created" in answer.out


@pytest.mark.parametrize("state", ["building", "invalid"])
def test_untrained_models_are_shown(
    state_of: Callable[..., None], run: Run, trained: str, account: Account, state: str
) -> None:
    """A model without numbers breaks neither the table nor the page."""
    account.change(trained, state=state, is_active=False, is_healthy=False, type="")
    state_of(
        model("good", trained), activation("good", pending=True, parts=[], reasons=["building"])
    )
    assert state in run("list").out
    answer = run("show", "good")
    assert (answer.code, answer.err) == (0, "")
    assert state in answer.out


def test_a_stack_must_be_known(folder: Folder, run: Run) -> None:
    """Without a selected stack, or with an unknown one, a sentence says what to do."""
    folder.write("prod", STACK_FILE)
    answer = run("list")
    assert answer.code == 2
    assert "No stack is selected" in answer.err
    answer = run("list", "--stack", "prod")
    assert answer.code == 2
    assert "There is no stack prod" in answer.err


@pytest.mark.engine
def test_list_and_show_after_an_up(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `up` left is shown without the stack's passphrase, and of the selected stack."""
    project.declare(STACK_FILE)
    project.up()
    project.pulumi("stack", "select")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    rows = run("list", "--json").json()["models"]
    assert [(row["key"], row["state"], row["gate"]) for row in rows] == [
        ("good", "complete", "passed"),
        ("new", "complete", None),
    ]
    assert run("show", "good").code == 0


@pytest.mark.parametrize("command", [("list",), ("show", "good"), ("audiences",)], ids=str)
def test_another_accounts_key_ends_the_look(
    state_of: Callable[..., None], account: Account, run: Run, command: tuple[str, ...]
) -> None:
    """Models of account 999 aren't gone because account 1234 doesn't list them."""
    account.create(name="theirs")
    state_of(model("good", "f" * 32, aid=999))
    answer = run(*command, "--stack", "test")
    assert answer.code == 2
    assert answer.out == ""
    assert "999" in answer.err
    assert "1234" in answer.err


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 160])
def test_no_width_drops_a_column(
    state_of: Callable[..., None],
    account: Account,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
) -> None:
    """Where there is less room an id is cut short, and ids and labels stand below the numbers."""
    label = "Predictive model to grow the customer base"
    model_id = account.create(label=label)
    state_of(model("good", model_id, label=label), activation("good"))
    monkeypatch.setenv("COLUMNS", str(columns))
    out = run("list", "--stack", "test").out
    headings = [line.split() for line in out.splitlines() if line.startswith("model")]
    assert headings[0][1:8] == ["state", "live", "health", "acc", "reach", "auc", "gate"]
    assert headings[-1][-3:] == ["used", "id", "label"]
    assert model_id[:8] in out
    assert all(f" {word}" in out for word in label.split())
    assert all(len(line) <= columns for line in out.splitlines())


def test_the_legend_explains_the_marks_that_are_shown(
    state_of: Callable[..., None], account: Account, run: Run
) -> None:
    """Each mark behind a name is in the legend, in the same words, and no other one."""
    gone = account.create()
    state_of(model("gone", gone))
    out = run("list", "--stack", "test").out
    marks = {"(new)", "(removed)"}
    rows, _, notes = out.partition("\n\n")[2].partition("\n(")
    assert {word for word in rows.split() if word.startswith("(")} == marks
    assert {f"({note}".split()[0] for note in notes.split("\n(")} == marks


def test_the_nearest_stack_is_named(folder: Folder, run: Run) -> None:
    """A mistyped stack ends with the one that was meant."""
    folder.write("prod", STACK_FILE)
    for command in (("list", "--stack", "prdo"), ("validate", "prdo")):
        answer = run(*command)
        assert answer.code == 2
        assert "Did you mean prod?" in answer.err
