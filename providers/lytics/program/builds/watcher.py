"""Waits for builds: one watcher, one ML List per poll, however many models are building.

The provider's host has four threads, so nothing waits there; here a thousand waits cost one task on
the program's event loop.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from providers.lytics.shapes import Model
from providers.lytics.timing import REAL, Timing

POLL_GROWTH = 1.4
MOST_NAMED = 3


@dataclass(frozen=True)
class Built:
    """How a wait ended.

    Attributes:
        model: what ML List showed last, None if it didn't show the model.
        problem: why the model isn't built, "" when it is.
        is_late: whether it was given up or not waited for; it may still be built.
        was_awaited: whether it wasn't trained yet when this run first looked, and is now.
    """

    model: Model | None
    problem: str = ""
    is_late: bool = False
    was_awaited: bool = False


@dataclass
class _Wait:
    key: str
    since_s: float
    until_s: float
    done: "asyncio.Future[Built]"


class BuildWatcher:
    """Polls ML List for all models that are still building.

    Args:
        list_models: asks the API; called in a thread.
        show: shows how far the builds are.
        live: whether `show` changes one line, or writes one each time.
        why_invalid: asks the API why a model's training failed; called in a thread.
        is_gone: asks the API by its id whether a model that isn't listed is there; in a thread.
        settle_s: seconds that ML List may take to show a new model.
        timing: clock, sleep, chance, and how long the pauses are.
    """

    def __init__(  # noqa: PLR0913 - what it asks and tells, each replaced by itself in tests
        self,
        list_models: Callable[[], list[Model]],
        show: Callable[[str], None],
        *,
        live: bool,
        why_invalid: Callable[[Model], str] = lambda model: model.reason,
        is_gone: Callable[[str], bool] = lambda _: False,
        settle_s: float = 0.0,
        timing: Timing = REAL,
    ) -> None:
        self._timing = timing
        self._list_models = list_models
        self._why_invalid = why_invalid
        self._is_gone = is_gone
        self._settle_s = settle_s
        self._show = show
        self._line_s = timing.live_line_s if live else timing.log_line_s
        self._waits: dict[str, _Wait] = {}
        self._seen: dict[str, Model] = {}
        self._finished = 0
        self._task: asyncio.Task[None] | None = None

    def look(self) -> dict[str, Model]:
        """Return the newest look, {} before the first."""
        return self._seen

    def look_first(self, models: list[Model]) -> None:
        """Take ML List as the run first saw it, before any model is declared."""
        self._see(models)

    def remember(self, model: Model) -> None:
        """Put a model that the API has just returned into the newest look."""
        self._seen = {**self._seen, model.id: model}

    async def look_again(self) -> dict[str, Model]:
        """Ask once more, and return every model by id."""
        await asyncio.to_thread(self._look)
        return self._seen

    def _look(self) -> None:
        self._see(self._list_models())

    def _see(self, models: list[Model]) -> None:
        self._seen = {model.id: model for model in models}

    async def built(self, key: str, model_id: str, timeout_s: float) -> Built:
        """Wait until a model is trained, invalid, or its time is over.

        What has once been complete isn't waited for, also while it is trained again.

        Args:
            key: the declaration's key.
            model_id: the model.
            timeout_s: seconds to wait at most.
        """
        known = self._seen.get(model_id)
        if known is not None and known.was_once_complete and not known.is_invalid:
            return Built(known)
        now_s = self._timing.monotonic()
        wait = self._waits.get(model_id)
        if wait is None:
            done = asyncio.get_running_loop().create_future()
            wait = self._waits[model_id] = _Wait(key, now_s, now_s + timeout_s, done)
        wait.until_s = max(wait.until_s, now_s + timeout_s)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._poll())
        return await asyncio.shield(wait.done)

    async def _poll(self) -> None:
        try:
            await self._poll_until_all_ended()
        except Exception as exc:  # noqa: BLE001 - whatever it is, nobody must wait for ever
            self._give_up(exc)

    async def _poll_until_all_ended(self) -> None:
        pause_s = self._timing.polls.first_s
        told_s = self._timing.monotonic()
        while self._waits:
            await asyncio.to_thread(self._look)
            await self._settle()
            if not self._waits:
                return
            told_s = await self._pause(pause_s * self._timing.uniform(0.8, 1.2), told_s)
            pause_s = min(pause_s * POLL_GROWTH, self._timing.polls.longest_s)

    async def _pause(self, pause_s: float, told_s: float) -> float:
        """Sleep until the next poll, keeping the line on the screen fresh."""
        end_s = self._timing.monotonic() + pause_s
        while (now_s := self._timing.monotonic()) < end_s:
            if now_s - told_s >= self._line_s:
                self._show(self._line(now_s))
                told_s = now_s
            await self._timing.sleep_async(min(self._line_s, end_s - now_s))
        return told_s

    async def _settle(self) -> None:
        now_s = self._timing.monotonic()
        for model_id, wait in list(self._waits.items()):
            model = self._seen.get(model_id)
            if model is not None and model.is_invalid:
                why = await asyncio.to_thread(self._why_invalid, model)
                ended: Built | None = _invalid(model, wait, why)
            elif model is None and await self._has_gone(model_id, wait, now_s):
                ended = _gone(model_id)
            else:
                ended = _ended(model, model_id, wait, now_s)
            if ended is not None:
                self._finish(model_id, ended)

    async def _has_gone(self, model_id: str, wait: _Wait, now_s: float) -> bool:
        # A list that lags is no proof, nor is a look at a model that nobody waits for any more.
        if now_s < min(wait.since_s + self._settle_s, wait.until_s):
            return False
        return await asyncio.to_thread(self._is_gone, model_id)

    def _give_up(self, error: Exception) -> None:
        for model_id in list(self._waits):
            problem = f"could not be watched: {error}. pulumi up goes on waiting for it"
            self._finish(model_id, Built(self._seen.get(model_id), problem, is_late=True))

    def _finish(self, model_id: str, ended: Built) -> None:
        self._finished += 1
        self._waits.pop(model_id).done.set_result(ended)

    def _line(self, now_s: float) -> str:
        oldest = sorted(self._waits.values(), key=lambda wait: wait.since_s)
        named = ", ".join(
            f"{wait.key} {_duration(now_s - wait.since_s)}" for wait in oldest[:MOST_NAMED]
        )
        more = f" and {len(oldest) - MOST_NAMED} more" if len(oldest) > MOST_NAMED else ""
        total = self._finished + len(oldest)
        return f"{self._finished} of {total} built, {named}{more}"


def _invalid(model: Model, wait: _Wait, why: str) -> Built:
    reason = f": {why.rstrip('.')}" if why else ", Lytics gives no reason"
    again = f"bin/lytics-ml retrain {wait.key} trains it anew"
    return Built(model, f"model {model.id} is invalid{reason}. {again}")


def _gone(model_id: str) -> Built:
    again = "pulumi up --refresh trains what is declared anew"
    return Built(None, f"model {model_id} is gone from the account. {again}")


def _ended(model: Model | None, model_id: str, wait: _Wait, now_s: float) -> Built | None:
    if model is not None and model.was_once_complete:
        return Built(model, was_awaited=True)
    if now_s >= wait.until_s:
        state = f"is in state '{model.state}'" if model else "isn't in ML List"
        waited = _duration(wait.until_s - wait.since_s)
        problem = (
            f"model {model_id} {state} after {waited}. pulumi up goes on waiting; "
            "build_timeout gives it longer"
        )
        return Built(model, problem, is_late=True)
    return None


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
