"""Moving the sandbox's clock on, with all that happens meanwhile."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox import clock
from sandbox.errors import BadRequestError
from sandbox.models import Model
from sandbox.turning.control import sent_json
from sandbox.world import World

DAYS_MAX = 3660
"""Ten years; dates beyond have no meaning for a model."""


class Weeks:
    """The control endpoint of the clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._moving = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """Return the routes below /_sandbox."""
        return [Route("/clock", self.clock, methods=["GET", "POST"])]

    async def clock(self, request: Request) -> JSONResponse:
        """Tell the time, or move the clock on: ``{"days": 7}``."""
        trained: list[Model] = []
        if request.method == "POST":
            days = _days(await sent_json(request))
            async with self._moving:
                trained = await self.move(days)
        now = self.world.clock
        shown = {
            "now": clock.milliseconds_z(now.now_ns()),
            "days": now.moved_ns / clock.DAY_NS,
            "week": now.week,
        }
        if request.method == "POST":
            shown["retrained"] = [model.id for model in trained]
        return JSONResponse(shown)

    async def move(self, days: float) -> list[Model]:
        """Move on, and return once all is over that is over by then.

        A week ends whenever the clock has been moved on by seven days more; of several weeks the
        last is trained. Models whose build isn't over at the week's end wait for the next.

        Returns:
            Models that were, or are being, trained anew.
        """
        now = self.world.clock
        week, after_ns = now.week, now.moved_ns + round(days * clock.DAY_NS)
        week_end_ns = after_ns // clock.WEEK_NS * clock.WEEK_NS
        trained: list[Model] = []
        if week_end_ns > week * clock.WEEK_NS:
            await self._move_to(week_end_ns)
            trained = self.world.builds.retrain_all()
        await self._move_to(after_ns)
        return trained

    async def _move_to(self, moved_ns: int) -> None:
        self.world.store.move_clock(moved_ns)
        self.world.builds.clock_moved()
        await self.world.builds.settled()


def _days(sent: object) -> float:
    days = sent.get("days") if isinstance(sent, dict) else None
    if isinstance(days, int | float) and not isinstance(days, bool) and 0 < days <= DAYS_MAX:
        return float(days)
    message = f"days must be a number above 0, at most {DAYS_MAX}"
    raise BadRequestError(message)
