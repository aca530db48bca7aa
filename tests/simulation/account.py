"""An account in this process: the sandbox's own rules and endpoints, without its sockets."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sandbox.alarms import Alarms
from sandbox.api.auth import CALLERS
from sandbox.api.calls import Call, Handler, refusal
from sandbox.api.request_log import Entry, RequestLog
from sandbox.app import V1, V2
from sandbox.audiences.scores import Scores
from sandbox.audiences.sizes import Sizes
from sandbox.building.builds import Builds
from sandbox.chance import draw_ids_from
from sandbox.clock import NS, WEEK_NS, Clock
from sandbox.errors import ApiError
from sandbox.models import Model, Outcome
from sandbox.people.fields import MADE_UP_FIELDS, Fields
from sandbox.segments import Directory, made_up_directory, segment_id
from sandbox.settings import Settings
from sandbox.store import TABLES, Store
from sandbox.turning import outside
from sandbox.world import World
from tests.simulation.scheduler import Scheduler

Json = dict[str, Any]
AID = 1234
KEY = "sandbox"
BEGINNING_S = 1_600_000_000
"""Seconds since 1970 at which each history begins."""


@dataclass(frozen=True)
class Reply:
    """What a client reads of a reply."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def is_error(self) -> bool:
        """Whether it is a refusal or a fault."""
        return self.status_code >= 400


class _Clock(Clock):
    """The sandbox's clock, which goes by the simulation's."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self.scheduler = scheduler

    def now_ns(self) -> int:
        """Return the time now, in nanoseconds since 1970."""
        return round((BEGINNING_S + self.scheduler.now_s) * NS) + self.moved_ns


class _Alarms(Alarms):
    """What is to happen, in the simulation's own time."""

    def __init__(self, clock: _Clock) -> None:
        self._sim = clock
        self._acts: dict[str, Callable[[], None]] = {}

    def set(self, key: str, due_ns: int, act: Callable[[], None]) -> None:
        """Act at a time."""
        self._acts[key] = act
        wait_s = max(0, due_ns - self._sim.now_ns()) / NS

        def ring() -> None:
            if self._acts.get(key) is act:
                del self._acts[key]
                act()

        scheduler = self._sim.scheduler
        scheduler.at(scheduler.now_s + wait_s, ring)

    def cancel(self, key: str) -> None:
        """Don't act."""
        self._acts.pop(key, None)


class _Store(Store):
    """The sandbox's models, in this process' memory alone, listed in whatever order."""

    def __init__(self, clock: Clock, reordering: random.Random | None) -> None:
        self.models: dict[str, Model] = {}
        self.versions: dict[str, int] = {}
        self.clock = clock
        self._kept: dict[str, Json] = {name: {} for name in TABLES}
        self._reordering = reordering

    def save(
        self,
        model: Model,
        summary: Json | None = None,
        predictions: Json | None = None,  # noqa: ARG002 - nobody asks for them here
        scores: str | None = None,  # noqa: ARG002 - as above
    ) -> None:
        """Keep a model."""
        if summary is not None:
            self._kept["summaries"][model.id] = summary
        self.models[model.id] = model
        self.versions[model.id] = self.versions.get(model.id, 0) + 1

    def delete(self, model_id: str) -> None:
        """Forget a model."""
        self._kept["summaries"].pop(model_id, None)
        self.models.pop(model_id, None)
        self.versions[model_id] = self.versions.get(model_id, 0) + 1

    def _get(self, table: str, key: str) -> Json | None:
        found: Json | None = self._kept[table].get(key)
        return found

    def kept_all(self, table: str) -> dict[str, Json]:
        """Return all that a table keeps."""
        return dict(self._kept[table])

    def of_account(self, aid: int) -> list[Model]:
        """Return an account's models."""
        models = super().of_account(aid)
        if self._reordering is not None:
            self._reordering.shuffle(models)
        return models


class SmallBuilds(Builds):
    """Builds that come to numbers and no features; nobody looks into profiles here."""

    def make_up(self, model: Model, weeks: int = 0) -> Json:
        """Return what a build comes to: only the numbers."""
        summary = self._store.summary(model.id) if model.built else None
        if summary is None:
            return _made_up(model.source, model.target, model.config.collect)
        kept = 0.97**weeks
        return {"summary": {**summary, "auc": 0.5 + kept * (summary["auc"] - 0.5)}, "type": "rf"}

    def write_scores(self, model: Model) -> None:
        """Write no scores."""


def _made_up(source: str, target: str, collect: int) -> Json:
    auc = random.Random(f"{source}{target}{collect}").uniform(0.72, 0.96)
    counts = ("true_positive", "false_negative", "false_positive", "true_negative")
    summary = {
        **dict.fromkeys(counts, 25),
        "auc": round(auc, 4),
        "rsq": 0.5,
        "accuracy": 7,
        "reach": 5,
        "health": "healthy",
        "target_predictions": {},
        "source_predictions": {},
        "msgs": [],
        "features": [],
    }
    return {"summary": summary, "type": "rf"}


@cache
def _segments() -> Directory:
    return made_up_directory()


@cache
def _handlers() -> dict[tuple[str, str, str, int, str], Handler]:
    """Return the sandbox's endpoints by method, base, first word, depth and last word."""
    found = {}
    for base, table in (("api", V1), ("v2", V2)):
        for method, path, handler in table:
            parts = path.strip("/").split("/")
            last = parts[-1] if parts[-1] != "{id}" else ""
            found[method, base, parts[0], len(parts), last] = handler
    return found


class Account:
    """Account 1234.

    Args:
        scheduler: the history's clock.
        dice: draws ids, and the order of lists where they have none.
        ways: how this account behaves: the sandbox's settings.
        reorders: whether lists come in another order each time.
        shouts: whether segments' ids are shown in upper case.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        dice: random.Random,
        ways: Mapping[str, Any],
        *,
        reorders: bool = False,
        shouts: bool = False,
    ) -> None:
        draw_ids_from(lambda: f"{dice.getrandbits(128):032x}")
        clock = _Clock(scheduler)
        settings = Settings(train=False, **ways)
        store = _Store(clock, dice if reorders else None)
        sizes = Sizes(settings, _segments(), Scores(store), clock)
        builds = SmallBuilds(settings, store, sizes, Fields(MADE_UP_FIELDS), None)
        builds._alarms = _Alarms(clock)
        self.world = World(
            settings=settings,
            store=store,
            directory=_segments(),
            sizes=sizes,
            builds=builds,
            log=RequestLog(clock),
            dialect=settings.dialect,
            behaviour=builds.behaviour,
        )
        self._clock = clock
        self._shouts = shouts
        self._asked = 0

    @property
    def models(self) -> Mapping[str, Model]:
        """Every model by id."""
        return self.world.store.models

    def live(self) -> list[str]:
        """Return the ids of the models that are live, in the order in which they were made."""
        return [model.id for model in self.models.values() if model.is_active]

    def answer(
        self, method: str, path: str, params: Mapping[str, str], sent: Mapping[str, Any] | None
    ) -> Reply:
        """Carry a request out, and answer it, as the sandbox would."""
        parts = path.strip("/").split("/")
        base, depth = parts[0], len(parts) - 1
        last = parts[-1] if depth != 2 else ""
        handler = _handlers()[method, base, parts[1], depth, last]
        body = b"" if sent is None else json.dumps(sent).encode()
        self._asked += 1
        now_s = self._clock.scheduler.now_s
        entry = Entry(self._asked, now_s, now_s, method, path, "", None, AID)
        placed = {"id": parts[2]} if depth >= 2 else {}
        v2 = base == "v2"
        dialect = "v2" if v2 else self.world.dialect
        call = Call(
            self.world, CALLERS[KEY], dialect, v2, method, dict(params), placed, body, entry
        )
        try:
            response = handler(call)
        except ApiError as error:
            response = refusal(error, self._clock.now_ns(), v2=v2)
        if self._shouts and depth == 1 and entry.model is not None:
            model = self.models[entry.model]
            model.odd = {"source": model.source.upper(), "target": model.target.upper()}
        content = bytes(response.body)
        return Reply(response.status_code, content, {"content-type": "application/json"})

    # --- what others do ---------------------------------------------------------------------

    def create(self, **changes: object) -> str:
        """Create a model as somebody else would, and return its id."""
        body = {
            "name": "of_somebody_else",
            "source": segment_id(AID, "all_users"),
            "target": segment_id(AID, "high_value"),
            "config": {"use_scores": True},
            **changes,
        }
        return str(json.loads(self.answer("POST", "/api/ml", {}, body).content)["data"]["id"])

    def change(self, model_id: str, **changes: object) -> None:
        """Change a model as somebody else would, past every rule."""
        outside.change(self.world, self.models[model_id], changes)

    def remove(self, model_id: str) -> None:
        """Remove a model as somebody else would."""
        self.world.builds.forget(model_id)
        self.world.store.delete(model_id)

    def pass_a_week(self) -> None:
        """Move the account a week on: models with `re_run` are trained anew."""
        self._clock.moved_ns += WEEK_NS
        self.world.builds.retrain_all()

    def behave(self, **ways: object) -> None:
        """Behave in another way from here on."""
        self.world.behave(replace(self.world.behaviour, **ways))  # type: ignore[arg-type]

    def spoil_the_next_build(self) -> None:
        """Let the training of the next model fail."""
        self.world.outcomes.append(Outcome(state="invalid", reason="on request", times=1))

    def spoil_nothing_more(self) -> None:
        """Let every training succeed from here on."""
        self.world.outcomes.clear()
