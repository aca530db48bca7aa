import base64
import json
from pathlib import Path

import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import Project
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

NO_KEY = {"LIOKEY": ""}
OTHER = {"LIOKEY": "sandbox-other"}


def texts_below(folder: Path) -> dict[Path, str]:
    """Return the text of every file in a folder."""
    return {path: path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}


def test_key_is_in_no_state_and_no_output(project: Project) -> None:
    """Neither the key nor its base64 is in state, history, backups, exports or what is printed."""
    key = "sandbox-other"  # "sandbox" alone may stand anywhere
    project.env = {**project.env, "LIOKEY": ""}
    project.pulumi("config", "set", "--secret", "lytics:apiKey", key)
    project.env = {**project.env, "LIOKEY": key}
    project.declare({"grow": model(label="One")})
    printed = [project.up()]
    project.declare({"grow": model(label="Two")})
    printed += [project.preview("--diff"), project.up(), project.refresh()]
    exported = project.pulumi("stack", "export")
    printed += [exported, project.pulumi("stack", "output", "--json")]

    encoded = base64.b64encode(key.encode()).decode().rstrip("=")
    found = {ran.command: ran.output for ran in printed}
    found |= {str(path): text for path, text in texts_below(project.folder / "state").items()}
    assert len(found) > len(printed)
    for where, text in found.items():
        assert key not in text, where
        assert encoded not in text, where

    state = json.loads(exported.output)
    stored = [
        resource[side]["__provider"]
        for resource in state["deployment"]["resources"]
        if resource["type"].startswith("pulumi-python:dynamic")
        for side in ("inputs", "outputs")
    ]
    assert len(stored) == 2
    for pickle in stored:
        assert isinstance(pickle, str), "it is stored plain"
        decoded = base64.b64decode(pickle)
        assert b"providers.lytics.model" in decoded
        assert b"MlModelProvider" in decoded
        assert len(decoded) < 80


def test_environment_key_wins_with_a_warning(project: Project) -> None:
    """Where LIOKEY and the stack's key differ, LIOKEY is used and one warning says so."""
    project.pulumi("config", "set", "--secret", "lytics:apiKey", "sandbox-other")
    project.declare({"grow": model()})
    ran = project.up()
    assert len(project.account.models()) == 1
    assert project.resource("grow")["outputs"]["aid"] == 1234
    diagnostics = ran.output.split("Diagnostics:")[-1]
    assert diagnostics.count("warning:") == 1, str(ran)


def test_preview_works_without_a_key(project: Project) -> None:
    """Without a key, as in a fork's pull request, a preview works and says what it doesn't know."""
    project.declare({"grow": gated()})
    ran = project.preview(env=NO_KEY)
    assert "LIOKEY" in ran.words, str(ran)
    assert "create" in ran.words, str(ran)
    project.up()
    project.preview("--expect-no-changes", env=NO_KEY)
    changed = {"grow": gated(label="New")}
    project.declare(changed)
    assert "label" in project.preview("--diff", env=NO_KEY).output

    mark = project.account.mark()
    refused = project.up(code=None, env=NO_KEY)
    assert refused.code != 0, str(refused)
    assert "LIOKEY" in refused.words, str(refused)
    assert project.account.writes(mark) == []


@pytest.mark.parametrize("replaced", [False, True], ids=["label", "source"])
def test_key_of_another_account_changes_nothing(
    project: Project, account: Account, *, replaced: bool
) -> None:
    """With another account's key refresh, up and destroy fail; state and API stay as they were."""
    project.declare({"grow": gated(label="Ours"), "plain": model(source="dormant")})
    project.up()
    state, models = project.state()["resources"], account.models()
    ids = {key: project.id(key) for key in ("grow", "plain")}
    mark = account.mark()
    change = {"source": "email_openers"} if replaced else {"label": "Theirs"}
    project.declare({"grow": gated(label="Ours") | change, "plain": model(source="dormant")})
    for ran in (
        project.refresh(code=None, env=OTHER),
        project.up(code=None, env=OTHER),
        project.up("--refresh", code=None, env=OTHER),
        project.destroy(code=None, env=OTHER),
    ):
        assert ran.code != 0, str(ran)
        assert "account" in ran.words, str(ran)
    assert account.writes(mark) == []
    assert account.models() == models
    assert {key: project.id(key) for key in ids} == ids
    ours = ("MlModel", "MlModelActivation")
    before = [r["outputs"] for r in state if r["type"].endswith(ours)]
    after = [r["outputs"] for r in project.state()["resources"] if r["type"].endswith(ours)]
    assert after == before


def test_expired_key_empties_no_state(project: Project) -> None:
    """A key that isn't known fails a refresh; nothing is taken for gone."""
    project.declare({"grow": model()})
    project.up()
    grown = project.id("grow")
    ran = project.refresh(code=None, env={"LIOKEY": "expired"})
    assert ran.code != 0, str(ran)
    assert "401" in ran.words, str(ran)
    assert project.id("grow") == grown


def test_adopted_model_is_taken_over_without_a_write(project: Project) -> None:
    """`adopt` takes over what matches, refuses what doesn't, and may stay in the file."""
    account = project.account
    theirs = account.create(name="theirs", label="Theirs")
    mark = account.mark()
    project.declare({"grow": model(adopt=theirs, source="dormant")})
    refused = project.up(code=None)
    assert refused.code != 0, str(refused)
    assert "source" in refused.words, str(refused)
    assert project.resources() == []

    project.declare({"grow": model(adopt=theirs)})
    ran = project.up()
    assert project.id("grow") == theirs, str(ran)
    assert account.writes(mark) == []
    project.expect_no_changes()
    project.declare({"grow": model()})
    project.expect_no_changes()


def test_renamed_key_keeps_its_model(project: Project) -> None:
    """`was` renames model and activation without a write; a new model can take the old key."""
    account = project.account
    project.declare({"old": gated()})
    project.up()
    kept = project.id("old")
    mark = account.mark()
    project.declare({"new": gated(was="old")})
    project.up()
    assert project.id("new") == kept
    assert account.writes(mark) == []

    project.declare({"new": gated(was="old"), "old": gated()})
    project.up()
    assert project.id("new") == kept
    assert project.id("old") != kept
    assert account.live_ids() == {kept, project.id("old")}


def test_removal_under_a_renamed_key_is_found(project: Project) -> None:
    """After `was` the state knows the model's new key, so that `removed` finds it by that."""
    account = project.account
    project.declare({"old": model(on_delete="delete")})
    project.up()
    kept = project.id("old")
    mark = account.mark()
    project.declare({"new": model(on_delete="delete", was="old")})
    project.up()
    assert project.resource("new")["outputs"]["key"] == "new"
    project.expect_no_changes()

    project.declare({}, removed={"new": {"on_delete": "retain"}})
    ran = project.up()
    assert project.resources() == [], str(ran)
    assert account.live_ids() == {kept}, str(ran)
    assert account.writes(mark) == [], str(ran)


def test_a_proxy_does_not_come_between_engine_and_program(project: Project) -> None:
    """A proxy in the environment, as lower-case names set it, is for other machines."""
    project.declare({"grow": model()})
    nobody = "http://127.0.0.1:9"
    project.up(env={"https_proxy": nobody, "http_proxy": nobody})
    assert list(project.account.models()) == [project.id("grow")]


def test_an_up_that_waits_for_an_address_says_so(project: Project) -> None:
    """While nothing answers, an `up` says where, by which setting, and how long it goes on."""
    project.configure({"lytics:patienceSeconds": 6})
    project.declare({"grow": model()})
    nowhere = {"LYTICS_API_URL": "http://127.0.0.1:9/api"}
    told = project.up(code=None, env=nowhere)
    assert told.code != 0
    assert "can't reach 127.0.0.1:9: refused; start the sandbox with `make sandbox`" in told.words
    assert "check LYTICS_API_URL; trying for" in told.words
    assert "s more, Ctrl-C ends" in told.words
