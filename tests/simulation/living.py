"""One history as far as it has been lived: account, stacks, clock, and all that happened."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from providers.lytics import model as provider_module
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.declaration import ModelDeclaration, Removal
from providers.lytics.domain.finding.ownership import Holding, holdings_in
from providers.lytics.program.builds import settling
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import Stack
from providers.lytics.timing import REAL, Timing
from sandbox.segments import segment_id
from tests.simulation.account import AID, BEGINNING_S, KEY, Account
from tests.simulation.network import Asked, Network
from tests.simulation.scheduler import Scheduler
from tests.simulation.state import Done, State

Json = dict[str, Any]
# Read by what a variety says; the rest of it are the sandbox's own settings.
OWN_WAYS = ("api", "reorders", "shouts", "full")
OTHERS: tuple[Json, ...] = (
    {"name": "of_somebody_else"},
    {"name": "a-aaaaaa-bbbbbbbb", "label": "another stack's"},
    {"name": "a", "config": {"use_scores": True, "build_only": True, "collect": 900}},
)


@dataclass
class File:
    """A stack file, and the state of its stack."""

    state: State
    models: dict[str, Json] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)

    def shapes(self) -> dict[str, ModelDeclaration]:
        """Return what is declared."""
        return {key: ModelDeclaration.model_validate(one) for key, one in self.models.items()}

    def adopts(self, model_id: str) -> bool:
        """Tell whether a model is to be adopted."""
        return any(one.get("adopt") == model_id.upper() for one in self.models.values())

    def parsed(self) -> Stack:
        """Return the file as the provider reads it."""
        removed = {
            key: Removal.model_validate({"on_delete": how}) for key, how in self.removed.items()
        }
        return Stack(Path(f"stacks/{self.state.stack}.yaml"), self.shapes(), removed=removed)


@dataclass(frozen=True)
class Made:
    """For whom a model was made, and under which name it was sent."""

    stack: str
    key: str
    name: str


@dataclass
class Ran:
    """What one run was, and what became of it.

    Attributes:
        who: its name: the stack's and a number.
        stack: the stack's name.
        shapes: what was declared.
        removed: how models leave that are declared no more.
        held: ids of the models that the state had before, by key.
        mine: ids of all models that the state had before, those that were leaving too.
        theirs: ids of the models that other stacks' states had.
        earned: ids that had earned their place before, by key.
        was_live: ids of the models that were live by the state, by key.
        leaves: how each model was to leave by the state's live resource, by id.
        existed: ids of all models that there were.
        live: ids of the models that were live before.
        planned: what a preview said, None where there was none.
        done: what was done.
        asked: the requests, people's deeds left out.
        problems: what went wrong.
        died: at what kind of step it was killed, "" if it wasn't.
        is_clean: nothing failed, nobody interfered.
        state: the stack's state.
        said: the sentences that the run said.
        deeds: what people did meanwhile: ids.
    """

    who: str
    stack: str
    shapes: Mapping[str, ModelDeclaration]
    removed: Mapping[str, str]
    held: Mapping[str, str]
    live: tuple[str, ...]
    mine: frozenset[str] = frozenset()
    theirs: frozenset[str] = frozenset()
    earned: Mapping[str, list[str]] = field(default_factory=dict)
    was_live: Mapping[str, str] = field(default_factory=dict)
    leaves: Mapping[str, str] = field(default_factory=dict)
    existed: frozenset[str] = frozenset()
    planned: list[Done] | None = None
    done: list[Done] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    died: str = ""
    is_clean: bool = True
    state: State = field(default_factory=lambda: State(""))
    said: list[str] = field(default_factory=list)
    deeds: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[Asked]:
        """The requests that wrote something, in their order."""
        return [one for one in self.asked if one.writes and one.took_effect]


class Life:
    """One history, as far as it has been lived.

    Args:
        history: what `drawing` returns.
        account: makes the account.

    Attributes:
        told: what happened, a line each.
        asked: every request.
        runs: every run.
        steps: every step, with its runs.
        made: what each model was made for, by id.
        retained: the keys of models that left and are to stay as they are, by id; a declaration
            that is renamed since has several.
        forgotten: ids of models with a declared name that `pulumi state delete` took out.
        broken: what must hold and doesn't.
    """

    def __init__(
        self, history: Mapping[str, Any], account: Callable[..., Account] = Account
    ) -> None:
        variety = history["variety"]
        self.history = history
        self.api = variety.get("api", "v1")
        self.settings = Settings(
            api_url="http://127.0.0.1/api",
            api_key=KEY,
            api=self.api,
            patience_s=15.0,
            reply_timeout_s=8.0,
            settle_s=5.0,
        )
        self.scheduler = Scheduler()
        ways = {name: value for name, value in variety.items() if name not in OWN_WAYS}
        self.account = account(
            self.scheduler,
            random.Random(f"ids {sum(step['luck'] for step in history['steps'])}"),
            ways,
            reorders=variety.get("reorders", False),
            shouts=variety.get("shouts", False),
        )
        self.told: list[str] = []
        self.asked: list[Asked] = []
        self.runs: list[Ran] = []
        self.steps: list[tuple[Mapping[str, Any], list[Ran]]] = []
        self.made: dict[str, Made] = {}
        self.retained: dict[str, set[str]] = {}
        self.forgotten: set[str] = set()
        self.broken: list[str] = []
        self.lag_s = float(variety.get("list_delay_s", 0.0))
        self.fills: list[str] = []
        self._begin(variety.get("full", 0))
        self.files = [File(State(name)) for name in history.get("stacks", ("dev", "prod"))]

    def _begin(self, full: int) -> None:
        self.others = [self.account.create(**changes) for changes in OTHERS]
        for number in range(full):
            self.fills.append(self.account.create(name=f"live_{number}"))
        self.settle()
        for one in self.others:
            self.account.change(one, is_active=False)
        for one in self.fills:
            self.account.change(one, is_active=True)

    def tell(self, line: str) -> None:
        """Note what happens."""
        self.told.append(f"{self.scheduler.now_s:9.2f} {line}")

    def key_of(self, ran: Ran, model_id: str) -> str:
        """Return the key of a run's stack that a model belongs to, "" where none does."""
        state = ran.state
        models = [one for one in state.resources if one.kind == "model"]
        for stored in sorted(models, key=lambda one: one.leaves):
            if stored.id == model_id and not stored.leaves:
                return stored.key
            if stored.id == model_id:
                return state.heir(stored.key, stored.outputs.get("lineage"))
        for left in reversed(state.left):
            if left.id == model_id:
                return state.heir(left.key, left.lineage)
        held = next((key for key, one in ran.held.items() if one == model_id), "")
        made = self.made.get(model_id)
        return held or (made.key if made is not None and made.stack == ran.stack else "")

    def listed(self) -> dict[str, Model]:
        """Return every model as a client reads it, by id."""
        listed = json.loads(self.account.answer("GET", "/api/ml", {}, None).content)["data"]
        return {model.id: model for model in map(Model.read, listed)}

    def settle(self) -> None:
        """Let everything come that is under way, until ML List shows it."""
        self.scheduler.settle()
        self.scheduler.now_s += self.lag_s + 1.0

    # --- a run ------------------------------------------------------------------------------

    def holdings(self) -> list[Holding]:
        """Return the models that the states of the project's stacks have."""
        return [
            held
            for file in self.files
            for held in holdings_in(file.state.stack, file.state.exported())
        ]

    def timing(self, dice: random.Random) -> Timing:
        """Return the door to this history's clock and chance."""
        scheduler = self.scheduler

        async def sleep_async(seconds: float) -> None:
            scheduler.sleep(seconds)

        return Timing(
            **{name: getattr(REAL, name) for name in _PAUSES},
            monotonic=scheduler.monotonic,
            wall=lambda: BEGINNING_S + scheduler.now_s,
            sleep=scheduler.sleep,
            sleep_async=sleep_async,
            uniform=dice.uniform,
            lock=scheduler.lock,
        )

    def client(self, network: Network, timing: Timing) -> LyticsClient:
        """Return a client whose connection is the simulation's."""
        real = httpx.Client
        httpx.Client = lambda **_: network  # type: ignore[assignment,misc]
        try:
            return LyticsClient(
                self.settings, None, timing, tell_trouble=self.tell, tell_odd=self.tell
            )
        finally:
            httpx.Client = real  # type: ignore[misc]


_PAUSES = (
    *("retries", "gaps", "longest_hold_s", "recovery_s", "looks", "recent_s", "gather_step_s"),
    *("longest_gather_s", "polls", "live_line_s", "log_line_s"),
)


@contextmanager
def files_of(life: Life) -> Iterator[None]:
    """Let the provider read this history's stack files, and its program say what it says to it."""

    def declared(stack: str) -> Stack | None:
        return next((f.parsed() for f in life.files if f.state.stack == stack), None)

    shown = SimpleNamespace(log=SimpleNamespace(warn=lambda text, _resource: life.tell(text)))
    before = provider_module._declared, vars(settling)["pulumi"]
    provider_module._declared, vars(settling)["pulumi"] = declared, shown  # type: ignore[assignment]
    try:
        yield
    finally:
        provider_module._declared, vars(settling)["pulumi"] = before


def copy_of(file: File) -> File:
    """Return a stack as a second backend has it, which shares no lock with the first."""
    return File(deepcopy(file.state), dict(file.models), dict(file.removed))


def id_of(slug: str) -> str:
    """Return a segment's id."""
    return segment_id(AID, slug)
