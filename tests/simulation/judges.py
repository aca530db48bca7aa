"""The real sandbox as the judge: the same history against it, over HTTP, has to come to the same.

What asks is the same, and so is the time: the simulation's, along which the sandbox's clock is
moved.
"""

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import httpx

from sandbox import clock
from sandbox.building.builds import Builds
from sandbox.chance import draw_ids_from
from sandbox.clock import DAY_NS, NS
from sandbox.models import Model
from sandbox.server import Handle, serve_in_thread
from sandbox.settings import Settings
from tests.simulation.account import BEGINNING_S, KEY, Account, Reply, SmallBuilds
from tests.simulation.scheduler import Scheduler
from tests.simulation.story import lived

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
WEEK_DAYS = 7


class HttpAccount(Account):
    """Account 1234 of a sandbox that is asked over HTTP.

    Args:
        scheduler: the history's clock.
        dice: draws ids.
        ways: how the account behaves.
        handle: the sandbox.
        client: the connection to it.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        dice: random.Random,
        ways: Mapping[str, Any],
        *,
        handle: Handle,
        client: httpx.Client,
        **_: bool,
    ) -> None:
        self._scheduler, self._client, self._handle = scheduler, client, handle
        self._moved_ns, self._build_s = 0, float(ways.get("build_s", 0.0))
        self._builds_again = ways.get("retrain") == "building"
        world = handle.world
        world.settings = world.builds._settings = replace(Settings(train=False), **ways)
        self._control("POST", "reset")
        draw_ids_from(lambda: f"{dice.getrandbits(128):032x}")

    def _control(self, method: str, path: str, sent: object = None) -> Any:  # noqa: ANN401 - JSON
        return (
            self._client.request(method, f"/_sandbox/{path}", json=sent).raise_for_status().json()
        )

    def _catch_up(self) -> None:
        """Move the sandbox's clock to where the history's is."""
        ahead_ns = round(self._scheduler.now_s * NS) - self._moved_ns
        if ahead_ns > 0:
            self._control("POST", "clock", {"days": ahead_ns / DAY_NS})
            self._moved_ns += ahead_ns

    def _wait_for_a_build(self) -> None:
        """Let the history go on no sooner than the other one, whose clock knows of builds."""
        self._scheduler.at(self._scheduler.now_s + self._build_s, lambda: None)

    @property
    def models(self) -> Mapping[str, Model]:
        """Every model by id."""
        self._catch_up()
        self._control("GET", "health")
        return self._handle.world.store.models

    def answer(
        self, method: str, path: str, params: Mapping[str, str], sent: Mapping[str, Any] | None
    ) -> Reply:
        """Ask the sandbox."""
        self._catch_up()
        got = self._client.request(
            method, path, params=dict(params), json=sent, headers={"Authorization": KEY}
        )
        if method == "POST" and path.endswith("/ml"):
            self._wait_for_a_build()
        return Reply(got.status_code, got.content, {"content-type": got.headers["content-type"]})

    def change(self, model_id: str, **changes: object) -> None:
        """Change a model as somebody else would."""
        self._catch_up()
        self._control("POST", f"models/{model_id}", changes)

    def remove(self, model_id: str) -> None:
        """Remove a model as somebody else would."""
        self._catch_up()
        self._control("DELETE", f"models/{model_id}")

    def pass_a_week(self) -> None:
        """Move the account a week on."""
        self._catch_up()
        moved = self._control("POST", "clock", {"days": WEEK_DAYS})
        if moved["retrained"] and self._builds_again:
            self._wait_for_a_build()

    def behave(self, **ways: object) -> None:
        """Behave in another way from here on."""
        self._control("POST", "behaviour", ways)

    def spoil_the_next_build(self) -> None:
        """Let the training of the next model fail."""
        outcome = {"match": {}, "state": "invalid", "reason": "on request", "times": 1}
        self._control("POST", "outcomes", outcome)

    def spoil_nothing_more(self) -> None:
        """Let every training succeed from here on."""
        self._control("DELETE", "outcomes")


class Judge:
    """A real sandbox, and what it says of histories."""

    def __init__(self, handle: Handle, client: httpx.Client) -> None:
        self._account = partial(HttpAccount, handle=handle, client=client)

    def differences(self, history: Mapping[str, Any]) -> list[str]:
        """Return what happened here and not there, or there and not here, the first of all."""
        here = [_DATE.sub("", line) for line in lived(history).told]
        there = [_DATE.sub("", line) for line in lived(history, self._account).told]
        pairs = zip([*here, "the end"], [*there, "the end"], strict=False)
        return next(([*pair] for pair in pairs if pair[0] != pair[1]), [])


@contextmanager
def judge() -> Iterator[Judge]:
    """Start a real sandbox that knows no other time than it is told."""
    stopped = SimpleNamespace(time_ns=lambda: BEGINNING_S * NS)
    with (
        mock.patch.object(clock, "time", stopped),
        # Its made-up numbers are no rule of the API.
        mock.patch.object(Builds, "make_up", SmallBuilds.make_up),
        serve_in_thread(Settings(train=False)) as handle,
        httpx.Client(base_url=handle.root, timeout=60) as client,
    ):
        yield Judge(handle, client)
