"""What one run of the engine knows: the account, what was looked at, and what it did so far.

The engine starts one provider host process for an operation, and the host calls the lifecycle
methods of all resources on several threads. Which ids are in use, which are being replaced and
which were trained before can only be known here: the engine tells a create nothing of the state.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from providers.lytics.account.opened import OpenedAccount
from providers.lytics.api.settings import Settings
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.errors import (
    ConflictError,
    LyticsError,
    RequestError,
)
from providers.lytics.host.declared import Declarations, Declared
from providers.lytics.host.engine.log import tell, warn
from providers.lytics.host.used import Users
from providers.lytics.states import ask_holdings
from providers.lytics.timing import REAL, Timing

if TYPE_CHECKING:
    from providers.lytics.api.client import LyticsClient


class Run(OpenedAccount):
    """One operation of the engine against one account; shared by all threads of the host.

    Args:
        settings: the account.
        client: replaces the client in tests.
        say: where sentences for the user go.
        timing: clock, sleep, chance and pauses.
        holdings: asks which models the states of the project's stacks have.
    """

    def __init__(
        self,
        settings: Settings,
        client: "LyticsClient | None" = None,
        say: Callable[[str], None] = tell,
        timing: Timing = REAL,
        holdings: Callable[[], Iterable[Holding]] = tuple,
    ) -> None:
        super().__init__(settings, client, say, timing)
        self.warn = warn if say is tell else say
        self.users = Users(self)
        self.swapping = timing.lock()
        self.declared = Declarations()
        self._ask_holdings = holdings
        self._asking = threading.Lock()
        self._holdings: tuple[Holding, ...] | None = None
        self._sending = 0
        self._told: set[str] = set()
        self._held: set[str] = set()
        self._baseline: frozenset[str] | None = None

    def words_for(self, error: LyticsError) -> str:
        """Return an error's sentence; trouble that every operation meets is told in full only once.

        When the API breaks while dozens of operations are under way, each of them fails. So does
        each model that leaves where the stack file, which says how, can't be used.
        """
        about = error.what if isinstance(error, RequestError) else str(error)
        if error.is_general and not self._is_news(about):
            return "the same error as another operation of this run, which shows it in full"
        return str(error)

    def say_once(self, about: str, sentence: str) -> None:
        """Show a sentence unless one about the same thing has been shown."""
        if self._is_news(about):
            self.say(sentence)

    def _is_news(self, about: str) -> bool:
        with self._lock:
            is_news = about not in self._told
            self._told.add(about)
        return is_news

    def baseline(self) -> frozenset[str]:
        """Return the ids that were there before this run created anything."""
        if self._baseline is None:
            look = self.looks.any()
            with self._lock:
                self._baseline = self._baseline or frozenset(look.models)
        return self._baseline

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Count the creates that have no reply yet."""
        with self._lock:
            self._sending += 1
        try:
            yield
        finally:
            with self._lock:
                self._sending -= 1

    def gather(self) -> None:
        """Wait for the creates that will want the next look as well, for half a second at most.

        A create alone doesn't wait; of a thousand at once, a few dozen looks serve all.
        """
        end_s = self.timing.monotonic() + self.timing.longest_gather_s
        while self._sending and self.timing.monotonic() < end_s:
            self.timing.sleep(self.timing.gather_step_s)

    def lineage_of(self, model_id: str) -> Declared | None:
        """Return what is known of the declaration that has come to a model in this run."""
        return self.declared.of_model(model_id)

    def note_held(self, model_id: str) -> None:
        """Note that a model was still being built when it was declared not to go live by itself."""
        with self._lock:
            self._held.add(model_id)

    def is_held(self, model_id: str) -> bool:
        """Tell whether a model, if it is live now, went live before its gate let it."""
        with self._lock:
            return model_id in self._held

    def owner(self, model_id: str) -> str | None:
        """Return the key of the resource of this run that is this model."""
        return self.declared.owner(model_id)

    def holdings(self) -> tuple[Holding, ...]:
        """Return the models that the states of the project's stacks have, asked for once.

        Raises:
            ConflictError: Pulumi can't tell.
        """
        with self._asking:
            if self._holdings is None:
                self._holdings = tuple(self._ask_holdings())
            return self._holdings

    def holdings_told(self) -> tuple[Holding, ...]:
        """Return what `holdings` does, nothing where Pulumi can't tell."""
        try:
            return self.holdings()
        except ConflictError:
            return ()


_runs: dict[str, Run] = {}
_runs_lock = threading.Lock()


def start_run(config: Callable[[str], Any]) -> Run:
    """Return this process' run, started at the first call; both providers share it."""
    with _runs_lock:
        if "run" not in _runs:
            _runs["run"] = Run(Settings.read(config), holdings=ask_holdings)
        return _runs["run"]
