"""`lytics-ml doctor`: what it finds out, what it saves, and that it leaves nothing behind."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.doctor.report import ORDER
from sandbox.turning.like import behaviour_like
from tests.cli.conftest import Answer, Folder, Run
from tests.support.engine.account import Account

ROOT = Path(__file__).parents[3]
ASKED_ALWAYS = ORDER[: ORDER.index("create")]
TRIED = ORDER[ORDER.index("create") : -1]
Start = Callable[..., Account]


def checks(answer: Answer) -> dict[str, dict[str, Any]]:
    """Return the checks of a report by id."""
    return {one["id"]: one for one in answer.json()["checks"]}


@pytest.fixture
def doctor(folder: Folder, run: Run) -> Callable[..., Answer]:
    """Run doctor on a stack that has settings alone."""
    folder.configure("test")

    def ask(*arguments: str) -> Answer:
        return run("doctor", "--stack", "test", *arguments)

    return ask


def test_it_reads_and_writes_nothing(doctor: Callable[..., Answer], account_with: Start) -> None:
    """Without --try every question of the report is answered by GETs."""
    account = account_with()
    account.create(name="of_others")
    account.wait(lambda: not account.building())
    mark = account.mark()
    report = doctor("--json")
    assert tuple(checks(report)) == ASKED_ALWAYS
    assert report.code == 0, report.out
    assert report.json()["left"] == []
    assert (report.json()["stack"], report.json()["api"]) == ("test", "v1")
    assert account.writes(mark) == []
    for one in report.json()["checks"]:
        assert set(one) == {"id", "question", "seen", "means", "safe"}


def test_the_screen_says_what_the_json_says(
    doctor: Callable[..., Answer], account_with: Start
) -> None:
    """Question, what was seen, and what lytics-ml does with it."""
    account_with()
    shown, told = doctor().out, checks(doctor("--json"))
    measured = {"latency", "clock"}  # other figures at each of the two calls
    for one in told.values():
        if one["id"] not in measured:
            assert one["question"] in shown
            assert f"seen:  {one['seen']}" in shown
            assert f"means: {one['means']}" in shown


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_the_probe_is_removed_and_was_never_live(
    doctor: Callable[..., Answer],
    account_with: Start,
    monkeypatch: pytest.MonkeyPatch,
    api: str,
) -> None:
    """--try answers its questions in either generation, and leaves the account as it was."""
    monkeypatch.setenv("LYTICS_API", api)
    account = account_with(build_s=4.0)
    report = doctor("--try", "--json")
    assert tuple(checks(report)) == (*ASKED_ALWAYS, *TRIED)
    assert {one["safe"] for one in checks(report).values() if one["id"] in TRIED} == {True}
    assert account.models() == {}
    assert all('"is_active": true' not in json.dumps(e["body"]) for e in account.writes(0))
    assert all("is_active=true" not in e["query"] for e in account.writes(0))


WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "prefix": {"rename": "prefix", "config_echo": "zeroed", "same_name": "renamed"},
    "strict": {
        "same_name": "refused",
        "early_activation": "refuse",
        "early_stop": "refuse",
        "early_summary": "404",
        "labels": "trimmed",
    },
    "old": {"update_put": False, "delete_status": 405, "config_echo": "none"},
    "slow": {"list_delay_s": 1.5, "rename": "lower", "same_name": "same_id"},
}


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS.keys())
def test_the_circle_closes(
    doctor: Callable[..., Answer],
    account_with: Start,
    tmp_path: Path,
    ways: dict[str, Any],
) -> None:
    """An account's profile makes a sandbox of which the doctor says the same."""
    account = account_with(build_s=6.0, **ways)
    file = tmp_path / "accounts" / "profile.json"
    first = doctor("--try", "--json", "--save", str(file))
    for model_id in account.models():
        account.remove(model_id)
    like = behaviour_like(file)
    account_with(build_s=6.0, **like)
    second = doctor("--try", "--json")
    assert comparable(second) == comparable(first)


def comparable(answer: Answer) -> list[tuple[str, str, bool | None]]:
    """Return a report without what differs from minute to minute."""
    varies = {"latency", "settings", "clock", "listed-after"}
    return [
        (one["id"], one["seen"], one["safe"])
        for one in answer.json()["checks"]
        if one["id"] not in varies
    ]


def test_a_profile_holds_nothing_of_the_account(
    doctor: Callable[..., Answer], account_with: Start, tmp_path: Path
) -> None:
    """No id, no name, no key: fit for a bug report."""
    account = account_with(build_s=4.0)
    other = account.create(name="of_somebody_else")
    doctor("--try", "--save", str(tmp_path / "p.json"))
    text = (tmp_path / "p.json").read_text()
    for secret in (other, "of_somebody_else", "sandbox", "1234", account.url, "probe"):
        assert secret not in text
    assert json.loads(text)["version"] == 1


def test_a_killed_doctor_is_tidied_up_by_the_next(
    doctor: Callable[..., Answer], account_with: Start, folder: Folder
) -> None:
    """After a kill the probe is there and not live; the next doctor removes it and says so."""
    account = account_with(build_s=30.0)
    process = start(folder)
    account.wait(lambda: account.models() or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(account.models()) >= 1
    assert account.live_ids() == set()
    told = doctor()
    assert "An earlier doctor left" in told.err
    assert account.models() == {}


def test_ctrl_c_removes_the_probe(account_with: Start, folder: Folder) -> None:
    """An interrupted doctor removes what it made before it ends."""
    folder.configure("test")
    account = account_with(build_s=30.0)
    process = start(folder)
    account.wait(lambda: account.models() or process.poll() is not None)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=120) == 130
    assert account.models() == {}


def start(folder: Folder) -> "subprocess.Popen[bytes]":
    """Start a doctor that waits for its probe."""
    folder.configure("test")
    command = [str(ROOT / "bin" / "lytics-ml"), "doctor", "--stack", "test", "--try", "--wait"]
    return subprocess.Popen(
        command,
        cwd=folder.path,
        env={**os.environ, "PWD": str(folder.path)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_probe_that_cannot_be_deleted_is_named(
    doctor: Callable[..., Answer], account_with: Start
) -> None:
    """Where deleting doesn't work, the probe stays, not live, and its id is in the report."""
    account = account_with(build_s=4.0, delete_status=405)
    report = doctor("--try", "--json")
    assert report.code == 1
    assert set(report.json()["left"]) == set(account.models())
    assert account.live_ids() == set()


def test_an_account_that_ignores_build_only_is_told(
    doctor: Callable[..., Answer], account_with: Start
) -> None:
    """With --wait a probe that goes live though it was only to be built is stopped and told."""
    account = account_with(build_s=0.5, build_only="ignored")
    report = doctor("--try", "--wait", "--json")
    assert checks(report)["goes-live-by-itself"]["safe"] is False
    assert report.code == 1
    assert account.models() == {}


# --- bad input ------------------------------------------------------------------------------


def test_a_key_that_may_only_read_makes_nothing(
    doctor: Callable[..., Answer], account_with: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--try says that the key may not write, before anything is made."""
    account = account_with()
    monkeypatch.setenv("LIOKEY", "sandbox-readonly")
    told = doctor("--try")
    assert told.code == 1
    assert "--try needs a key that may write, and nothing was made" in told.err
    assert account.models() == {}


def test_a_full_account_is_tried_too(doctor: Callable[..., Answer], account_with: Start) -> None:
    """At 20 of 20 live models the report says so, and the probe needs no place."""
    account = account_with()
    for number in range(20):
        account.create(name=f"model_{number}")
    account.wait(lambda: len(account.live_ids()) == 20)
    report = doctor("--try", "--json")
    assert checks(report)["live-slots"]["seen"] == "20 live"
    assert checks(report)["live-slots"]["safe"] is False
    assert len(account.models()) == 20


def test_segments_are_chosen_or_missed(doctor: Callable[..., Answer], account_with: Start) -> None:
    """A segment that isn't there is named with its option; a given one is used."""
    account = account_with(build_s=4.0)
    told = doctor("--try", "--source", "nonsense")
    assert told.code == 1
    assert "no usable segment nonsense; name another with --source" in told.err
    assert account.models() == {}
    same = doctor("--try", "--source", "dormant", "--target", "dormant")
    assert "two different segments" in same.err


@pytest.mark.parametrize(("served", "chosen"), [("v1", "v2"), ("v2", "v1")])
def test_a_generation_that_is_not_served_is_told(
    doctor: Callable[..., Answer],
    account_with: Start,
    monkeypatch: pytest.MonkeyPatch,
    served: str,
    chosen: str,
) -> None:
    """The report names the setting to change, and the other generation still answers."""
    monkeypatch.setenv("LYTICS_API", chosen)
    account_with(generation=served)
    report = doctor("--json")
    assert report.code == 1
    assert f"set LYTICS_API to {served}" in checks(report)["generations"]["means"]
    assert "--try made nothing" in doctor("--try").err


def test_a_wrong_key_and_a_wrong_address_are_told(
    doctor: Callable[..., Answer], account_with: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that isn't valid, and an address where nobody answers, are checks of the report."""
    account_with()
    monkeypatch.setenv("LIOKEY", "wrong")
    report = doctor("--json")
    assert checks(report)["key"]["safe"] is False
    monkeypatch.setenv("LYTICS_API_URL", "http://127.0.0.1:9/api")
    report = doctor("--json")
    assert report.code == 2
    seen = checks(report)["key"]["seen"]
    assert "can't reach 127.0.0.1:9: refused; start the sandbox with `make sandbox`, or " in seen
    assert "check LYTICS_API_URL" in seen


def test_trouble_of_the_api_says_nothing_of_the_key(
    doctor: Callable[..., Answer], account_with: Start
) -> None:
    """Where the API answers 500, neither is the key called good nor bad, and the exit code is 2."""
    account_with().fault(status=500, times=None)
    report = doctor("--json")
    assert report.code == 2
    assert {checks(report)[one]["safe"] for one in ("key", "reads-models", "generations")} == {None}


def test_waiting_without_a_probe_is_refused(doctor: Callable[..., Answer]) -> None:
    """--wait has nothing to wait for without --try."""
    assert "say --try --wait" in doctor("--wait").err
