"""SegmentML, the ML API before: the reads that go-lytics and the Lytics CLI still ask for.

There the name is a model's identity, ``SOURCE_SLUG::TARGET_SLUG`` unless it was given one, and one
object holds config, features and summary (V1 SegmentML description; shapes of go-lytics' mocks).
"""

from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from sandbox import clock
from sandbox.api import wire
from sandbox.api.calls import Call
from sandbox.api.wire_summary import render_summary
from sandbox.errors import NotFoundError
from sandbox.models import Model

JsonObject = dict[str, Any]
STEPS = 10
"""Points of a dependence curve."""


def list_segmentml(call: Call) -> Response:
    """All models of the account, with features and summaries (go-lytics: GetSegmentMLModels)."""
    models = call.world.store.of_account(call.caller.aid)
    return call.reply_page([wire.dump(_render(call, model)) for model in models])


def get_segmentml(call: Call) -> Response:
    """One model by its name (go-lytics: GetSegmentMLModel); of several, the newest."""
    return call.reply(_render(call, _named(call, call.path["name"])))


def get_dependencies(call: Call) -> Response:
    """How predictions move with each numeric field (go-lytics: GetSegmentMLDependencies).

    Lytics draws partial dependence; ours is the mean prediction of held-out users by ranges of the
    field. A model whose numbers are made up has none.
    """
    model = _named(call, call.path["name"])
    held_out = call.world.store.predictions(model.id) or {"p": [], "features": {}}
    curves = {
        name: _curve(values, held_out["p"])
        for name, values in held_out["features"].items()
        if values and all(isinstance(value, int | float | None) for value in values)
    }
    return call.reply({"fields": curves})


def _named(call: Call, name: str) -> Model:
    models = call.world.store.of_account(call.caller.aid)
    found = [model for model in models if name in (model.name, model.id)]
    if not found:
        message = f"SegmentML model not found: {name}"
        raise NotFoundError(message)
    return found[-1]


def _render(call: Call, model: Model) -> JsonObject:
    summary = call.world.store.summary(model.id)
    shown = render_summary(model, summary, "recorded")
    config = asdict(model.config)
    del config["blocked"]
    conf = {
        **config,
        "additional": config["additional"] or None,
        "collections": None,
        "custom_segment_ids": None,
        "model_name": model.name,
        "model_type": model.type,
        "source": _segment(call, model.source),
        "target": _segment(call, model.target),
    }
    return {
        "name": model.name,
        "state": model.state,
        "reason": model.reason,
        "created": clock.nanoseconds_z(model.created_ns),
        "author_id": model.author_id,
        "conf": conf,
        "features": shown["features"],
        "summary": shown["summary"],
    }


def _segment(call: Call, segment_id: str) -> JsonObject:
    found = call.world.directory.find(call.caller.aid, segment_id)
    if not found:
        return {"id": segment_id}
    return wire.render_segment(found, v2=False, with_size=False)


def _curve(values: list[float | None], predictions: list[float]) -> list[tuple[float, float]]:
    """Return the middle of each range of a field with the mean prediction there."""
    known = sorted(
        (value, p) for value, p in zip(values, predictions, strict=True) if value is not None
    )
    size = max(1, -(-len(known) // STEPS))
    ranges = [known[start : start + size] for start in range(0, len(known), size)]
    return [
        (part[len(part) // 2][0], round(sum(p for _, p in part) / len(part), 6)) for part in ranges
    ]
