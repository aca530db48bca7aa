"""`live-slots-left`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from providers.lytics.domain.live.liveness import LIVE_LIMIT
from providers.lytics.domain.rulebook import Facts, Found, Rule


class LiveSlotsLeft(Rule):
    """Of the account's 20 live models, some places stay free.

    Takes `count`, how many.
    """

    id = "live-slots-left"
    needs = frozenset({"account"})
    count: Annotated[int, Field(ge=0, le=LIVE_LIMIT, description="how many places stay free")]

    def check(self, facts: Facts) -> Iterator[Found]:
        """Yield that too few stay free."""
        if facts.account is None:
            return
        left = LIVE_LIMIT - facts.account.live - facts.account.joining
        if left < self.count:
            yield Found(
                f"{facts.account.live} models of the account are live and "
                f"{facts.account.joining} more will go live: {max(left, 0)} of {LIVE_LIMIT} places "
                f"stay free, {self.count} are wanted"
            )
