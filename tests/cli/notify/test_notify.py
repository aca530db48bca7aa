"""`--notify`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.notify import sending
from cli.notify.message import Kind, Message, kind_of
from cli.notify.news import notify
from cli.workspace.project import Project as Workspace
from tests.cli.conftest import Run
from tests.support.engine.project import STACK, Project
from tests.support.engine.shapes import gated
from tests.support.receiver import SECRET, Receiver, receiver

QUICK = (0.0, 0.0)
HOSTILE = "<!channel> & <http://evil|x> *b* [a](http://e)"
SHORT = Message(
    "prod", "watch", "Stack prod: 1 fell short", (f"grow: {HOSTILE}",), ({"key": "grow"},), "http://l/1"
)  # fmt: skip
WELL = Message("prod", "watch", "Stack prod: all well")
SAID = [("grow", "1", "auc", "at least 0.7")]


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    """Have a chat whose address is in the environment."""
    monkeypatch.setattr(sending, "PAUSES_S", QUICK)
    monkeypatch.setenv("LYTICS_ML_HISTORY", str(tmp_path / "history"))
    with receiver() as kept:
        monkeypatch.setenv("LYTICS_ML_NOTIFY", kept.address)
        yield kept


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Be in a project."""
    return Workspace(tmp_path, "lytics-ml", tmp_path)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://hooks.slack.com/services/T/B/x", Kind.SLACK),
        ("https://acme.webhook.office.com/webhookb2/x", Kind.TEAMS),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/x", Kind.TEAMS),
        ("https://a.b.environment.api.powerplatform.com/x", Kind.TEAMS),
        ("https://example.com/hooks.slack.com", Kind.JSON),
        ("https://nothooks.slack.com.example.com/", Kind.JSON),
    ],
)
def test_the_address_says_who_reads(address: str, kind: Kind) -> None:
    """The host decides, not a name that stands somewhere in the address."""
    assert kind_of(address) is kind


def test_each_reader_gets_its_own_shape(chat: Receiver, workspace: Workspace) -> None:
    """Slack blocks, a Teams card, plain JSON: received by a real server, nothing a mention."""
    for number, kind in enumerate(Kind):
        notify(workspace, SHORT, [*SAID, (str(number),)], kind, QUICK)
    slack, teams, plain = chat.received
    assert slack["text"] == "Stack prod: 1 fell short"
    kinds = [block["type"] for block in slack["blocks"]]
    assert kinds == ["header", "section", "context"]
    assert "&lt;!channel&gt; &amp; &lt;http://evil|x&gt;" in slack["blocks"][1]["text"]["text"]
    assert slack["blocks"][2]["elements"][0]["text"] == "<http://l/1|Read more>"
    (card,) = [one["content"] for one in teams["attachments"]]
    assert (teams["type"], card["type"]) == ("message", "AdaptiveCard")
    assert r"\[a\]\(http://e\)" in card["body"][1]["text"]
    assert card["actions"][0]["url"] == "http://l/1"
    assert plain == {
        "stack": "prod",
        "command": "watch",
        "ok": False,
        "title": "Stack prod: 1 fell short",
        "lines": [f"grow: {HOSTILE}"],
        "items": [{"key": "grow"}],
        "link": "http://l/1",
    }


def test_a_long_list_is_cut(chat: Receiver, workspace: Workspace) -> None:
    """What a chat takes is short; it says how much more there is."""
    many = Message("prod", "drift", "Stack prod: drift", [f"model-{n}: <" * 40 for n in range(90)])
    notify(workspace, many, SAID, Kind.SLACK, QUICK)
    text = chat.received[0]["blocks"][1]["text"]["text"]
    assert len(text) < 3000 * 2
    assert text.endswith("and 70 more")


def test_only_news_is_sent(chat: Receiver, workspace: Workspace) -> None:
    """Nothing while all is well, one message when something falls short, one when it is over."""
    notify(workspace, WELL, [], pauses_s=QUICK)
    assert chat.received == []
    for _ in range(3):
        notify(workspace, SHORT, SAID, pauses_s=QUICK)
    assert [one["ok"] for one in chat.received] == [False]
    notify(workspace, SHORT, [*SAID, ("other",)], pauses_s=QUICK)
    for _ in range(2):
        notify(workspace, WELL, [], pauses_s=QUICK)
    assert [one["ok"] for one in chat.received] == [False, False, True]
    drift = Message("prod", "drift", "Stack prod: drift", ("grow: label",))
    notify(workspace, drift, SAID, pauses_s=QUICK)
    assert chat.received[-1]["command"] == "drift"


@pytest.mark.parametrize(
    ("answers", "told"),
    [([503, 429, 200], ""), ([500, 500, 500], "was 500"), ([404], "was 404")],
)
def test_it_is_tried_a_little(
    chat: Receiver,
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    answers: list[int],
    told: str,
) -> None:
    """What may pass is tried three times; what failed is said, and tried by the next run."""
    tries = len(answers)
    chat.answers[:] = answers
    notify(workspace, SHORT, SAID, pauses_s=QUICK)
    assert len(chat.received) == tries
    said = capsys.readouterr().err
    assert told in said
    assert SECRET not in said
    notify(workspace, SHORT, SAID, pauses_s=QUICK)
    assert len(chat.received) == tries + bool(told)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "holds no address"),
        (f"http://127.0.0.1:1/{SECRET}", "no connection"),
        (f"ftp://example.com/{SECRET}", "is no address"),
        (f"http://[{SECRET}/", "is no address"),
        (f"{SECRET}", "is no address"),
    ],
)
def test_the_address_is_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch,
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    address: str,
    told: str,
) -> None:
    """Whatever is wrong with it, the message is a warning without it."""
    monkeypatch.delenv("LYTICS_ML_HISTORY", raising=False)
    monkeypatch.setenv("LYTICS_ML_NOTIFY", address)
    notify(workspace, SHORT, SAID, pauses_s=QUICK)
    said = capsys.readouterr().err
    assert told in said
    assert SECRET not in said
    assert not any(SECRET in path.read_text() for path in workspace.folder.rglob("*.jsonl"))


@pytest.mark.engine
def test_watch_and_drift_tell_once(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sends one message when something is wrong, keeps its exit code, and shows no address."""
    account = project.account
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "health": "healthy"})
    project.declare({"grow": {**gated(auc=0.7), "label": "Grow"}})
    project.up()
    account.change(
        project.id("grow"), summary={"auc": 0.5}, label="New", updated="2026-12-30T00:00:00.000Z"
    )
    with receiver() as chat:
        monkeypatch.setenv("LYTICS_ML_NOTIFY", chat.address)
        for _ in range(2):
            for command in ("watch", "drift"):
                told = run(command, "--notify", "--link", "https://ci/1", "--stack", STACK)
                assert told.code == 1, told.err
                assert SECRET not in told.out + told.err
        assert [one["command"] for one in chat.received] == ["watch", "drift"]
        assert chat.received[0]["lines"] == ["grow: auc wanted at least 0.7, measured 0.5"]
        assert chat.received[1]["link"] == "https://ci/1"
        chat.answers[:] = [400]
        account.change(project.id("grow"), label="Newer")
        failed = run("drift", "--notify", "--stack", STACK)
        assert failed.code == 1
        assert "could not be sent: the answer was 400" in failed.err
