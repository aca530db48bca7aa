import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.errors import ConnectError
from tests.support.bed.deep import deepening
from tests.support.bed.killing import GOOD
from tests.support.bed.untrusted import untrusted
from tests.support.engine.account import Account
from tests.support.engine.project import ROOT, RUN_TIMEOUT_S, Project, processes_below
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

KEY = "sandbox-other"  # "sandbox" alone may stand anywhere
HOSTILE = "\x1b[31mred\x1b[0m\x07 <script>alert(1)</script> | `x` \u202e\r\n| --- |"


def harmful_in(text: str) -> list[str]:
    """Return the characters of a text that control a terminal or turn the direction of writing."""
    return [character for character in ("\x1b", "\x07", "\u202e") if character in text]


def command_lines() -> str:
    """Return the command line of every process below this one; other tests may use the key too."""
    below = ",".join(map(str, processes_below(os.getpid())))
    listed = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", below], check=True, capture_output=True
    )
    return listed.stdout.decode(errors="replace")


def test_key_is_in_no_log_and_no_process_list(project: Project) -> None:
    """With LIOKEY the key is in no log at -v=9, none that Pulumi keeps, and no command line."""
    grpc = project.folder / "grpc.json"
    project.env.update(LIOKEY=KEY, PULUMI_DEBUG_GRPC=str(grpc))
    project.declare({"grow": gated(gate={"auc": 0.0, "healthy": False}), "plain": model()})
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.append(command_lines())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        ran = project.pulumi("up", "--yes", "--logtostderr", "-v=9", "--logflow", code=None)
    finally:
        over.set()
        watching.join()
    assert ran.code == 0, ran.output[-3000:]
    assert any("pulumi-language-python" in lines for lines in seen), "nothing was watched"
    assert len(ran.output) > 10_000, "nothing was logged"
    assert KEY not in ran.output
    assert not any(KEY in lines for lines in seen)
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    kept = [path for path in files if path.is_relative_to(project.folder / "home" / "logs")]
    assert {grpc, project.state_file} < set(files)
    assert kept, "Pulumi keeps no logs"
    assert [str(path) for path in files if KEY.encode() in path.read_bytes()] == []


def test_key_is_in_no_url(project: Project, account: Account) -> None:
    """The key travels in a header: no address that is asked holds it, masked or not."""
    project.declare({"plain": model()})
    project.up()
    asked = account.requests()
    assert asked
    assert not any("key" in entry["query"] for entry in asked)


def test_plain_http_to_another_machine_is_refused(project: Project) -> None:
    """An address that would send the key in clear is refused, before anything is sent."""
    project.declare({"plain": model()})
    away = {"LYTICS_API_URL": "http://api.example/api"}
    for ran in (project.up(code=None, env=away), project.preview(code=None, env=away)):
        assert ran.code != 0, str(ran)
        assert "in clear" in ran.words, str(ran)
    assert project.resources() == []


CLIENT = """
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
settings = Settings.read({"patienceSeconds": 0.1}.get)
with LyticsClient(settings) as client:
    print(client.list_models())
"""


def client_with(**env: str) -> "subprocess.CompletedProcess[str]":
    """Ask for all models in a process of its own, which reads certificates as a user's does."""
    return subprocess.run(
        [sys.executable, "-c", CLIENT],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        check=False,
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
    )


def test_certificate_that_nobody_signed_is_never_trusted(tmp_path: Path) -> None:
    """TLS is verified: without the CA no request is sent, and why is said; with it all is well."""
    ca = tmp_path / "ca.pem"
    with untrusted(ca) as (url, asked):
        refused = client_with(LIOKEY=KEY, LYTICS_API_URL=url)
        assert refused.returncode == 1
        assert "the certificate of localhost isn't trusted" in refused.stderr
        assert KEY not in refused.stderr
        impatient = Settings(api_url=url, api_key=KEY, patience_s=0.1)
        with LyticsClient(impatient) as client, pytest.raises(ConnectError, match="isn't trusted"):
            client.create_model({})
        assert asked == []
        trusted = client_with(LIOKEY=KEY, LYTICS_API_URL=url, SSL_CERT_FILE=str(ca))
        assert trusted.returncode == 0, trusted.stderr
        assert asked == [("/api/ml", KEY)]


def test_hostile_values_break_nothing(project: Project, account: Account) -> None:
    """Control characters, markup and huge labels of the API end in no terminal raw."""
    project.declare({"grow": model(label="mine"), "plain": model(source="dormant")})
    project.up()
    account.change(project.id("grow"), label=HOSTILE * 3)
    account.change(project.id("plain"), label="x" * 10_000_000)
    stranger = account.create(name="stranger")
    account.wait(lambda: account.model(stranger)["state"] == "complete")
    account.change(stranger, label=HOSTILE, reason=HOSTILE)
    rans = [project.refresh(), project.preview("--diff"), project.up()]
    for ran in rans:
        assert harmful_in(ran.output) == [], ran.output[:2000]
    assert account.model(project.id("grow"))["label"] == "mine"
    assert account.model(stranger)["label"] == HOSTILE
    json.loads(Path(project.state_file).read_text())
    project.expect_no_changes()


def test_hostile_values_are_shown_and_written_as_harmless_text(
    project: Project, account: Account
) -> None:
    """No command of lytics-ml shows or writes what controls a terminal or turns the writing."""
    project.declare({"grow": model(label="mine"), "plain": model(source="dormant")})
    project.up()
    grow, stranger = project.id("grow"), account.create(name="stranger")
    account.wait(lambda: not account.building())
    for model_id in (grow, stranger):
        account.change(model_id, label=HOSTILE, reason=HOSTILE)
    account.change(stranger, name=f"stranger{HOSTILE}")
    project.declare({"grow": model(label="mine", source="mobile_users")})
    files = {kind: project.folder / f"review.{kind}" for kind in ("markdown", "html")}
    drift = project.folder / "drift.md"
    rans = [
        project.lytics_ml("list"),
        project.lytics_ml("show", "grow"),
        project.lytics_ml("drift", "--markdown", str(drift), code=1),
        project.lytics_ml(
            "review", "--force", *(f"--{kind}={path}" for kind, path in files.items())
        ),
        project.lytics_ml("import", "--dry-run"),
        project.lytics_ml("import"),
    ]
    for ran in rans:
        assert harmful_in(ran.output) == [], str(ran)
    assert "alert(1)" in "".join(ran.output for ran in rans), "nothing hostile was shown"
    for path in (*files.values(), drift, project.stack_file):
        assert harmful_in(path.read_text()) == [], path
    assert stranger in project.stack_file.read_text()
    ran = project.up()
    assert harmful_in(ran.output) == [], str(ran)
    assert account.model(stranger)["label"] == HOSTILE, "it is declared as it was"
    project.expect_no_changes()


def test_huge_label_is_a_drift_of_a_few_words(project: Project, account: Account) -> None:
    """A declared label that somebody made 10 MB long is shortened in all that is shown or kept."""
    project.declare({"grow": model(label="mine")})
    project.up()
    grow = project.id("grow")
    account.wait(lambda: account.model(grow)["state"] == "complete")
    account.change(grow, label="x" * 10_000_000)
    file = project.folder / "drift.md"
    shown = project.lytics_ml("drift", "--markdown", str(file), code=None)
    parsed = project.lytics_ml("drift", "--json", code=None)
    refreshed = project.refresh()
    assert (shown.code, parsed.code) == (1, 1), f"{shown.output[:3000]}\n{parsed.output[:3000]}"
    for ran in (shown, parsed, refreshed):
        assert len(ran.output) < 20_000, ran.command
    (drift,) = json.loads(parsed.output)["drift"]
    assert (drift["property"], drift["declared"]) == ("label", "mine")
    assert "xxx" in file.read_text()
    for path in (file, Path(project.state_file)):
        assert path.stat().st_size < 100_000, path
    project.up()
    assert account.model(grow)["label"] == "mine"


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("POST /api/ml$", None),
        ("GET /api/ml$", "GET /api/ml: 200, but the body isn't the API's JSON"),
        ("/summary$", "the summary can't be read: GET /api/ml/"),
    ],
    ids=["create", "list", "summary"],
)
def test_deep_json_is_a_reply_that_cant_be_read(
    project: Project, account: Account, what: str, sentence: str | None
) -> None:
    """Of a reply nested 100,000 deep comes a sentence, or a look, and no second model."""
    account.outcome({}, summary=GOOD)
    project.declare({"grow": gated()})
    with deepening(account.handle.root, what) as url:
        ran = project.up(code=None, env={"LYTICS_API_URL": url})
    assert len(ran.output) < 20_000
    if sentence is None:
        assert ran.code == 0, str(ran)
        assert set(account.models()) == account.live_ids() == {project.id("grow")}
    else:
        assert ran.code != 0, str(ran)
        assert sentence in ran.words, str(ran)
        assert account.live_ids() == set()
        assert len(account.models()) == len(project.resources()) <= 1


def test_error_of_the_api_is_one_printable_line(project: Project, account: Account) -> None:
    """What the API says in an error is shown without control characters, and shortened."""
    account.handle.world.dialect = "v2"
    project.declare({"plain": model()})
    httpx.post(
        f"{account.handle.root}/_sandbox/faults",
        json={"method": "POST", "path": "^/api/ml$", "status": 422, "body": "html"},
    ).raise_for_status()
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    assert "422" in ran.words, str(ran)
    assert "<html>" not in ran.output
    assert "\x1b" not in ran.output
