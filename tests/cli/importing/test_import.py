from typing import Any

import jsonschema
import pytest
import yaml

from cli.importing.keys import key_of
from cli.schema.outputs import output_schema
from providers.lytics.shapes import Model
from sandbox.segments import segment_id
from tests.cli.conftest import Folder, Run
from tests.support.engine.account import Account
from tests.support.engine.project import ACTIVATION, Project

Json = dict[str, Any]
EMPTY = """\
# Models of test.
segments:
  everyone: all_users # named here

models: {} # none yet

# the end
"""


def declared(folder: Folder, stack: str = "test") -> Json:
    """Return the models of a stack file."""
    models: Json = yaml.safe_load(folder.read(stack))["models"]
    return models


def made(account: Account, **changes: object) -> str:
    """Create a model that doesn't go live by itself and wait until it is built."""
    name = str(changes.pop("name", "a model"))
    config = {"use_scores": True, "build_only": True, **changes.pop("config", {})}  # type: ignore[dict-item]
    model_id = account.create(name=name, config=config, **changes)
    account.wait(lambda: account.model(model_id)["state"] == "complete")
    return model_id


@pytest.mark.parametrize(
    ("name", "label", "key"),
    [
        ("Grow Customer Base", "x", "grow-customer-base"),
        ("ML: Grow", "", "grow"),
        ("all_users::high_value", "", "all_users-high_value"),
        ("Größe & Übermaß", "", "groesse-uebermass"),
        ("café.v2", "", "cafe-v2"),
        ("churn-abc123-0123abcd", "", "churn"),
        ("客户", "Loyal ones", "loyal-ones"),
        ("", "", "model-cf21ba3c"),
        ("../../etc", "", "etc"),
        ("0123456789abcdef0123456789abcdef", "Named", "named"),
        ("x" * 500, "", "x" * 60),
    ],
)
def test_keys_are_readable(name: str, label: str, key: str) -> None:
    """A key is made from the name, or the label, or the id, of letters that fit everywhere."""
    model = Model(id="cf21ba3ceb194961b964358ee92ec4a9", name=name, label=label)
    assert key_of(model, ()) == key
    assert key_of(model, {key, f"{key}-2"}) == f"{key}-3"


def test_import_declares_what_is_there(folder: Folder, run: Run, account: Account) -> None:
    """Name, label, segments by name or slug, is_active and what isn't a default are written."""
    model_id = made(account, name="Win back", label="Win: back", target=segment_id(1234, "dormant"))
    folder.write("test", EMPTY)
    answer = run("import", "--stack", "test")
    assert answer.code == 0, answer.err
    assert declared(folder) == {
        "win-back": {
            "adopt": model_id,
            "name": "Win back",
            "label": "Win: back",
            "source": "everyone",
            "target": "dormant",
            "is_active": False,
            "config": {"use_scores": True, "use_content": False},
        }
    }
    text = folder.read("test")
    assert text.startswith("# Models of test.\nsegments:\n  everyone: all_users # named here\n")
    assert "\nmodels: # none yet\n  # Taken over" in text
    assert text.endswith("\n\n# the end\n")
    assert run("validate", "test").code == 0


def test_a_live_model_that_is_trained_every_week_is_watched(
    folder: Folder, run: Run, account: Account
) -> None:
    """What Lytics trains anew is imported with a watch on its age, unless defaults have a watch."""
    config = {"use_scores": True, "re_run": True}
    for number, active in enumerate((True, False)):
        model_id = made(account, name=f"weekly_{number}", config=config)
        account.change(model_id, is_active=active)
    file = folder.write("test", "models: {}\n")
    assert run("import", "--stack", "test").code == 0
    watches = {model["name"]: model.get("watch") for model in declared(folder).values()}
    assert watches == {"weekly_0": {"stale": "10d"}, "weekly_1": None}
    file.write_text("defaults: {watch: {auc: 0.6}}\nmodels: {}\n")
    assert run("import", "--stack", "test").code == 0
    assert all("watch" not in model for model in declared(folder).values())


def test_import_again_finds_nothing_new(folder: Folder, run: Run, account: Account) -> None:
    """What is declared already is skipped with a word, and the file stays as it is."""
    made(account, name="first")
    folder.write("test", EMPTY)
    run("import", "--stack", "test")
    before = folder.read("test")
    answer = run("import", "--stack", "test")
    assert answer.code == 0
    assert "is adopted by first already" in answer.err
    assert "Nothing to import" in answer.out
    assert folder.read("test") == before
    made(account, name="second")
    assert run("import", "--stack", "test").code == 0
    assert list(declared(folder)) == ["first", "second"]
    assert folder.read("test").startswith(before.removesuffix("\n# the end\n"))


def test_dry_run_writes_nothing(folder: Folder, run: Run, account: Account) -> None:
    """--dry-run shows the diff alone."""
    made(account, name="[red]first\u202e")
    folder.write("test", EMPTY)
    answer = run("import", "--stack", "test", "--dry-run")
    assert answer.code == 0
    assert "+  red-first:" in answer.out
    assert "\u202e" not in answer.out
    assert folder.read("test") == EMPTY


def test_models_can_be_chosen(folder: Folder, run: Run, account: Account) -> None:
    """Ids, a pattern for names and labels, and --active limit what is imported."""
    churn = made(account, name="Churn one")
    made(account, name="other", label="about churn")
    live = made(account, name="live")
    account.change(live, is_active=True)
    for arguments, keys in (
        (["--match", "churn*"], ["churn-one"]),
        (["--match", "*CHURN*"], ["churn-one", "other"]),
        (["--active"], ["live"]),
        ([churn[:31].upper() + churn[31:]], ["churn-one"]),
    ):
        folder.write("test", EMPTY)
        assert run("import", "--stack", "test", *arguments).code == 0
        assert list(declared(folder)) == keys
    folder.write("test", EMPTY)
    answer = run("import", "--stack", "test", "f" * 32)
    assert answer.code == 2
    assert folder.read("test") == EMPTY


def test_what_fits_no_declaration_is_skipped_with_a_reason(
    folder: Folder, run: Run, account: Account
) -> None:
    """Models that no declaration can hold are told and left out; the others are imported."""
    same = made(account, name="same")
    account.change(same, target=account.model(same)["source"])
    few = made(account, name="few", config={"collect": 200})
    account.change(few, config={"collect": 20})
    foreign = made(account, name="of-another-abc123-0123abcd")
    invalid = made(account, name="invalid")
    account.change(invalid, state="invalid", reason="no signal")
    made(account, name="fine")
    folder.write("test", EMPTY)
    answer = run("import", "--stack", "test")
    assert answer.code == 0
    assert list(declared(folder)) == ["fine"]
    for words in ("same segment", "at least 100", "another stack", "is invalid"):
        assert words in answer.err
    answer = run("import", "--stack", "test", "--take-over", foreign, same, invalid)
    assert answer.code == 1
    assert declared(folder)["of-another"]["take_over"] is True
    assert declared(folder)["invalid"]["is_active"] is False


def test_defaults_of_the_file_are_overruled(folder: Folder, run: Run, account: Account) -> None:
    """Where the file's defaults say otherwise, what the model has is written."""
    made(account, name="first")
    shared = "defaults: {config: {collect: 700, use_content: true, build_only: false}}\n"
    folder.write("test", shared + EMPTY)
    assert run("import", "--stack", "test").code == 0
    assert declared(folder)["first"]["config"] == {
        "use_scores": True,
        "use_content": False,
        "collect": 5000,
        "build_only": True,
    }


def odd_models(account: Account) -> dict[str, str]:
    """Make a hundred models of many shapes, and return the ids of the odd ones."""
    targets = ["high_value", "dormant", "email_openers", "mobile_users", "likely_to_churn"]
    ids = [
        account.create(
            name=f"model {number}",
            label="" if number % 4 == 0 else f"Label: {number} #{number}",
            target=segment_id(1234, targets[number % len(targets)]),
            config={
                "build_only": True,
                "use_scores": number % 2 == 0,
                "use_content": number % 2 == 1,
                **({"collect": 100 + number} if number % 3 == 0 else {}),
                **({"additional": ["visit_ct", "city"]} if number % 5 == 0 else {}),
                **({"re_run": True} if number % 7 == 0 else {}),
                **({"auto_tune": True, "tune_model": True} if number % 11 == 0 else {}),
            },
        )
        for number in range(100)
    ]
    account.wait(lambda: all(m["state"] == "complete" for m in account.models().values()))
    for model_id in ids[:15]:
        account.change(model_id, is_active=True, config={"build_only": False})
    zeroed = {"collect": 0, "use_scores": False, "use_content": False, "build_only": False}
    odd: dict[str, Json] = {
        "zeroed": {"config": zeroed, "type": ""},
        "zeroed and live": {"config": zeroed, "is_active": True},
        "dots": {"name": "v1.2; a/b\\c"},
        "umlauts": {"name": "Größe & Übersicht 🎈", "label": "Ünïcödé 🎈"},
        "twin": {"name": "twins"},
        "other twin": {"name": "twins"},
        "suffixed twin": {"name": "twins_1"},
        "lr": {"type": "lr"},
        "no segment": {"target": "ab" * 16},
        "digits only": {"source": "1" * 32},
        "exponent": {"source": "1" * 15 + "e" + "2" * 16},
        "hostile": {"name": "[red]\x1b[31m", "label": "\x1b]0;x\x07\u202e\x00 ${x} '\"\n- a: b"},
        "yaml": {"name": "no", "label": "~"},
        "number": {"name": "1e5", "label": "0x10"},
        "blank": {"name": "  ", "label": " "},
        "empty": {"name": "", "label": ""},
        "long": {"name": "n" * 300, "label": "l" * 5000},
        "unhealthy": {"is_healthy": False},
        "waits": {"config": {"build_only": True}, "is_active": True},
        "retraining": {"state": "building", "is_active": True},
        "building": {"state": "building", "type": "", "is_healthy": False},
        "building on": {
            "state": "building",
            "type": "",
            "is_healthy": False,
            "config": {"build_only": False},
        },
    }
    named = dict(zip(odd, ids[20:], strict=False))
    for what, model_id in named.items():
        account.change(model_id, **odd[what])
    return named


@pytest.mark.engine
@pytest.mark.slow
def test_a_hundred_models_are_taken_over_without_a_write(
    project: Project, run: Run, account: Account
) -> None:
    """After an import `pulumi up` adopts all models, writes nothing, and has nothing to do then."""
    odd = odd_models(account)
    before = account.models()
    project.declare(EMPTY)
    project.configure({"lytics:wait": False})
    mark = account.mark()
    answer = run("import", "--stack", "test")
    assert (answer.code, answer.err) == (0, ""), answer.err
    models = yaml.safe_load(project.stack_file.read_text())["models"]
    assert len(models) == 100
    assert {model["adopt"] for model in models.values()} == set(before)
    by_id = {model["adopt"]: model for model in models.values()}
    assert "name" not in by_id[odd["twin"]]
    assert "name" not in by_id[odd["dots"]]
    assert by_id[odd["umlauts"]]["label"] == "Ünïcödé 🎈"
    assert "label" not in by_id[odd["long"]]
    assert "is_active" not in by_id[odd["building on"]]
    assert by_id[odd["retraining"]]["is_active"] is True
    up = project.up()
    assert account.writes(mark) == [], up.output
    assert account.models() == before
    assert len(project.resources()) == 100
    assert project.resources(ACTIVATION) == []
    project.expect_no_changes()
    project.refresh()
    project.expect_no_changes()
    assert "100 models" in run("list", "--stack", "test").out
    assert "Nothing to import" in run("import", "--stack", "test").out


@pytest.mark.parametrize("status", [403, 404])
def test_without_audience_view_segments_are_imported_by_id(
    folder: Folder, run: Run, account: Account, status: int
) -> None:
    """A key that sees models alone imports them: with ids instead of slugs, which is said."""
    made(account, name="Win back")
    account.fault(method="GET", path="/segment", status=status, times=None)
    folder.write("test", EMPTY)
    answer = run("import", "--stack", "test")
    assert answer.code == 0, answer.err
    assert "segments are declared by their ids" in answer.out
    (model,) = declared(folder).values()
    assert model["source"] == segment_id(1234, "all_users")
    assert run("validate", "test").code == 0


def test_import_as_json(folder: Folder, run: Run, account: Account) -> None:
    """--json says what is declared, what isn't and why, and prints nothing else."""
    model_id = made(account, name="Win back")
    folder.write("test", EMPTY)
    dry = run("import", "--stack", "test", "--dry-run", "--json").json()
    jsonschema.validate(dry, output_schema("import"))
    assert (dry["ok"], dry["written"]) == (True, False)
    assert dry["declared"]["win-back"]["adopt"] == model_id
    assert "+  win-back:" in dry["diff"]
    assert declared(folder) == {}
    assert run("import", "--stack", "test", "--json").json()["written"]
    again = run("import", "--stack", "test", "--json").json()
    assert (again["declared"], again["written"]) == ({}, False)
    assert again["skipped"][0]["reason"] == "is adopted by win-back already"
