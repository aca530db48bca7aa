"""What one run of the user's program shares: settings, connection, watcher, segments, outcomes."""

import asyncio
import os
from functools import cached_property
from typing import TYPE_CHECKING

import pulumi

from providers.lytics.api.setting_table import KEY_VARIABLE
from providers.lytics.api.settings import Settings, keys_differ
from providers.lytics.program.ahead import Ahead
from providers.lytics.program.ending.exit import warn_now
from providers.lytics.program.ending.outcomes import Aftermath, Outcomes
from providers.lytics.timing import REAL, Timing

if TYPE_CHECKING:
    import httpx

    from providers.lytics.api.client import LyticsClient
    from providers.lytics.program.builds.watcher import BuildWatcher
    from providers.lytics.program.resources.model import MlModel
    from providers.lytics.program.segment_lookup import SegmentLookup
    from providers.lytics.shapes import Model


class Program:
    """One run of the program; each thing is made when it is first needed.

    Args:
        timing: clock, sleep, chance and pauses.
        transport: replaces the network in tests.

    Attributes:
        timing: clock, sleep, chance and pauses.
        began_at: when the run began, as `Timing.stamp` writes it.
        models: the models that were declared so far.
        outcomes: what went wrong, told when all models have had their turn.
        ahead: what the run asks of the account once, sent before it knew what it declares.
    """

    def __init__(
        self, timing: Timing = REAL, transport: "httpx.BaseTransport | None" = None
    ) -> None:
        self.timing = timing
        self.began_at = timing.stamp()
        self._transport = transport
        self.models: list[MlModel] = []
        self.outcomes = Outcomes(self._aftermath)
        self.ahead = Ahead(self)

    @cached_property
    def settings(self) -> Settings:
        """The stack's settings.

        Raises:
            SettingsError: a value can't be used.
        """
        config = pulumi.Config("lytics")
        if keys_differ(config.get("apiKey")):
            pulumi.log.warn(
                f"{KEY_VARIABLE} and this stack's lytics:apiKey differ; {KEY_VARIABLE} is used"
            )
        return Settings.read(config.get)

    @property
    def has_key(self) -> bool:
        """Whether there is a key; without one only a preview works."""
        return self.settings.api_key is not None

    @cached_property
    def client(self) -> "LyticsClient":
        """The one connection to the API, which lasts as long as the program."""
        # What the program needs besides is loaded while the first requests are under way.
        from providers.lytics.api.client import LyticsClient  # noqa: PLC0415

        # The provider's host names odd models; said here as well, an `up` would tell them twice.
        return LyticsClient(self.settings, self._transport, self.timing, tell_trouble=warn_now)

    @cached_property
    def watcher(self) -> "BuildWatcher":
        """The one watcher of all builds."""
        from providers.lytics.program.builds.watcher import BuildWatcher  # noqa: PLC0415 - see client

        client = self.client
        return BuildWatcher(
            client.list_models,
            _show,
            live=bool(os.environ.get("LYTICS_ML_INTERACTIVE")),
            why_invalid=client.why_invalid,
            is_gone=lambda model_id: client.fetch_model(model_id) is None,
            settle_s=self.settings.settle_s,
            timing=self.timing,
        )

    @cached_property
    def segments(self) -> "SegmentLookup":
        """The account's segments by slug."""
        from providers.lytics.program.segment_lookup import SegmentLookup  # noqa: PLC0415

        return SegmentLookup(self)

    @property
    def waits(self) -> bool:
        """Whether this operation waits for builds; a preview, a refresh and a destroy don't."""
        return not pulumi.runtime.is_dry_run() and not os.environ.get("LYTICS_ML_NO_WAIT")

    async def account(self) -> "dict[str, Model]":
        """Return the models by id as this run saw them last; a preview asks for them once.

        Raises:
            RequestError: the API failed.
        """
        if not self.watcher.look():
            self.watcher.look_first(await asyncio.to_thread(self.ahead.models))
        return self.watcher.look()

    async def _aftermath(self) -> "Aftermath":
        from providers.lytics.program.ending.held_back import account_now, held_back  # noqa: PLC0415

        account = await account_now(self)
        return account, await held_back(self, account)

    def close(self) -> None:
        """Close the connection, if there is one; a program that ends needn't."""
        if "client" in self.__dict__:
            self.client.close()


def _show(line: str) -> None:
    pulumi.log.info(line, ephemeral=True)


_programs: list[Program] = []


def this_program() -> Program:
    """Return what the program that runs in this process shares."""
    if not _programs:
        _programs.append(Program())
    return _programs[-1]


def use(program: Program) -> None:
    """Let resources that are declared from here on belong to a program."""
    _programs[:] = [program]
