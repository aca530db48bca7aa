"""What a program asks for before it knows what it declares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.lytics.api.client import LyticsClient
from providers.lytics.errors import LyticsError, NotAuthorizedError
from providers.lytics.program.ahead import Ahead, declares_models
from providers.lytics.program.program import Program
from tests.support.lab import Lab
from tests.support.timing import QUICK

BY_SLUG = "models: {churn: {source: all_users, target: dormant}}\n"
BY_ID = f"models: {{churn: {{source: {'a' * 32}, 'target': \"{'b' * 32}\"}}}}\n"


@pytest.fixture
def program(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program that has asked for nothing yet."""
    monkeypatch.setenv("LIOKEY", "sandbox")
    monkeypatch.setenv("LYTICS_API_URL", lab.account.url)
    monkeypatch.delenv("LYTICS_ML_NO_WAIT", raising=False)
    made = Program(QUICK)
    yield made
    made.close()


@pytest.fixture
def ahead(program: Program) -> Ahead:
    """What that program sends ahead."""
    return program.ahead


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stack file's path."""
    return tmp_path / "dev.yaml"


@pytest.mark.parametrize(
    ("text", "declares"),
    [(BY_SLUG, True), (BY_ID, True), ("# source: x\nmodels: {}\n", False), (None, False)],
)
def test_file_that_declares_nothing_asks_for_nothing(
    file: Path, text: str | None, *, declares: bool
) -> None:
    """An empty stack file, or none, begins nothing."""
    if text is not None:
        file.write_text(text)
    assert declares_models(file) is declares


@pytest.mark.parametrize(
    ("text", "paths"), [(BY_SLUG, {"/api/segment", "/api/ml"}), (BY_ID, {"/api/ml"})]
)
def test_segments_are_asked_for_where_slugs_are_declared(
    lab: Lab, ahead: Ahead, file: Path, text: str, paths: set[str]
) -> None:
    """Ids need no look-up, unless somebody wants the segments all the same."""
    file.write_text(text)
    ahead.begin(file)
    lab.account.wait(lambda: len(lab.account.requests()) == len(paths))
    assert {entry["path"] for entry in lab.account.requests()} == paths
    assert ahead.models() == []
    assert ahead.segments()


def test_each_is_asked_for_once(lab: Lab, ahead: Ahead) -> None:
    """However often models and segments are wanted, also where nothing was sent ahead."""
    for _ in range(2):
        ahead.models()
        ahead.segments()
    assert len(lab.account.requests()) == 2


def test_what_waits_for_nothing_asks_for_segments_alone(
    lab: Lab, ahead: Ahead, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview of known models, a refresh and a destroy need no ML List."""
    monkeypatch.setenv("LYTICS_ML_NO_WAIT", "1")
    file.write_text(BY_SLUG)
    ahead.begin(file)
    assert ahead.segments()
    assert [entry["path"] for entry in lab.account.requests()] == ["/api/segment"]


@pytest.mark.parametrize("variable", ["LIOKEY", "LYTICS_API_URL"])
def test_without_a_key_or_an_address_nothing_is_sent(
    lab: Lab, ahead: Ahead, file: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """What is wrong with a setting is told where the setting is needed."""
    monkeypatch.setenv(variable, "" if variable == "LIOKEY" else "no address")
    file.write_text(BY_SLUG)
    ahead.begin(file)
    assert lab.account.requests() == []
    with pytest.raises(LyticsError):
        ahead.models()


def test_error_is_raised_where_the_reply_is_wanted(
    ahead: Ahead, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that fails ends nothing by itself."""
    monkeypatch.setenv("LIOKEY", "nobodys")
    file.write_text(BY_SLUG)
    ahead.begin(file)
    with pytest.raises(NotAuthorizedError):
        ahead.segments()


def test_client_that_cant_be_made_is_told_too(lab: Lab, file: Path) -> None:
    """Whatever goes wrong in the thread, nobody waits for a reply for ever."""

    class Broken(Program):
        @property
        def client(self) -> LyticsClient:
            message = "no certificates"
            raise OSError(message)

    file.write_text(BY_ID)
    program = Broken(QUICK)
    program.__dict__["settings"] = lab.settings()
    program.ahead.begin(file)
    with pytest.raises(OSError, match="no certificates"):
        program.ahead.models()
