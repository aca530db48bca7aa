"""From building to complete or invalid: least build times, live or not, restarts."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from sandbox import clock
from sandbox.alarms import Alarms
from sandbox.api import rules
from sandbox.audiences.scores import Written
from sandbox.audiences.sizes import Sizes
from sandbox.building import reading
from sandbox.building.chosen import chosen_fields, field_messages, no_features_because
from sandbox.building.made_up import digest, make_up_summary
from sandbox.models import Model
from sandbox.people.fields import Fields
from sandbox.settings import LIVE_MODELS_MAX, Settings
from sandbox.store import Store

JsonObject = dict[str, Any]
Done = Callable[[JsonObject], None]
CHANCE = 0.5
"""The AUC of scores that tell nothing."""
SCORING_WORKS = 2
"""Works that a deployed model has besides the one that built it (go-lytics recorded data)."""


class Trainer(Protocol):
    """What trains; it answers with ``{"summary", "type", "predictions"}`` or ``{"reason"}``."""

    def submit(self, job: JsonObject, done: Done) -> None:
        """Train, and call back on the event loop."""

    def close(self) -> None:
        """Stop at once, whatever is being trained."""


class Builds:
    """All builds of a sandbox; they go on where they were after a restart.

    Attributes:
        fields: what profiles hold.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        sizes: Sizes,
        fields: Fields,
        trainer: Trainer | None,
    ) -> None:
        self._settings = settings
        self.behaviour = settings.alone()
        self._store = store
        self._sizes = sizes
        self._directory = sizes.directory
        self.fields = fields
        self._trainer = trainer
        self._alarms = Alarms(store.clock)
        self._open: dict[str, asyncio.Event] = {}

    def resume(self) -> None:
        """Start every unfinished build again."""
        for model in list(self._store.models.values()):
            if model.state == "building" or self._misses_a_week(model):
                self.start(model)
            elif model.live_due_ns:
                self._go_live_when_due(model)

    def close(self) -> None:
        """Stop; what is unfinished starts again with the next sandbox on this folder."""
        self._alarms.close()
        if self._trainer:
            self._trainer.close()

    def forget(self, model_id: str) -> None:
        """Drop the build of a model that is gone or was changed from outside."""
        self._alarms.cancel(model_id)
        if over := self._open.pop(model_id, None):
            over.set()

    def clock_moved(self) -> None:
        """End what is due by now."""
        self._alarms.clock_moved()

    async def settled(self) -> None:
        """Wait until every build that is due by now is over."""
        while due := [over for model_id, over in self._open.items() if self._is_due(model_id)]:
            await asyncio.gather(*(over.wait() for over in due))

    def _is_due(self, model_id: str) -> bool:
        return self._store.models[model_id].due_ns <= self._store.clock.now_ns()

    def retrain_all(self) -> list[Model]:
        """Begin the weekly training of every model with ``re_run`` that was complete once.

        A model that is due for its first build is left alone. What is trained in the last of
        several weeks is all that is ever seen, so the weeks between need no training.
        """
        begun = [model for model in self._store.models.values() if self._misses_a_week(model)]
        for model in begun:
            self._retrain(model)
        return begun

    def _misses_a_week(self, model: Model) -> bool:
        early = model.id in self._open or model.state == "building" or not model.built
        return model.config.re_run and not early and model.week < self._store.clock.week

    def _retrain(self, model: Model) -> None:
        """Train a model anew: it stays as it is meanwhile, or builds again (``--retrain``)."""
        model.due_ns = self._store.clock.now_ns()
        if self.behaviour.retrain == "building":
            model.state = "building"
            model.due_ns += int(self._settings.build_s * clock.NS)
            model.touch(self._store.clock.now_ns())
        self._store.save(model)
        self.start(model)

    def start(self, model: Model) -> None:
        """Begin a build; it ends at the model's due time or when training does, if later."""
        over = self._open[model.id] = asyncio.Event()
        weeks, model.week = self._store.clock.week - model.week, self._store.clock.week
        reason = self._hopeless_because(model)
        if reason or self._trainer is None or model.outcome:
            made_up = {"reason": reason} if reason else self.make_up(model, weeks)
            self._finish_when_due(model, over, made_up)
            return
        job = {
            "seed": self._seed(model),
            "population_seed": self._settings.seed,
            "profiles": str(self._settings.profiles) if self._settings.profiles else None,
            "week": model.week,
            "drift": self._settings.drift,
            "aid": model.aid,
            "source": self._slug(model, model.source),
            "target": self._slug(model, model.target),
            "config": model.as_record()["config"],
            "members": self._defined_members(model),
        }
        self._trainer.submit(job, lambda result: self._finish_when_due(model, over, result))

    def _seed(self, model: Model) -> int:
        """Return what a training's randomness grows from; each week draws other users."""
        asked = (model.aid, model.source, model.target, model.config)
        return digest(self._settings.seed, *asked, week=model.week)

    def _defined_members(self, model: Model) -> dict[str, list[int]]:
        """Return the users of source and target where the population doesn't know them."""
        segments = [self._directory.find(model.aid, key) for key in (model.source, model.target)]
        return {
            segment.slug: self._sizes.users(model.aid, segment.id)
            for segment in segments
            if segment and segment.plan.definition is not None
        }

    def _slug(self, model: Model, segment_id: str) -> str:
        segment = self._directory.find(model.aid, segment_id)
        return segment.slug if segment else ""

    def _hopeless_because(self, model: Model) -> str:
        source = self._directory.find(model.aid, model.source)
        target = self._directory.find(model.aid, model.target)
        if not source or not target:
            return "a segment of this model no longer exists"
        reason = rules.invalid_because(source, target)
        if reason:
            return reason
        return no_features_because(self.fields, model.config)

    def make_up(self, model: Model, weeks: int = 0) -> JsonObject:
        """Return the result of a build without training.

        A model that is trained anew after some weeks predicts less well than before. One that is
        built for the first time does so by as much as the population has drifted since the start.
        """
        asked = (model.aid, model.source, model.target, model.config)
        seed = digest(self._settings.seed, *asked)
        fields = chosen_fields(self.fields.usable, model.config)
        kind = ("rf", "gbm", "lr")[seed % 3] if model.config.auto_tune else "rf"
        before = self._store.summary(model.id) if model.built else None
        kept = (1 - self._settings.drift) ** (weeks if before else model.week)
        summary = make_up_summary(seed, fields, kept, before)
        summary["msgs"] += field_messages(self.fields, model.config)
        return {"summary": summary, "type": kind}

    def _finish_when_due(self, model: Model, over: asyncio.Event, result: JsonObject) -> None:
        if self._open.get(model.id) is over:
            self._alarms.set(model.id, model.due_ns, partial(self._finish, model, result))

    def _finish(self, model: Model, result: JsonObject) -> None:
        self._open.pop(model.id).set()
        told = None if model.built else model.outcome
        reason = result.get("reason", "")
        if told and told.state == "invalid":
            reason = told.reason or "made invalid on request"
        if reason:
            self._fail(model, reason)
            return
        summary = result["summary"]
        if told:
            apply_numbers(summary, told.summary)
        self._complete(model, summary, result)

    def _fail(self, model: Model, reason: str) -> None:
        model.state, model.reason = "invalid", reason
        self._touch(model)
        self._store.save(model, empty_summary(reason))

    def _complete(self, model: Model, summary: JsonObject, result: JsonObject) -> None:
        model.state, model.reason, model.type = "complete", "", result["type"]
        model.is_healthy = summary["health"] == "healthy"
        self._touch(model)
        after_s = self.behaviour.live_after_s
        waits = model.config.build_only and self.behaviour.build_only == "kept"
        stays = waits or model.stopped or model.is_active or model.built
        by_itself = not stays and after_s is not None
        model.built = True
        if by_itself and after_s:
            model.live_due_ns = self._store.clock.now_ns() + int(after_s * clock.NS)
        elif by_itself:
            self._go_live(model, summary)
        self._store.save(model, summary, result.get("predictions"), result.get("scores"))
        self.write_scores(model)
        if model.live_due_ns:
            self._go_live_when_due(model)

    def _touch(self, model: Model) -> None:
        """Move ``updated`` to the end of a build, which for a training anew is when it was due."""
        model.touch(model.due_ns if model.built else self._store.clock.now_ns())

    def _go_live_when_due(self, model: Model) -> None:
        self._alarms.set(model.id, model.live_due_ns, partial(self._go_live_late, model))

    def _go_live_late(self, model: Model) -> None:
        model.live_due_ns = 0
        summary = self._store.summary(model.id) or empty_summary("")
        if not (model.is_active or model.stopped):
            self._go_live(model, summary)
            model.touch(self._store.clock.now_ns())
        self._store.save(model, summary)
        self.write_scores(model)

    def write_scores(self, model: Model) -> None:
        """Have a live model score its source's users; one that isn't live writes nothing."""
        summary = self._store.summary(model.id)
        if not model.is_active or model.state != "complete" or summary is None:
            return
        auc = summary.get("auc")
        written = Written(
            source=self._slug(model, model.source),
            target=self._slug(model, model.target),
            seed=self._seed(model),
            auc=auc if isinstance(auc, float | int) else CHANCE,
            packed=self._store.scores(model.id),
        )
        self._sizes.scores.write(model, written)

    def _go_live(self, model: Model, summary: JsonObject) -> None:
        if self._store.live_count(model.aid) >= LIVE_MODELS_MAX:
            text = f"Not activated: the account has {LIVE_MODELS_MAX} active models."
            summary["msgs"].append(reading.message(text, "warn", "summary", "workflow"))
            return
        model.is_active = True
        for _ in range(SCORING_WORKS):
            model.new_work()


def apply_numbers(summary: JsonObject, numbers: JsonObject) -> None:
    """Replace numbers of a summary, and what is read off R² unless that is given too."""
    summary.update(numbers)
    if "rsq" in numbers:
        if "accuracy" not in numbers:
            summary["accuracy"] = reading.accuracy_of(numbers["rsq"])
        if "health" not in numbers:
            summary["health"] = reading.health_of(numbers["rsq"])


def empty_summary(reason: str) -> JsonObject:
    """Return the summary of a model that couldn't be built: no number, one error message."""
    counts = ("true_positive", "false_negative", "false_positive", "true_negative")
    return {
        **dict.fromkeys(counts, 0),
        "health": "unhealthy",
        "target_predictions": {},
        "source_predictions": {},
        "msgs": [reading.message(reason, "error", "summary", "verdict")] if reason else [],
        "features": [],
    }
