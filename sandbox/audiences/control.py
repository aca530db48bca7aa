"""/_sandbox/segments: segments as somebody else makes, changes and deletes them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox.api import wire
from sandbox.audiences.outside import checked, create_segments
from sandbox.audiences.writes import delete_segment, update_segment
from sandbox.errors import NotFoundError
from sandbox.segments import Segment
from sandbox.turning.control import sent_json
from sandbox.world import World


class SegmentControl:
    """The control endpoints of a sandbox's segments."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[BaseRoute]:
        """Return the routes below /_sandbox."""
        return [
            Route("/segments", self.segments, methods=["GET", "POST"]),
            Route("/segments/{key}", self.segment, methods=["POST", "DELETE"]),
        ]

    async def segments(self, request: Request) -> JSONResponse:
        """Show all segments with their sizes, or make one or a list of them."""
        directory = self.world.directory
        if request.method == "GET":
            found = [
                segment for aid in self.world.accounts for segment in directory.of_account(aid)
            ]
            return JSONResponse([_shown(segment) for segment in found])
        made = create_segments(self.world, await sent_json(request))
        return JSONResponse([_shown(segment) for segment in made], 201)

    async def segment(self, request: Request) -> JSONResponse:
        """Change or delete a segment by id, or by slug: then of the first account that has it."""
        key = request.path_params["key"]
        for aid in self.world.accounts:
            if self.world.directory.find(aid, key):
                break
        else:
            message = f"no such segment: {key}"
            raise NotFoundError(message)
        if request.method == "DELETE":
            delete_segment(self.world, aid, key)
            return JSONResponse({"deleted": key})
        changes = checked(await sent_json(request))
        return JSONResponse(_shown(update_segment(self.world, aid, key, changes, odd=True)))


def _shown(segment: Segment) -> dict[str, Any]:
    return wire.render_segment(segment, v2=True, with_size=True)
