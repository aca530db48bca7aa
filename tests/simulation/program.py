"""The user's program in a run: it looks at the account first, and waits for what is built."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.liveness import Unheeded
from providers.lytics.errors import LyticsError
from providers.lytics.program.builds import settling
from providers.lytics.program.builds.watcher import BuildWatcher
from providers.lytics.timing import Timing
from tests.simulation.scheduler import KilledError
from tests.simulation.state import Stored

if TYPE_CHECKING:
    from providers.lytics.program.program import Program

BUILD_TIMEOUT_S = 4 * 3600.0


class _Inline(ThreadPoolExecutor):
    """Runs at once, in the thread that asks: the simulation's threads are others."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":  # noqa: ANN401 - as its base
        """Run it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(exc)
        return future


_loops = threading.local()


def _driven(coroutine: Any) -> Any:  # noqa: ANN401 - whatever it returns
    """Run a coroutine to its end, or to the program's, on this thread's own event loop."""
    if not hasattr(_loops, "loop"):
        _loops.loop = asyncio.new_event_loop()
        _loops.loop.set_default_executor(_Inline())
        _loops.loop.set_exception_handler(lambda *_: None)
    loop: asyncio.AbstractEventLoop = _loops.loop
    try:
        return loop.run_until_complete(coroutine)
    except KilledError:
        # What was under way dies with the program; the loop serves the next one.
        under_way = asyncio.all_tasks(loop)
        for task in under_way:
            task.cancel()
        if under_way:
            loop.run_until_complete(asyncio.gather(*under_way, return_exceptions=True))
        raise


class SmallProgram:
    """What a program shares in one run.

    Args:
        settings: the account.
        client: its own connection.
        timing: the history's clock.
        say: where sentences go.
    """

    def __init__(
        self, settings: Settings, client: LyticsClient, timing: Timing, say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._client = client
        self._timing = timing
        self._say = say
        self._first: dict[str, Any] = {}

    def look_first(self) -> str:
        """Look before anything is declared; return why that failed, "" if it didn't."""
        try:
            self._first = {model.id: model for model in self._client.list_models()}
        except LyticsError as exc:
            return str(exc)
        return ""

    def wait(self, key: str, declared: ModelDeclaration, stored: Stored) -> str:
        """Wait for a model's build, and see to `is_active`; return what is wrong with it."""
        client = self._client
        known = self._first.get(stored.id)
        if known is not None and known.was_once_complete and not known.is_invalid:
            built: Any = SimpleNamespace(model=known, problem="", is_late=False, was_awaited=False)
        else:
            watcher = BuildWatcher(
                client.list_models,
                lambda _line: None,
                live=False,
                why_invalid=client.why_invalid,
                is_gone=lambda model_id: client.fetch_model(model_id) is None,
                settle_s=self._settings.settle_s,
                timing=self._timing,
            )
            built = _driven(watcher.built(key, stored.id, BUILD_TIMEOUT_S))
        if built.problem:
            return str(built.problem)
        if declared.activation is not None or declared.is_active is None:
            return ""
        kept = Unheeded.kept(stored.outputs)
        was_built = stored.outputs.get("state") == "complete"
        traits = SimpleNamespace(key=key, is_active=declared.is_active)
        program = SimpleNamespace(client=client, watcher=SimpleNamespace(remember=lambda _: None))
        failure = _driven(
            settling.made_true(
                cast("Program", program),
                cast("Any", SimpleNamespace(traits=traits)),
                built,
                kept,
                was_built=was_built,
            )
        )
        return "" if failure is None else failure.what
