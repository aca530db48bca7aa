"""A saved account profile: previews and reviews promise what will be so."""

import json

import pytest

from tests.support.engine.project import Project
from tests.support.engine.shapes import model

pytestmark = pytest.mark.engine


def test_what_a_doctor_found_is_promised_and_so(project: Project) -> None:
    """Preview and review tell the name that the account will list, and that deleting won't work."""
    account = project.account
    account.behave(rename="prefix", delete_status=405)
    project.lytics_ml("doctor", "--try", "--save", "accounts/test.json", code=None)
    saved = json.loads((project.folder / "accounts" / "test.json").read_text())
    assert (saved["name_altered"], saved["delete"]) == ("prefix", False)
    for model_id in account.models():
        account.remove(model_id)

    project.configure({"lytics:account": "accounts/test.json"})
    project.declare({"grow": model(name="Grow", on_delete="delete")})
    told = project.preview().words
    assert 'Lytics will list it as "ML: Grow"' in told
    assert "on_delete: delete of grow won't work" in told
    assert "ML: Grow" in project.lytics_ml("review", code=None).words
    project.up()
    assert account.model(project.id("grow"))["name"] == "ML: Grow"

    project.declare({})
    reviewed = project.lytics_ml("review", code=None).words
    assert "can't be deleted, as the account's profile says" in reviewed, reviewed
    project.up(code=1)
    assert project.id("grow") in account.models()


def test_another_accounts_profile_stops_an_up(project: Project) -> None:
    """A profile of another account is told before anything is written."""
    project.lytics_ml("doctor", "--save", "accounts/test.json", code=None)
    project.env = {**project.env, "LIOKEY": "sandbox-other"}
    project.configure({"lytics:account": "accounts/test.json"})
    project.declare({"grow": model()})
    project.account.handle.world.store.clear()
    refused = project.up(code=None)
    assert project.account.writes(0) == [], str(refused)
    assert "profile of another account" in refused.words
    assert refused.code == 1
