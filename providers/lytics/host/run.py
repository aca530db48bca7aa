"""What one run of the engine knows: the account, what was looked at, and what it did so far.

The engine starts one provider host process for an operation, and the host calls the lifecycle
methods of all resources on several threads. Which ids are in use, which are being replaced and
which were trained before can only be known here: the engine tells a create nothing of the state.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from providers.lytics.account.model_list import Look, Looks
from providers.lytics.api.settings import Settings
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.errors import (
    AccountError,
    ForbiddenError,
    LyticsError,
    RequestError,
)
from providers.lytics.host.declared import Declarations, Declared
from providers.lytics.host.engine.log import tell, warn
from providers.lytics.host.used import Users
from providers.lytics.pages import page
from providers.lytics.shapes import Model
from providers.lytics.states import ask_holdings
from providers.lytics.timing import REAL, Timing

if TYPE_CHECKING:
    from providers.lytics.api.client import LyticsClient


class Run:
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
        self.settings = settings
        self.timing = timing
        self.say = say
        self.warn = warn if say is tell else say
        self.users = Users(self)
        self.swapping = timing.lock()
        self._client = client
        self._lock = threading.RLock()
        self.declared = Declarations()
        self._ask_holdings = holdings
        self._asking = threading.Lock()
        self._holdings: tuple[Holding, ...] | None = None
        self._aid = settings.account_id
        self._looks: Looks | None = None
        self._sending = 0
        self._told: set[str] = set()
        self._held: set[str] = set()
        self._baseline: frozenset[str] | None = None

    @property
    def client(self) -> "LyticsClient":
        """The client, made when it is first needed: an `up` without changes needs none."""
        with self._lock:
            if self._client is None:
                from providers.lytics.api.client import LyticsClient  # noqa: PLC0415 - as said above

                self._client = LyticsClient(
                    self.settings, timing=self.timing, tell_trouble=self.say, tell_odd=self.say
                )
            return self._client

    @property
    def looks(self) -> Looks:
        """The looks into ML List that all resources of the run share."""
        with self._lock:
            if self._looks is None:
                self._looks = Looks(self.client.list_models, self.timing)
            return self._looks

    def words_for(self, error: LyticsError) -> str:
        """Return an error's sentence; trouble that every operation meets is told in full only once.

        When the API breaks while dozens of operations are under way, each of them fails. So does
        each model that leaves where the stack file, which says how, can't be used.
        """
        about = error.what if isinstance(error, RequestError) else str(error)
        if error.is_general and not self._is_news(about):
            return "the same trouble; another error of this run says which"
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

    @property
    def account_id(self) -> int | None:
        """The number of the account that state or config speak of, None before either has."""
        return self._aid

    def expect_account(self, aid: object) -> None:
        """Note the account that a state speaks of."""
        if aid is None:
            return
        number = int(float(str(aid)))
        with self._lock:
            if self._aid is not None and self._aid != number:
                raise AccountError(self._wrong_account(self._aid, number, "the state"))
            self._aid = number

    def prove_account(self, look: Look | None = None) -> int | None:
        """Return the number of the account that the key opens, if anything in it says so.

        Raises:
            AccountError: it isn't the account that the state or the config speaks of.
        """
        aid = (look or self.looks.any()).aid
        profile = self.settings.profile
        has_mark = profile is not None and profile.account is not None
        if aid is None and (self._aid is not None or has_mark):
            aid = self._segments_account()
        if aid is None:
            # Nothing in the account says its number: lytics:accountId is taken to be right.
            aid = self.settings.account_id
        self.check_account(aid)
        self.check_profile(aid)
        return aid

    def _segments_account(self) -> int | None:
        """Return the number that the account's segments say, None if they don't.

        Raises:
            ForbiddenError: the key may not see them, and no lytics:accountId vouches for it.
        """
        try:
            return next((s.aid for s in self.client.list_segments() if s.aid is not None), None)
        except ForbiddenError:
            if self.settings.account_id is None and self._aid is not None:
                raise
            return None

    def check_account(self, aid: int | None) -> None:
        """Refuse to go on with an object of another account.

        Raises:
            AccountError: the number differs from the state's or the config's.
        """
        with self._lock:
            if aid is not None and self._aid is not None and aid != self._aid:
                raise AccountError(self._wrong_account(self._aid, aid, "the key"))

    def check_profile(self, aid: int | None) -> None:
        """Refuse to go by the profile of another account.

        Raises:
            AccountError: the settings name such a profile.
        """
        profile = self.settings.profile
        if aid is not None and profile is not None and not profile.is_of(aid):
            what = (
                "lytics:account names the profile of another account. Name this one's, or write "
                "it anew: lytics-ml doctor --try --save FILE"
            )
            raise AccountError(what)

    @staticmethod
    def _wrong_account(expected: object, got: object, whose: str) -> str:
        helps = (
            "Use the key of the account that this stack manages (LIOKEY wins over lytics:apiKey)"
            if whose == "the key"
            else "Correct lytics:accountId, or bring up a stack of its own for that account"
        )
        what = f"{whose} belongs to account {got}, expected account {expected}"
        return f"{what}. Nothing was changed. {helps}. See {page('concepts/account')}"

    def find(self, model_id: str, look: Look) -> Model | None:
        """Return a model, or None when it is gone for certain.

        A model that ML List doesn't show is gone only if a GET by its id says 404 and the key
        is proven to be the right account's: a key of another account must never empty a state.

        Raises:
            AccountError: the key is another account's, or nothing proves whose it is.
            ConflictError: it is there, and can't be read.
        """
        model = look.models.get(model_id)
        if model is None:
            model = self.client.fetch_model(model_id)
        if model is not None:
            self.check_account(model.aid)
            model.require_readable()
            return model
        if self.prove_account(look) is None:
            what = (
                f"model {model_id} isn't found, and nothing in the account says whose it is: it "
                "may be another account's key. Nothing was changed. Set lytics:accountId to go on"
            )
            raise AccountError(what)
        return None


_runs: dict[str, Run] = {}
_runs_lock = threading.Lock()


def start_run(config: Callable[[str], Any]) -> Run:
    """Return this process' run, started at the first call; both providers share it."""
    with _runs_lock:
        if "run" not in _runs:
            _runs["run"] = Run(Settings.read(config), holdings=ask_holdings)
        return _runs["run"]
