# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""``--like FILE``: the sandbox behaves as an account profile says."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.__main__ import main, read_settings
from sandbox.turning.like import KEYS, behaviour_like

Json = dict[str, Any]
Write = Callable[[Any], Path]
README = Path(__file__).parents[3] / "sandbox" / "README.md"
NOTHING_KNOWN: Json = dict.fromkeys(KEYS, None) | {"version": 1}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a profile and return its path."""

    def to_file(profile: Any) -> Path:  # noqa: ANN401 - whatever JSON holds, or a text
        path = tmp_path / "account.json"
        path.write_text(profile if isinstance(profile, str) else json.dumps(profile))
        return path

    return to_file


def test_the_readme_shows_a_whole_profile(write: Write) -> None:
    """The README's example can be used, and its table explains every key."""
    readme = README.read_text("utf-8")
    (example,) = re.findall(r"```json profile\n(.*?)```", readme, re.DOTALL)
    assert tuple(json.loads(example)) == tuple(key for key in json.loads(example) if key in KEYS)
    assert set(json.loads(example)) == set(KEYS)
    settings = read_settings(["--like", str(write(example))])
    assert (settings.rename, settings.rename_text) == ("prefix", "ML: ")
    assert (settings.list_delay_s, settings.latency_ms) == (2.5, 120)
    assert not settings.update_query
    for key in KEYS:
        assert f"`{key}`" in readme.split("## Account profiles")[1]


@pytest.mark.parametrize(
    ("known", "settings"),
    [
        ({}, {}),
        ({"account": "x"}, {}),
        ({"api": "v2"}, {"generation": "v2"}),
        ({"name_altered": "suffix", "name_text": "!"}, {"rename": "suffix", "rename_text": "!"}),
        ({"same_name": "same id"}, {"same_name": "same_id"}),
        (
            {"active_while_building": "taken"},
            {"early_activation": "accept", "early_stop": "accept"},
        ),
        ({"summary_while_building": "404"}, {"early_summary": "404"}),
        ({"label_altered": True}, {"labels": "trimmed"}),
        ({"delete": False}, {"delete_status": 405}),
        ({"goes_live_by_itself": True}, {"live_after_s": 0.0, "build_only": "ignored"}),
        ({"goes_live_by_itself": False}, {"live_after_s": None}),
        ({"goes_live_by_itself": "late"}, {"live_after_s": 20.0}),
        ({"listed_after_s": 3}, {"list_delay_s": 3.0}),
    ],
)
def test_a_key_becomes_a_behaviour(write: Write, known: Json, settings: Json) -> None:
    """What a profile knows becomes behaviour, what it doesn't stays as it is."""
    assert behaviour_like(write(NOTHING_KNOWN | known)) == settings


def test_a_sandbox_behaves_as_the_profile_says(
    write: Write, start: Callable[..., httpx.Client], create: Callable[..., Json]
) -> None:
    """From the file to the answers: names, echo, twins and deletes."""
    known = {
        "api": "both",
        "name_altered": "prefix",
        "config_echo": "none",
        "same_name": "refused",
        "delete": False,
    }
    client = start(**behaviour_like(write(NOTHING_KNOWN | known)))
    model = create(client, name="grow")
    assert model["name"] == "ML: grow"
    assert "config" not in model
    body = {key: model[key] for key in ("source", "target")} | {"name": "grow"}
    assert client.post("/v2/ml", json=body).status_code == 409
    assert client.delete(f"/v2/ml/{model['id']}").status_code == 405


def test_a_flag_wins_over_the_profile(write: Write) -> None:
    """What is said on the command line holds, wherever it stands."""
    path = str(write(NOTHING_KNOWN | {"same_name": "refused", "delete": False}))
    settings = read_settings(["--same-name", "renamed", "--like", path])
    assert (settings.same_name, settings.delete_status) == ("renamed", 405)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ('{"version": 1, "api": "bo', "line 1, column 23: not whole JSON"),
        ("[]", "an account profile is a JSON object"),
        ({**NOTHING_KNOWN, "version": 2}, "no account profile of version 1, but of 2"),
        ({}, "no account profile of version 1, but of None"),
        ({"version": 1}, "missing: api, name_altered, "),
        ({**NOTHING_KNOWN, "apy": "v1"}, "unknown key 'apy'; did you mean 'api'?"),
        ({**NOTHING_KNOWN, "api": "v3"}, 'api is "v3", must be one of "v1", "v2", "both", or null'),
        ({**NOTHING_KNOWN, "delete": 1}, "delete is 1, must be one of true, false, or null"),
        ({**NOTHING_KNOWN, "latency_ms": -1}, "latency_ms is -1, must be a number from 0"),
        ({**NOTHING_KNOWN, "name_text": 7}, "name_text is 7, must be a text"),
    ],
)
def test_a_bad_profile_ends_the_start(
    write: Write, capsys: pytest.CaptureFixture[str], profile: object, words: str
) -> None:
    """A profile that can't be used ends the command with 2, the file and the reason."""
    path = write(profile)
    assert main(["--like", str(path), "--no-train"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(str(path))
    assert words in said


def test_all_that_is_wrong_is_said_at_once(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every problem of a profile has its line."""
    path = write({**NOTHING_KNOWN, "api": "v3", "delete": "no", "colour": 1})
    assert main(["--like", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_profile_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file is a sentence."""
    assert main(["--like", str(tmp_path / "none.json")]) == 2
    assert "Can't read the account profile" in capsys.readouterr().err
