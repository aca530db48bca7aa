"""Account profiles: what they promise, and which files are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from providers.lytics.api.account_profile import AccountProfile, mark_of, read_profile
from providers.lytics.api.settings import Settings
from providers.lytics.errors import AccountError, SettingsError
from providers.lytics.host.run import Run

PROFILE: dict[str, Any] = {
    "version": 1,
    **dict.fromkeys(name for name in AccountProfile.model_fields if name != "version"),
}


def written(folder: Path, **found: object) -> Path:
    """Write a profile, and return its file."""
    path = folder / "accounts" / "prod.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**PROFILE, **found}))
    return path


def settings(folder: Path, **config: object) -> Settings:
    """Read settings that name the profile."""
    values = {"account": "accounts/prod.json", "apiKey": "k", **config}
    return Settings.read(values.get, {}, folder)


@pytest.mark.parametrize(
    ("found", "listed"),
    [
        ({}, None),
        ({"name_altered": "no"}, "Grow"),
        ({"name_altered": "prefix", "name_text": "ML: "}, "ML: Grow"),
        ({"name_altered": "suffix", "name_text": "_1"}, "Grow_1"),
        ({"name_altered": "lower"}, "grow"),
    ],
)
def test_a_name_is_promised_as_the_account_lists_it(
    tmp_path: Path, found: dict[str, object], listed: str | None
) -> None:
    """What a doctor saw done to one name is what is promised of another."""
    assert read_profile(written(tmp_path, **found)).listed_as("Grow") == listed


@pytest.mark.parametrize(
    ("seen_s", "set_s", "settle_s"),
    [(None, None, 15.0), (0.5, None, 15.0), (20, None, 60.0), (20, "5", 5.0)],
)
def test_a_list_that_lags_is_waited_for(
    tmp_path: Path, seen_s: float | None, set_s: str | None, settle_s: float
) -> None:
    """A profile lengthens the wait for a new model, never shortens it; a setting wins."""
    written(tmp_path, listed_after_s=seen_s)
    assert settings(tmp_path, settleSeconds=set_s).settle_s == settle_s


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "can't be read: No such file or directory"),
        ('{"version": 1, "api": "v', "isn't whole JSON"),
        ("[]", "is no account profile of version 1"),
        ('{"version": 2}', "is no account profile of version 1"),
        ('{"version": 1}', "can't be used (account"),
        (json.dumps({**PROFILE, "delete": "perhaps"}), "(delete: "),
        (json.dumps({**PROFILE, "colour": "red"}), "(colour: Extra inputs"),
        (json.dumps({**PROFILE, "latency_ms": -1}), "(latency_ms: "),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, text: str | None, what: str) -> None:
    """Half a file, another version, another key: the file is named, and how to write it anew."""
    path = written(tmp_path)
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path)
    assert what.removesuffix("account") in str(caught.value)
    assert f"lytics-ml doctor --try --save {path}" in str(caught.value)


def test_another_accounts_profile_is_refused(tmp_path: Path) -> None:
    """A profile that was saved of another account stops whatever learns whose account it is."""
    written(tmp_path, account=mark_of(1234))
    run = Run(settings(tmp_path))
    run.check_profile(1234)
    with pytest.raises(AccountError, match="lytics:account names the profile of another account"):
        run.check_profile(5678)
    assert mark_of(1234) != mark_of(5678)
