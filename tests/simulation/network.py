"""What lies between a stack and its account: it takes time, loses things, and can be told to."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.api.gateway import HTML
from sandbox.turning.faults import Fault, Rule, first_strike
from tests.simulation.account import Account, Reply
from tests.simulation.drawing import NO_DATA
from tests.simulation.scheduler import KilledError, Process, Scheduler

Json = dict[str, Any]
QUICKEST_S, SLOWEST_S = 0.01, 0.3
"""How long half of a request takes."""
_LOST: Mapping[str, type[httpx.HTTPError]] = {
    "drop": httpx.RemoteProtocolError,
    "reset": httpx.ReadError,
    "cut": httpx.RemoteProtocolError,
    "reset_midway": httpx.ReadError,
}


@dataclass(frozen=True)
class Asked:
    """One request that reached the account, or was lost before.

    Attributes:
        at_s: when, on the history's clock.
        who: whose it was: a run's name.
        status: what the account answered, None where it never came.
        fault: what became of it, "" where nothing did.
        made: the id of the model that it made.
        live: the models that were live before and after it; the same for a read.
    """

    at_s: float
    who: str
    method: str
    path: str
    sent: Mapping[str, Any] | None
    status: int | None
    fault: str = ""
    made: str = ""
    live: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def model_id(self) -> str:
        """The model that it is about, "" where it is about none."""
        parts = self.path.strip("/").split("/")
        return parts[2] if len(parts) > 2 else self.made

    @property
    def sets_live(self) -> bool | None:
        """The `is_active` that it writes, None where it writes none."""
        said = (self.sent or {}).get("is_active")
        return None if said is None else str(said).lower() == "true"

    @property
    def took_effect(self) -> bool:
        """Whether the account carried it out."""
        return self.status is not None and self.status < 300

    @property
    def writes(self) -> bool:
        """Whether it is one that writes."""
        return self.method != "GET"


class Network:
    """The way of one run to the account: in the place of an `httpx.Client`.

    Args:
        scheduler: the history's clock.
        account: where it leads.
        process: the run; a death at a request is the run's.
        dice: draws how long each half of a request takes.
        note: is told of every request.
        who: the run's name.
        rules: which requests fail.
        refused: share of the connections that are refused.
        timeout_s: how long a reply is waited for.
    """

    def __init__(  # noqa: PLR0913 - what a run is given
        self,
        scheduler: Scheduler,
        account: Account,
        process: "Mortal",
        dice: random.Random,
        note: Callable[[Asked], None],
        *,
        who: str = "",
        rules: Sequence[Rule] = (),
        refused: float = 0.0,
        timeout_s: float = 60.0,
    ) -> None:
        self._scheduler = scheduler
        self._account = account
        self._process = process
        self._dice = dice
        self._note = note
        self._who = who
        self._rules = rules
        self._refused = refused
        self._timeout_s = timeout_s

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        json: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Send a request, as `httpx.Client.request` does, and return its reply."""
        self._process.step("before a request")
        if self._refused and self._dice.random() < self._refused:
            self._scheduler.sleep(QUICKEST_S)
            self._lose(method, path, json, "refused")
            message = "connection refused"
            raise httpx.ConnectError(message)
        # A rule may look for a text in the body.
        body = repr(json).replace("'", '"').encode() if json and self._rules else b""
        fault = first_strike(self._rules, method, path, body) if self._rules else None
        there_s = self._dice.uniform(QUICKEST_S, SLOWEST_S)
        back_s = self._dice.uniform(QUICKEST_S, SLOWEST_S)
        if fault is not None:
            return self._failing(method, path, params, json, fault, there_s, back_s)
        got: list[Reply] = []
        arrival = self._arriving(method, path, params, json, "", got)
        self._scheduler.at(self._scheduler.now_s + there_s, arrival)
        self._scheduler.sleep(there_s + back_s)
        return got[0]

    def close(self) -> None:
        """Close nothing."""

    def _failing(  # noqa: PLR0913, PLR0917 - one request
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        sent: Mapping[str, Any] | None,
        fault: Fault,
        there_s: float,
        back_s: float,
    ) -> Reply:
        got: list[Reply] = []
        is_late = fault.what == "slow"
        if fault.when == "after" or is_late or fault.what == "wrong_content_type":
            arrives_s = there_s
            if is_late and fault.when == "before":
                arrives_s = self._timeout_s * (1 + self._dice.random())
            arrival = self._arriving(method, path, params, sent, fault.title, got)
            self._scheduler.at(self._scheduler.now_s + arrives_s, arrival)
        else:
            self._lose(method, path, sent, fault.title)
        if is_late:
            self._scheduler.sleep(self._timeout_s)
            message = "timed out"
            raise httpx.ReadTimeout(message)
        self._scheduler.sleep(there_s + back_s)
        if fault.what in _LOST:
            message = "the connection was lost"
            raise _LOST[fault.what](message)
        if fault.what == "wrong_content_type":
            return Reply(got[0].status_code, got[0].content, {"content-type": "text/html"})
        return _said(fault)

    def _lose(self, method: str, path: str, sent: Mapping[str, Any] | None, fault: str) -> None:
        self._note(Asked(self._scheduler.now_s, self._who, method, path, sent, None, fault))

    def _arriving(  # noqa: PLR0913, PLR0917 - one request
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        sent: Mapping[str, Any] | None,
        fault: str,
        got: list[Reply],
    ) -> Callable[[], None]:
        def arrive() -> None:
            account = self._account
            before = tuple(account.live()) if method != "GET" else ()
            reply = account.answer(method, path, params, sent)
            after = tuple(account.live()) if method != "GET" else ()
            is_create = method == "POST" and path.endswith("/ml")
            made = ""
            if is_create and not reply.is_error:
                made = str(json.loads(reply.content)["data"]["id"])
            shown = sent if sent is not None else dict(params) or None
            asked = Asked(
                self._scheduler.now_s,
                self._who,
                method,
                path,
                shown,
                reply.status_code,
                fault,
                made,
                (before, after),
            )
            self._note(asked)
            got.append(reply)
            self._process.step("after its effect", is_own_turn=False)

        return arrive


class Mortal(Process):
    """A run that may die at one of its steps.

    Args:
        dies_at: after how many steps; None lives.

    Attributes:
        died: at what kind of step it died, "" while it lives.
    """

    def __init__(self, dies_at: int | None = None) -> None:
        super().__init__()
        self._left = dies_at
        self.died = ""

    def step(self, kind: str, *, is_own_turn: bool = True) -> None:
        """Count a step, and die if it was the last one.

        Raises:
            KilledError: it is dead, and this is one of its own threads.
        """
        if self._left is not None and not self.is_dead:
            self._left -= 1
            if self._left < 0:
                self.is_dead, self.died = True, kind
        if self.is_dead and is_own_turn:
            raise KilledError


def _said(fault: Fault) -> Reply:
    words = f"{fault.status} fault on request"
    headers = {"content-type": "application/json"}
    if fault.retry_after is not None:
        headers["retry-after"] = f"{fault.retry_after:g}"
    if fault.called == NO_DATA:
        return Reply(200, b'{"status":200,"message":"success"}', headers)
    if fault.body == "html":
        headers["content-type"] = "text/html"
        return Reply(fault.status, HTML.format(words).encode(), headers)
    body = json.dumps({"data": None, "message": words, "status": fault.status})
    return Reply(fault.status, body.encode(), headers)
