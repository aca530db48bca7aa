"""Models as somebody else makes and changes them, past every rule of the API."""

from dataclasses import fields
from typing import Any, get_args

from sandbox import clock
from sandbox.building.builds import apply_numbers, empty_summary
from sandbox.chance import new_id
from sandbox.errors import BadRequestError
from sandbox.models import Config, Model, State
from sandbox.world import World

JsonObject = dict[str, Any]
TEXTS = (
    *("state", "reason", "type", "label", "name", "description", "source", "target"),
    "author_id",
)
SETTABLE: dict[str, type] = {
    **dict.fromkeys(TEXTS, str),
    **dict.fromkeys(("is_active", "is_healthy", "hidden"), bool),
    "work_ids": list,
}
TIMES = {"created": "created_ns", "updated": "updated_ns"}
KNOWN = (*SETTABLE, *TIMES, "summary", "config", "odd")


def place(world: World, sent: object) -> list[Model]:
    """Put models into the account as they are: one JSON object of ML List, or a list of them.

    What no model of the sandbox can be (a name that is a number, a field that nobody knows) is
    kept and shown as it was sent.

    Raises:
        BadRequestError: something in the list is no object.
    """
    raws: list[Any] = sent if isinstance(sent, list) else [sent]
    if not all(isinstance(raw, dict) for raw in raws):
        message = "a model is a JSON object as ML List shows it"
        raise BadRequestError(message)
    return [_place(world, raw) for raw in raws]


def _place(world: World, raw: JsonObject) -> Model:
    now_ns = world.clock.now_ns()
    model_id, aid = raw.get("id"), raw.get("aid")
    model = Model(
        id=model_id if isinstance(model_id, str) else new_id(),
        aid=aid if aid in world.accounts else world.accounts[0],
        name="",
        source="",
        target="",
        config=Config(),
        created_ns=now_ns,
        updated_ns=now_ns,
        due_ns=now_ns,
        state="complete",
        is_healthy=True,
        week=world.clock.week,
    )
    if model.id in world.store.models:
        message = f"there is a model {model.id} already; change it by POST /_sandbox/models/ID"
        raise BadRequestError(message)
    own = {key: value for key, value in raw.items() if _fits(key, value)}
    shown = {"id": model.id, "aid": model.aid, "summary": raw.get("summary")}
    odd = {k: v for k, v in raw.items() if k not in own and not (k in shown and v == shown[k])}
    change(world, model, own | {"odd": odd, "updated": own.get("updated", own.get("created"))})
    return model


def _fits(key: str, value: object) -> bool:
    if key == "state":
        return value in get_args(State)
    if key in SETTABLE:
        return isinstance(value, SETTABLE[key])
    if key in TIMES:
        return isinstance(value, str) and clock.is_rfc3339(value)
    if key == "config":
        return isinstance(value, dict) and all(_fits_config(*item) for item in value.items())
    return key == "summary" and isinstance(value, dict)


def _fits_config(key: str, value: object) -> bool:
    own = Config()
    return key in {each.name for each in fields(Config)} and type(value) is type(getattr(own, key))


def change(world: World, model: Model, changes: JsonObject) -> None:
    """Change a model and store it.

    A building model that is made complete gets a made-up summary; one that is made building
    stays so until it is changed again.

    Raises:
        BadRequestError: a key is unknown, or a time is none.
    """
    unknown = set(changes) - set(KNOWN)
    if unknown:
        message = f"can't set {', '.join(sorted(unknown))}"
        raise BadRequestError(message)
    times = _times(changes)
    if changes.get("state", "building") != "building":
        world.builds.forget(model.id)
    model.touch(world.clock.now_ns())
    for key in SETTABLE:
        if key in changes:
            setattr(model, key, changes[key])
    for attribute, value in times.items():
        setattr(model, attribute, value)
    for key, value in changes.get("config", {}).items():
        setattr(model.config, key, value)
    model.built = model.built or model.state == "complete"
    kept = {key: value for key, value in model.odd.items() if key not in changes}
    model.odd = kept | changes.get("odd", {})
    world.store.save(model, _changed_summary(world, model, changes))
    world.builds.write_scores(model)


def _times(changes: JsonObject) -> dict[str, int]:
    try:
        return {
            attribute: clock.parse_rfc3339(changes[key])
            for key, attribute in TIMES.items()
            if changes.get(key) is not None
        }
    except ValueError as problem:
        raise BadRequestError(str(problem)) from problem


def _changed_summary(world: World, model: Model, changes: JsonObject) -> JsonObject | None:
    stored = world.store.summary(model.id)
    if model.state == "complete" and stored is None:
        stored = world.builds.make_up(model)["summary"]
    elif "summary" not in changes:
        return None
    summary = stored or empty_summary("")
    apply_numbers(summary, changes.get("summary", {}))
    return summary
