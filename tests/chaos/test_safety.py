import json
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from tests.chaos.deep import deepening
from tests.chaos.killing import GOOD
from tests.engine.account import Account
from tests.engine.project import Project
from tests.engine.shapes import gated, model

pytestmark = pytest.mark.engine

KEY = "sandbox-other"  # "sandbox" alone may stand anywhere
HOSTILE = "\x1b[31mred\x1b[0m\x07 <script>alert(1)</script> | `x` \u202e\r\n| --- |"


def command_lines() -> str:
    """Return the command line of every process."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args="], check=True, capture_output=True)
    return listed.stdout.decode(errors="replace")


def test_key_is_in_no_log_and_no_process_list(project: Project) -> None:
    """With LIOKEY the key is in no log at the highest verbosity, and in no command line."""
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
    assert KEY not in grpc.read_text(errors="replace")
    assert not any(KEY in lines for lines in seen)
    for path in (project.folder / "state").rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), str(path)


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
        assert "\x1b[31m" not in ran.output, ran.output[:2000]
        assert "\x07" not in ran.output
    assert account.model(project.id("grow"))["label"] == "mine"
    assert account.model(stranger)["label"] == HOSTILE
    json.loads(Path(project.state_file).read_text())
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
