"""The ML endpoints: List, Fetch, Create, Update, Summary of both generations, and v2's delete."""

from starlette.responses import Response

from sandbox import clock
from sandbox.api import rules
from sandbox.api.auth import author_id, require_write
from sandbox.api.calls import Call
from sandbox.api.wire_summary import render_summary
from sandbox.building.outcomes import outcome_for
from sandbox.chance import new_id
from sandbox.errors import MethodNotAllowedError, NotFoundError
from sandbox.models import Model
from sandbox.world import World


def list_models(call: Call) -> Response:
    """ML List: the account's models, oldest first (no paging is documented, ``--page-size``)."""
    world = call.world
    delay_s = world.behaviour.list_delay_s
    newest_ns = world.clock.now_ns() - int(delay_s * clock.NS)
    shown = [
        world.rendered(model, call.dialect)
        for model in world.store.of_account(call.caller.aid)
        if model.created_ns <= newest_ns or not delay_s
    ]
    return call.reply_page(shown)


def get_model(call: Call) -> Response:
    """ML: one model by id."""
    model = call.world.model(call.caller.aid, call.path["id"])
    return call.reply_bytes(call.world.rendered(model, call.dialect))


def get_summary(call: Call) -> Response:
    """ML Summary: how good a model is, and its features."""
    model = call.world.model(call.caller.aid, call.path["id"])
    summary = call.world.store.summary(model.id)
    early = call.world.behaviour.early_summary if model.state == "building" else "dialect"
    if early == "404":
        message = f"no summary yet: model {model.id} is building"
        raise NotFoundError(message)
    return call.reply(render_summary(model, summary, call.dialect, early))


def create_model(call: Call) -> Response:
    """ML Create: 201 with a building model; names needn't be unique (``--same-name``)."""
    require_write(call.caller)
    body = call.body()
    if not call.v2 and not body:
        body = {**call.query, "config": rules.config_from_query(call.query)}
    creation = rules.parse_creation(body, call.caller.aid, call.world.directory, v2=call.v2)
    world, aid = call.world, call.caller.aid
    name = rules.altered_name(creation.name, world.behaviour)
    model = _same_model(world, aid, name, creation)
    if not model:
        model = _new_model(world, aid, name, creation)
        world.store.save(model)
        world.builds.start(model)
    call.entry.model = model.id
    return call.reply_bytes(world.rendered(model, call.dialect), 201)


def _same_model(world: World, aid: int, name: str, creation: rules.Creation) -> Model | None:
    """Find the model that a duplicate create is answered with (``--same-name same_id``)."""
    if world.behaviour.same_name != "same_id":
        return None
    wanted = (name, creation.source.id, creation.target.id)
    same = (m for m in world.store.of_account(aid) if (m.name, m.source, m.target) == wanted)
    return next(same, None)


def _new_model(world: World, aid: int, name: str, creation: rules.Creation) -> Model:
    taken = {model.name for model in world.store.of_account(aid)}
    outcome = outcome_for(world.outcomes, creation)
    build_s = world.settings.build_s
    if outcome and outcome.build_s is not None:
        build_s = outcome.build_s
    now_ns = world.clock.now_ns()
    model = Model(
        id=new_id(),
        aid=aid,
        name=rules.free_name(name, taken, world.behaviour),
        source=creation.source.id,
        target=creation.target.id,
        config=creation.config,
        created_ns=now_ns,
        updated_ns=now_ns,
        due_ns=now_ns + int(build_s * clock.NS),
        label=rules.kept_label(creation.label, world.behaviour),
        description=creation.description,
        author_id=author_id(aid),
        outcome=outcome,
        week=world.clock.week,
    )
    model.new_work()
    return model


def update_model(call: Call) -> Response:
    """ML Update: label and is_active only; everything else in the body is passed over.

    /v2 takes its parameters from the query alone and knows ``hidden`` too (v2 OpenAPI).
    """
    ways = call.world.behaviour
    if not (ways.update_put if call.method == "PUT" else ways.update_post):
        raise MethodNotAllowedError
    require_write(call.caller)
    model = call.world.model(call.caller.aid, call.path["id"])
    call.entry.model = model.id
    sent = {**(call.query if ways.update_query else {}), **({} if call.v2 else call.body())}
    active = sent.get("is_active")
    if active is not None:
        _switch(call.world, model, active=rules.parse_boolean("is_active", active))
    if sent.get("label") is not None:
        model.label = rules.kept_label(str(sent["label"]), ways)
        model.odd.pop("label", None)
    if call.v2 and sent.get("hidden") is not None:
        model.hidden = rules.parse_boolean("hidden", sent["hidden"])
    model.touch(call.world.clock.now_ns())
    call.world.store.save(model)
    return call.reply_bytes(call.world.rendered(model, call.dialect))


def _switch(world: World, model: Model, *, active: bool) -> None:
    live = world.store.live_count(model.aid)
    if not rules.is_switched(model, live, world.behaviour, active=active):
        return
    if active and not model.is_active:
        model.new_work()
    model.is_active, model.stopped = active, not active
    model.odd.pop("is_active", None)
    world.builds.write_scores(model)


def delete_model(call: Call) -> Response:
    """v2's delete: 200 as the OpenAPI says, or 204 as many /v2 deletes answer."""
    status = call.world.behaviour.delete_status
    if status == MethodNotAllowedError.status:
        raise MethodNotAllowedError
    require_write(call.caller)
    model = call.world.model(call.caller.aid, call.path["id"])
    call.entry.model = model.id
    call.world.builds.forget(model.id)
    call.world.store.delete(model.id)
    if status == 204:  # noqa: PLR2004 - an HTTP status
        return Response(status_code=204)
    return call.reply(None)
