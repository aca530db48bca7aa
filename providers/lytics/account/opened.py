"""An account as one operation sees it: its client, its models, and whose it is."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from providers.lytics.account.model_list import Look, Looks
from providers.lytics.api.settings import Settings
from providers.lytics.errors import AccountError, ForbiddenError
from providers.lytics.pages import page
from providers.lytics.shapes import Model
from providers.lytics.timing import REAL, Timing

if TYPE_CHECKING:
    from providers.lytics.api.client import LyticsClient


class OpenedAccount:
    """The account that a key opens; shared by all threads of an operation.

    Args:
        settings: address, key, and what they say of the account.
        client: speaks to it; None makes one when it is first needed.
        say: where sentences for the user go.
        timing: clock, sleep, chance and pauses.
    """

    def __init__(
        self,
        settings: Settings,
        client: "LyticsClient | None" = None,
        say: Callable[[str], None] = lambda _line: None,
        timing: Timing = REAL,
    ) -> None:
        self.settings = settings
        self.timing = timing
        self.say = say
        self._client = client
        self._lock = threading.RLock()
        self._aid = settings.account_id
        self._looks: Looks | None = None

    @property
    def client(self) -> "LyticsClient":
        """The client, made when it is first needed: an `up` without changes needs none."""
        with self._lock:
            if self._client is None:
                from providers.lytics.api.client import LyticsClient  # noqa: PLC0415 - httpx is large

                self._client = LyticsClient(
                    self.settings, timing=self.timing, tell_trouble=self.say, tell_odd=self.say
                )
            return self._client

    @property
    def looks(self) -> Looks:
        """The looks into ML List that all who ask share."""
        with self._lock:
            if self._looks is None:
                self._looks = Looks(self.client.list_models, self.timing)
            return self._looks

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
                "may be another account's key. Nothing was changed. Set lytics:accountId to go on. "
                f"See {page('concepts/account')}"
            )
            raise AccountError(what)
        return None
