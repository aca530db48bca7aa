"""How a program ends, and how sentences reach the user."""

import asyncio
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent import futures
from types import SimpleNamespace
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from providers import lytics
from providers.lytics.host.engine import log as engine_log
from providers.lytics.program.ending import exit as ending
from providers.lytics.program.ending import outcomes
from providers.lytics.program.ending.held_back import lines_of
from providers.lytics.program.ending.outcomes import Aftermath, Failure, Live, Outcomes, report
from providers.lytics.shapes import Model


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the program was ended with."""
    told: list[str] = []
    monkeypatch.setattr(outcomes, "end_program", told.append)
    return told


async def nothing_left() -> Aftermath:
    """Be an account of which nothing is known, and hold nothing back."""
    return {}, []


async def soon(*failures: Failure) -> list[Failure]:
    """Come to an end a little later."""
    await asyncio.sleep(0.001)
    return list(failures)


async def all_ended() -> None:
    """Wait for every task of the loop but this one, however slow the machine is."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def test_the_last_one_ends_the_program(ended: list[str]) -> None:
    """The program ends once, after all have had their turn, with all that went wrong."""

    async def program() -> None:
        outcomes = Outcomes(nothing_left)
        with outcomes.declaring():
            outcomes.expect(soon(Failure("b", "is invalid")))
            outcomes.expect(soon())
            await asyncio.sleep(0.01)
            assert ended == []
            outcomes.expect(soon(Failure("a", "is late"), Failure("c", "is late")))
        await all_ended()

    asyncio.run(program())
    assert ended == [
        (
            "3 models did not pass. See docs/guides/why-not-live.md\n"
            "  - a: is late\n  - b: is invalid\n  - c: is late"
        )
    ]


def test_nothing_wrong_ends_nothing(ended: list[str]) -> None:
    """A program in which all went well isn't ended."""

    async def program() -> None:
        Outcomes(nothing_left).expect(soon())
        await all_ended()

    asyncio.run(program())
    assert ended == []


def test_a_report_counts_models_and_lines_up_numbers() -> None:
    """Sentences come first, then one table of what the gates wanted and measured."""
    rows = (("✗ auc", "at least 0.75", "0.6"), ("✓ reach", "at least 3", "4"))
    found = report([Failure("churn", "one", rows), Failure("churn", "two")], {})
    assert found.splitlines() == [
        "1 model did not pass. See docs/guides/why-not-live.md",
        "  - churn: one",
        "  - churn: two",
        "",
        "  model  gate     wanted         measured",
        "  churn  ✗ auc    at least 0.75  0.6",
        "  churn  ✓ reach  at least 3     4",
    ]


@pytest.mark.parametrize(
    ("live_id", "told"),
    [
        ("old", "; model old stays live"),
        ("new", "; model new is live"),
        ("stopped", "; model stopped was live before, and isn't any more"),
        ("gone", "; model gone was live before, and isn't any more"),
        (None, "; nothing of it is live"),
    ],
)
def test_what_is_live_is_said_as_the_account_shows_it(live_id: str | None, told: str) -> None:
    """Only what the account shows as live is said to be."""
    account = {one: Model(id=one, is_active=True) for one in ("old", "new")}
    account["stopped"] = Model(id="stopped", is_active=False)
    failure = Failure("churn", "the gate is not passed", live=Live("new", live_id))
    assert report([failure], account).splitlines()[1:] == [
        f"  - churn: the gate is not passed{told}"
    ]
    assert told not in report([failure], {}), "where the API doesn't answer nothing is claimed"


def test_what_is_held_back_is_named() -> None:
    """Removals and old halves wait, what was left out or is in use doesn't; pure."""
    urn = "urn:pulumi:dev::lytics-ml::pulumi-python:dynamic/lytics:MlModel::"
    below = "urn:pulumi:dev::lytics-ml::demo:Group$pulumi-python:dynamic/lytics:MlModel::"
    resources: list[dict[str, Any]] = [
        {"urn": f"{urn}churn", "id": "new"},
        {"urn": f"{urn}churn", "id": "old", "delete": True},
        {"urn": f"{urn}churn", "id": "new", "delete": True},
        {"urn": f"{urn}left-out", "id": "kept"},
        {"urn": f"{urn}vip", "id": "dormant"},
        {"urn": f"{below}child", "id": "below"},
        {"urn": "urn:pulumi:dev::lytics-ml::pulumi:pulumi:Stack::x", "id": ""},
    ]
    current = {f"{urn}churn": "new", f"{urn}left-out": None}
    account = {"old": Model(id="old", is_active=True)}
    lines = lines_of(resources, current, account)
    assert lines == [
        "  - child: the removal of model below",
        "  - churn: the model that was replaced, old, live",
        "  - vip: the removal of model dormant",
    ]
    told = report([Failure("churn", "x")], {}, lines).splitlines()
    assert told[2:] == ["", "Held back until an up succeeds:", *lines]


# --- the end --------------------------------------------------------------------------------


def test_the_end_is_one_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is told the message, and the exit code says that the user has been told."""
    told: list[Any] = []
    monkeypatch.setattr(ending, "get_engine", lambda: SimpleNamespace(Log=told.append))
    with warnings.catch_warnings(), pytest.raises(SystemExit) as caught:
        ending.end_program("it can't be")
    assert caught.value.code == 32
    assert [(one.severity, one.message) for one in told] == [
        (engine_pb2.LogSeverity.Value("ERROR"), "it can't be")
    ]


def test_the_end_without_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an engine the message is an error of Pulumi's own kind."""
    monkeypatch.setattr(ending, "get_engine", lambda: None)
    with pytest.raises(pulumi.RunError, match="it can't be"):
        ending.end_program("it can't be")


INTERRUPTED = """
import asyncio, os, signal
{before}
from providers.lytics.program.ending.exit import end_when_interrupted

end_when_interrupted()
os.kill(os.getpid(), signal.SIGINT)
asyncio.run(asyncio.sleep(0))
"""


def test_an_interrupted_program_ends_quietly() -> None:
    """The engine says what happened: the program adds no traceback."""
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(before="")], capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (ending.TOLD_ALREADY, b"")


def test_a_handler_of_the_users_stays() -> None:
    """A program that handles Ctrl-C in its own way goes on doing so."""
    own = "signal.signal(signal.SIGINT, lambda *_: print('mine'))"
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(before=own)], capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"mine\n", b"")


# --- sentences ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_log, "_senders", [])


class Listener(engine_pb2_grpc.EngineServicer):
    """An engine that writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: ANN401, N802 - gRPC's names and shapes
        """Write down one message."""
        self.heard.append(request)
        return Empty()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """An engine whose provider host this process pretends to be."""
    listener = Listener()
    server = grpc.server(futures.ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(listener, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setattr(sys, "argv", ["/x/pulumi/dynamic/__main__.py", f"127.0.0.1:{port}"])
    yield listener
    server.stop(None).wait()


def test_a_sentence_reaches_the_engine(engine: Listener) -> None:
    """In the provider's host a sentence goes to Pulumi's display."""
    engine_log.tell("model a is live")
    engine_log.tell("model b is live")
    assert [one.message for one in engine.heard] == ["model a is live", "model b is live"]
    assert engine.heard[0].severity == engine_pb2.LogSeverity.Value("INFO")


@pytest.mark.parametrize(
    "argv",
    [["pytest"], ["pytest", "127.0.0.1:1"], ["/pulumi/dynamic/__main__.py", "somewhere"]],
)
def test_without_an_engine_it_is_written(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there is no engine a sentence goes to standard error."""
    monkeypatch.setattr(sys, "argv", argv)
    engine_log.tell("model a is live")
    assert capsys.readouterr().err == "model a is live\n"


def test_a_display_that_fails_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence that can't be sent is written instead."""

    def broken(_: str) -> None:
        message = "the engine is gone"
        raise RuntimeError(message)

    monkeypatch.setattr(engine_log, "_senders", [broken])
    engine_log.tell("model a is live")
    assert capsys.readouterr().err == "model a is live\n"


# --- the package ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", lytics.__all__)
def test_what_is_listed_is_there(name: str) -> None:
    """Everything that the package lists can be had from it."""
    assert getattr(lytics, name).__name__ == name


def test_what_isnt_listed_isnt_there() -> None:
    """An unknown name is Python's own error."""
    with pytest.raises(AttributeError, match=r"module 'providers\.lytics' has no attribute 'x'"):
        _ = lytics.x
