"""The routes of a sandbox."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sandbox.api import models as ml_api
from sandbox.api import segmentml as segmentml_api
from sandbox.api import segments as segment_api
from sandbox.api.calls import Handler, endpoint, refusal
from sandbox.api.gateway import Gateway
from sandbox.audiences import api as audiences
from sandbox.audiences.control import SegmentControl
from sandbox.errors import ApiError, MethodNotAllowedError, NotAuthorizedError, NotFoundError
from sandbox.turning.control import Control, refuse_control
from sandbox.turning.copied import CopyControl
from sandbox.turning.weeks import Weeks
from sandbox.world import World

V1: list[tuple[str, str, Handler]] = [
    ("GET", "/ml", ml_api.list_models),
    ("POST", "/ml", ml_api.create_model),
    ("GET", "/ml/{id}", ml_api.get_model),
    ("POST", "/ml/{id}", ml_api.update_model),
    ("PUT", "/ml/{id}", ml_api.update_model),
    ("GET", "/ml/{id}/summary", ml_api.get_summary),
    ("GET", "/segment", segment_api.list_segments),
    ("GET", "/segment/sizes", segment_api.list_sizes),
    ("GET", "/segment/attribution", segment_api.list_attribution),
    ("POST", "/segment", audiences.create),
    ("POST", "/segment/validate", audiences.validate),
    ("GET", "/segment/{id}", segment_api.get_segment),
    ("PUT", "/segment/{id}", audiences.update),
    ("DELETE", "/segment/{id}", audiences.delete),
    ("GET", "/segment/{id}/scan", audiences.scan),
    ("GET", "/segment/{id}/size", segment_api.get_size),
    ("GET", "/segment/{id}/sizes", segment_api.get_size),
    ("GET", "/segmentcollection", segment_api.list_collections),
    ("GET", "/segmentml", segmentml_api.list_segmentml),
    ("GET", "/segmentml/_dependencies/{name}", segmentml_api.get_dependencies),
    ("GET", "/segmentml/{name}/_dependencies", segmentml_api.get_dependencies),
    ("GET", "/segmentml/{name}", segmentml_api.get_segmentml),
]
"""API page; segments and SegmentML from the Lytics API v1 documents, whose two paths of a segment's
size and of dependencies are both served, as documents and go-lytics disagree. ML has no delete
here."""

V2: list[tuple[str, str, Handler]] = [
    ("GET", "/ml", ml_api.list_models),
    ("POST", "/ml", ml_api.create_model),
    ("GET", "/ml/{id}", ml_api.get_model),
    ("PUT", "/ml/{id}", ml_api.update_model),
    ("DELETE", "/ml/{id}", ml_api.delete_model),
    ("GET", "/ml/{id}/summary", ml_api.get_summary),
    ("GET", "/segment", segment_api.list_segments),
    ("POST", "/segment", audiences.create),
    ("GET", "/segment/{id}", segment_api.get_segment),
    ("PUT", "/segment/{id}", audiences.update),
    ("DELETE", "/segment/{id}", audiences.delete),
]
"""Lytics v2 OpenAPI."""


def build_app(world: World) -> Gateway:
    """Put the API, the control endpoints and the gateway together."""
    control = Control(world)
    turned = [
        *control.routes(),
        *SegmentControl(world).routes(),
        *Weeks(world).routes(),
        *CopyControl(world).routes(),
    ]
    app = Starlette(
        routes=[
            Mount("/_sandbox", routes=turned),
            *_routes(world, "/api", V1),
            *_routes(world, "/v2", V2),
        ],
        exception_handlers={HTTPException: partial(_unknown_path, world), ApiError: refuse_control},
        lifespan=_lifespan(world),
    )
    settings = world.settings
    latency_s = settings.latency_ms / 1000
    return Gateway(app, world, control.rules, latency_s, settings.rate_limit)


def _routes(world: World, base: str, table: list[tuple[str, str, Handler]]) -> list[Route]:
    return [
        Route(base + path, endpoint(world, handler), methods=[method])
        for method, path, handler in table
    ]


def _lifespan(world: World) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def live(_app: Starlette) -> AsyncIterator[None]:
        world.builds.resume()
        yield
        world.builds.close()
        world.store.close()

    return live


async def _unknown_path(world: World, request: Request, problem: Exception) -> Response:
    """Word a path or method that no document knows as the API words its refusals."""
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    error: ApiError = NotFoundError("Not Found")
    if status == MethodNotAllowedError.status:
        error = MethodNotAllowedError()
    if request.scope.get("sandbox.caller") is None:
        error = NotAuthorizedError()
    return refusal(error, world.clock.now_ns(), v2=request.url.path.startswith("/v2"))
