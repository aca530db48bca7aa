"""Runs against a sandbox, started as the engine's host process starts them."""

from collections.abc import Mapping
from typing import Any

import httpx

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model
from sandbox.segments import segment_id
from sandbox.server import serve_in_thread
from sandbox.settings import Settings as SandboxSettings
from tests.support.engine.account import Account
from tests.support.timing import QUICK

ALL_USERS = segment_id(1234, "all_users")
HIGH_VALUE = segment_id(1234, "high_value")
LINEAGE = "1f2e3d"
Json = dict[str, Any]


class Lab:
    """Account 1234 of a sandbox that doesn't train, and the runs against it.

    Args:
        account: what the sandbox holds and was asked.

    Attributes:
        timing: how long the runs and clients that are made from here on wait.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.said: list[str] = []
        self.timing = QUICK
        self._clients: list[LyticsClient] = []

    def settings(self, *, api_key: str = "sandbox", **changes: Any) -> Settings:  # noqa: ANN401
        """Return settings that don't wait longer than a test should."""
        short = {"patience_s": 0.5, "reply_timeout_s": 60.0, "settle_s": 0.05}
        return Settings(api_url=self.account.url, api_key=api_key, **{**short, **changes})

    def client(self, **changes: Any) -> LyticsClient:  # noqa: ANN401 - whatever Settings takes
        """Return a client that is closed when the test ends."""
        self._clients.append(LyticsClient(self.settings(**changes), timing=self.timing))
        return self._clients[-1]

    def run(self, **changes: Any) -> Run:  # noqa: ANN401 - whatever Settings takes
        """Start a run: one operation of the engine."""
        return Run(self.settings(**changes), self.client(**changes), self.said.append, self.timing)

    def lifecycle(self, **changes: Any) -> ModelLifecycle:  # noqa: ANN401 - as run takes
        """Start a run and return its models' lifecycle."""
        return ModelLifecycle(self.run(**changes))

    def created(self, inputs: ModelInputs | None = None, **changes: object) -> tuple[str, Json]:
        """Create a model in a run of its own, and wait until it is built."""
        wanted = inputs or declared(**changes)
        model_id, outputs = self.lifecycle().create(wanted)
        self.wait_until_built(model_id)
        return model_id, outputs

    def wait_until_built(self, model_id: str) -> None:
        """Wait until a model is no longer building."""
        self.account.wait(lambda: self.account.model(model_id)["state"] != "building")
        # What the sandbox's thread does together with the state is done once it answers.
        httpx.get(f"{self.account.handle.root}/_sandbox/health").raise_for_status()

    def posts(self, since: int = 0) -> list[Json]:
        """Return the requests that create, in order."""
        return [entry for entry in self.account.creates(since) if entry["method"] == "POST"]

    def lists(self, since: int = 0) -> list[Json]:
        """Return the requests for ML List, in order."""
        return [
            entry
            for entry in self.account.requests(since)
            if (entry["method"], entry["path"]) == ("GET", "/api/ml")
        ]

    def heal(self) -> None:
        """Let no request fail any more."""
        httpx.delete(f"{self.account.handle.root}/_sandbox/faults").raise_for_status()

    def reset(self) -> None:
        """Go back to a sandbox with nothing in it."""
        self._let_go()
        self.said.clear()
        self.timing = QUICK
        httpx.post(f"{self.account.handle.root}/_sandbox/reset").raise_for_status()

    def _let_go(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()

    def close(self) -> None:
        """Close every connection and stop the sandbox."""
        self._let_go()
        self.account.close()
        self.account.handle.stop()


def start_lab(**settings: Any) -> Lab:  # noqa: ANN401 - whatever the sandbox takes
    """Start a sandbox with settings of one's own."""
    return Lab(Account(serve_in_thread(SandboxSettings(train=False, **settings))))


def declared(**changes: object) -> ModelInputs:
    """Return one model as the program hands it to the provider."""
    base: Json = {
        "key": "churn",
        "lineage": LINEAGE,
        "source": ALL_USERS,
        "target": HIGH_VALUE,
        "config": {"use_scores": True},
    }
    return ModelInputs.model_validate({**base, **changes})


def shown_of(inputs: ModelInputs, model_id: str = "a" * 32, **shown: Any) -> Model:  # noqa: ANN401
    """Return the model as Lytics shows it that a create of these inputs makes."""
    echo = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    base = {
        "id": model_id,
        "name": Wanted(inputs).name,
        "state": "complete",
        "source": inputs.source,
        "target": inputs.target,
        "created": "2026-01-02T00:00:00Z",
        "config": {"collect": 5000, **echo},
    }
    return Model.model_validate({**base, **shown})


def properties(inputs: ModelInputs) -> Json:
    """Return inputs as the engine hands them to the provider."""
    handed: Json = through_engine(inputs.model_dump())
    return handed


def through_engine(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it comes back from the engine: numbers are floats, nulls are gone."""
    if isinstance(value, Mapping):
        return {k: through_engine(inner) for k, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [through_engine(inner) for inner in value]
    return float(value) if type(value) is int else value
