"""ML List, asked for as seldom as possible: one look serves every thread that can use it."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from providers.lytics.domain.identity import NameIndex
from providers.lytics.shapes import Model
from providers.lytics.timing import REAL, Timing


@dataclass(frozen=True)
class Look:
    """What ML List showed.

    Attributes:
        started_s: when the request was about to be sent, on the monotonic clock.
        models: the account's models by id.
    """

    started_s: float
    models: Mapping[str, Model]

    @property
    def aid(self) -> int | None:
        """The account's number, None if no model says it."""
        return next((m.aid for m in self.models.values() if m.aid is not None), None)


class Looks:
    """The looks of one run.

    A caller says how old a look may be. At most one request runs at a time. Other callers wait for
    its reply, or for the next one if it was sent too early for them.

    Args:
        fetch: asks the API for all models.
        timing: the clock.

    Attributes:
        names: finds the models of all looks by name.
    """

    def __init__(self, fetch: Callable[[], list[Model]], timing: Timing = REAL) -> None:
        self._fetch = fetch
        self._now_s = timing.monotonic
        self._fetching = timing.lock()
        self._changing = threading.Lock()
        self._last: Look | None = None
        self._failure: tuple[float, Exception] | None = None
        # What this run wrote, and when: a look that was sent earlier doesn't know of it.
        self._written: dict[str, tuple[float, Model | None]] = {}
        self.names = NameIndex()

    def at_most_old(self, age_s: float) -> Look:
        """Return a look whose request was sent at most so many seconds before this call."""
        return self._since(self._now_s() - age_s)

    def any(self) -> Look:
        """Return the newest look of the run, the first one if there is none yet."""
        return self._since(float("-inf"))

    def now(self, gather: Callable[[], None] | None = None) -> Look:
        """Return a look whose request is sent after this call.

        Args:
            gather: waits before the request, so that other callers share its reply.
        """
        return self._since(self._now_s(), gather)

    def remember(self, model: Model) -> None:
        """Put a model that the API has just returned into this and every look under way."""
        self._write(model.id, model)

    def forget(self, model_id: str) -> None:
        """Take a model that has just been deleted out of this and every look under way."""
        self._write(model_id, None)

    def _write(self, model_id: str, model: Model | None) -> None:
        with self._changing:
            self._written[model_id] = (self._now_s(), model)
            if model is not None:
                self.names.learn(model.id, model.name)
            if self._last is not None:
                self._last = self._overlaid(self._last.started_s, self._last.models, [model_id])

    def _overlaid(self, started_s: float, models: Mapping[str, Model], ids: Iterable[str]) -> Look:
        changed = dict(models)
        for model_id in ids:
            _, model = self._written[model_id]
            if model is None:
                changed.pop(model_id, None)
            else:
                changed[model_id] = model
        return Look(started_s, changed)

    def _since(self, earliest_s: float, gather: Callable[[], None] | None = None) -> Look:
        called_s = self._now_s()
        # Another thread may fetch the list while we wait for the lock: reuse its result or error.
        if (ready := self._ready(earliest_s)) is not None:
            return ready
        with self._fetching:
            if (ready := self._ready(earliest_s)) is not None:
                return ready
            if self._failure is not None and self._failure[0] > called_s:
                raise self._failure[1]
            if gather is not None:
                gather()
            started_s = self._now_s()
            try:
                models = {model.id: model for model in self._fetch()}
            except Exception as exc:
                self._failure = (self._now_s(), exc)
                raise
            with self._changing:
                for model in models.values():
                    self.names.learn(model.id, model.name)
                # The reply already shows what was written before the request was sent.
                self._written = {i: w for i, w in self._written.items() if w[0] >= started_s}
                self._last = self._overlaid(started_s, models, self._written)
                return self._last

    def _ready(self, earliest_s: float) -> Look | None:
        last = self._last
        return last if last is not None and last.started_s > earliest_s else None
