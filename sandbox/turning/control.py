"""/_sandbox: what tests can change. No key is needed, nothing here is part of the API."""

from dataclasses import asdict
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.api.auth import CALLERS
from sandbox.audiences.start import begin_segments_again
from sandbox.building.outcomes import parse_outcomes
from sandbox.errors import ApiError, BadRequestError, BehaviourError, NotFoundError
from sandbox.models import State
from sandbox.settings import DIALECTS
from sandbox.turning import outside
from sandbox.turning.behaviour import Behaviour
from sandbox.turning.faults import Rule, parse_rules
from sandbox.world import World


class Control:
    """The control endpoints of one sandbox."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rules: list[Rule] = []

    def routes(self) -> list[BaseRoute]:
        """Return the routes below /_sandbox."""
        return [
            Route("/health", self.health),
            Route("/reset", self.reset, methods=["POST"]),
            Route("/dialect", self.dialect, methods=["GET", "POST"]),
            Route("/behaviour", self.behaviour, methods=["GET", "POST", "DELETE"]),
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/requests", self.requests, methods=["GET", "DELETE"]),
            Route("/outcomes", self.outcomes, methods=["GET", "POST", "DELETE"]),
            Route("/models", self.models, methods=["GET", "POST"]),
            Route("/models/{id}", self.model, methods=["POST", "DELETE"]),
            Route("/models/{id}/predictions", self.predictions),
        ]

    async def health(self, _request: Request) -> JSONResponse:
        """Say that the sandbox is up, and how many models it has in which state."""
        states = [model.state for model in self.world.store.models.values()]
        counts = {state: states.count(state) for state in get_args(State)}
        return JSONResponse({"status": "ok", "models": counts, "dialect": self.world.dialect})

    async def reset(self, _request: Request) -> JSONResponse:
        """Go back to the start: no models, faults, outcomes or log; first clock, segments, ways."""
        for model_id in self.world.store.models:
            self.world.builds.forget(model_id)
        self.world.store.clear()
        self.world.store.move_clock(0)
        self.world.sizes.scores.clear()
        begin_segments_again(self.world)
        self.rules.clear()
        self.world.outcomes.clear()
        self.world.log.clear()
        self.world.dialect = self.world.settings.dialect
        self.world.callers = dict(CALLERS)
        self.world.behave(self.world.settings.alone())
        return JSONResponse({"status": "ok"})

    async def behaviour(self, request: Request) -> JSONResponse:
        """Tell or change how the account behaves, or go back to how it did at the start."""
        world = self.world
        if request.method == "POST":
            world.behave(_changed(world.behaviour, await sent_json(request)))
        elif request.method == "DELETE":
            world.behave(world.settings.alone())
        return JSONResponse(asdict(world.behaviour))

    async def dialect(self, request: Request) -> JSONResponse:
        """Tell or change the wording of /api: ``{"dialect": "recorded"}``."""
        if request.method == "POST":
            wanted = (await sent_json(request)).get("dialect")
            if wanted not in DIALECTS:
                message = f"dialect must be one of {', '.join(DIALECTS)}"
                raise BadRequestError(message)
            self.world.dialect = wanted
        return JSONResponse({"dialect": self.world.dialect})

    async def faults(self, request: Request) -> JSONResponse:
        """Add fault rules, show them with their hits, or clear them."""
        rules = self.rules
        if request.method == "POST":
            rules.extend(parse_rules(await sent_json(request)))
        elif request.method == "DELETE":
            rules.clear()
        return JSONResponse([rule.report() for rule in rules])

    async def requests(self, request: Request) -> JSONResponse:
        """Show the request log after ``since``, or empty it."""
        if request.method == "DELETE":
            self.world.log.clear()
        since = request.query_params.get("since", "0")
        if not since.isdecimal():
            message = "since must be a sequence number"
            raise BadRequestError(message)
        return JSONResponse(self.world.log.since(int(since)))

    async def outcomes(self, request: Request) -> JSONResponse:
        """Set the results of future builds; the first outcome that fits a model is used."""
        if request.method == "POST":
            self.world.outcomes.extend(parse_outcomes(await sent_json(request)))
        elif request.method == "DELETE":
            self.world.outcomes.clear()
        return JSONResponse([asdict(outcome) for outcome in self.world.outcomes])

    async def models(self, request: Request) -> JSONResponse:
        """Show all models as the sandbox keeps them, or put some into the account, odd ones too."""
        if request.method == "GET":
            return JSONResponse([one.as_record() for one in self.world.store.models.values()])
        placed = outside.place(self.world, await sent_json(request))
        return JSONResponse([model.as_record() for model in placed], 201)

    async def model(self, request: Request) -> JSONResponse:
        """Change or remove a model as somebody else would, past every rule of the API."""
        model = self.world.store.models.get(request.path_params["id"])
        if not model:
            message = "no such model"
            raise NotFoundError(message)
        if request.method == "DELETE":
            self.world.builds.forget(model.id)
            self.world.store.delete(model.id)
            return JSONResponse({"deleted": model.id})
        outside.change(self.world, model, await sent_json(request))
        return JSONResponse(model.as_record())

    async def predictions(self, request: Request) -> JSONResponse:
        """Show a trained model's held-out users: truth, prediction, and feature values."""
        found = self.world.store.predictions(request.path_params["id"])
        if found is None:
            message = "no predictions: the model isn't trained"
            raise NotFoundError(message)
        return JSONResponse(found)


async def refuse_control(_request: Request, problem: Exception) -> Response:
    """Answer a control request that can't be served."""
    status = problem.status if isinstance(problem, ApiError) else 500
    return JSONResponse({"message": str(problem)}, status)


async def sent_json(request: Request) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what was sent.

    Raises:
        BadRequestError: it is no JSON.
    """
    try:
        return await request.json()
    except ValueError as problem:
        message = f"invalid JSON: {problem}"
        raise BadRequestError(message) from problem


def _changed(behaviour: Behaviour, changes: object) -> Behaviour:
    if not isinstance(changes, dict):
        message = "a behaviour is a JSON object"
        raise BadRequestError(message)
    try:
        return behaviour.changed(changes)
    except BehaviourError as problem:
        raise BadRequestError(str(problem)) from problem
