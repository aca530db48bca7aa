"""What the API accepts: create and update parameters, names, limits. Pure.

Where the documents are silent the docstring says "assumption".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import BadRequestError, ConflictError, NotFoundError
from sandbox.models import FIELD_LISTS, SWITCHES, Config, Model
from sandbox.segments import Directory, Segment
from sandbox.settings import (
    COLLECT_DEFAULT,
    LIVE_MODELS_MAX,
    SEGMENT_USERS_MIN,
)
from sandbox.turning.behaviour import Behaviour

FORBIDDEN_IN_NAMES = ".;/\\"
"""Lytics docs: Building Lookalike Models."""
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Creation:
    """A create request that can be served."""

    name: str
    label: str
    description: str
    source: Segment
    target: Segment
    config: Config


def parse_creation(
    body: Mapping[str, Any], aid: int, directory: Directory, *, v2: bool = False
) -> Creation:
    """Read the parameters of ML Create.

    ``is_active`` is no create parameter on the API page and is ignored; so is any other name
    that it doesn't list.

    Args:
        body: the JSON body, or the query with ``config`` already made of its flat values.
        aid: the caller's account.
        directory: its segments; source and target are ids, slugs aren't looked up (assumption:
            the API page says ``<source_segment_id>``).
        v2: which generation was asked.

    Raises:
        BadRequestError: a value is missing or of the wrong type, or the name has a forbidden
            character.
        NotFoundError: a segment isn't in this account.
    """
    source = _segment(body, "source", aid, directory)
    target = _segment(body, "target", aid, directory)
    name = _text(body, "name") or f"{source.slug}::{target.slug}"
    check_name(name)
    config = parse_config(body.get("config"), v2=v2)
    label, description = _text(body, "label"), _text(body, "description")
    return Creation(name, label, description, source, target, config)


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        message = f"{key} must be a string"
        raise BadRequestError(message)
    return value


def _segment(body: Mapping[str, Any], key: str, aid: int, directory: Directory) -> Segment:
    wanted = _text(body, key)
    if not wanted:
        message = f"{key} is required"
        raise BadRequestError(message)
    found = directory.by_id(aid, wanted)
    if not found:
        message = f"{key} segment not found: {wanted}"
        raise NotFoundError(message)
    return found


def check_name(name: str) -> None:
    r"""Refuse a name that can't be a key of the profile map ``segment_prediction``.

    Raises:
        BadRequestError: it has one of ``. ; / \``.
    """
    found = sorted(set(name) & set(FORBIDDEN_IN_NAMES))
    if found:
        message = f"invalid name {name!r}: {' '.join(found)} can't be used"
        raise BadRequestError(message)


def parse_config(config: object, *, v2: bool = False) -> Config:
    """Read a model config; unknown keys are passed over, nulls count as not sent.

    ``blocked`` is known to v2 alone, ``tune_model`` to /api alone.

    Raises:
        BadRequestError: a value has another type than the API page gives it, or ``collect`` is
            negative. ``collect`` 0 is Go's "not set" and becomes the default (assumption).
    """
    if config is None:
        return Config()
    if not isinstance(config, dict):
        message = "config must be an object"
        raise BadRequestError(message)
    parsed = Config()
    for key, value in config.items():
        if value is None or key == ("tune_model" if v2 else "blocked"):
            continue
        if key in SWITCHES:
            setattr(parsed, key, _of_type(key, value, bool, "a boolean"))
        elif key in FIELD_LISTS:
            setattr(parsed, key, _field_list(key, value))
        elif key == "collect":
            parsed.collect = _collect(value)
    return parsed


def _of_type(key: str, value: object, wanted: type, words: str) -> object:
    if type(value) is not wanted:
        message = f"config.{key} must be {words}"
        raise BadRequestError(message)
    return value


def _field_list(key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        message = f"config.{key} must be a list of field names"
        raise BadRequestError(message)
    return list(value)


def _collect(value: object) -> int:
    if type(value) is not int or value < 0:
        message = "config.collect must be a whole number of users"
        raise BadRequestError(message)
    return value or COLLECT_DEFAULT


def config_from_query(params: Mapping[str, str]) -> dict[str, Any]:
    """Gather config values that were sent flat in the query, as SegmentML takes them.

    Raises:
        BadRequestError: a switch is neither true nor false, or ``collect`` no number.
    """
    config: dict[str, Any] = {
        key: parse_boolean(key, params[key]) for key in SWITCHES if key in params
    }
    config.update({key: params[key].split(",") for key in FIELD_LISTS if params.get(key)})
    if "collect" in params:
        if not re.fullmatch(r"\d{1,9}", params["collect"]):
            message = "collect must be a whole number of users"
            raise BadRequestError(message)
        config["collect"] = int(params["collect"])
    return config


def parse_boolean(key: str, value: object) -> bool:
    """Read a boolean as JSON sends it, or as a query does: the string "false".

    Raises:
        BadRequestError: it is neither.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in BOOLEANS:
        return BOOLEANS[value.lower()]
    message = f"{key} must be true or false"
    raise BadRequestError(message)


def is_switched(model: Model, live: int, ways: Behaviour, *, active: bool) -> bool:
    """Say whether ``is_active`` is done or only answered; what is refused is an assumption.

    Args:
        model: as it is now.
        live: live models in the account.
        ways: of the account.
        active: what was asked for.

    Raises:
        BadRequestError: it is building or invalid, in use, or the account's limit is reached
            (Lytics docs: Limitations).
    """
    if active == model.is_active:
        return _is_stopped_early(model, ways, active=active)
    if active:
        _check_activation(model, live, ways)
    elif ways.in_use and any(re.search(ways.in_use, text) for text in (model.id, model.name)):
        message = f"model {model.id} is in use by an audience and can't be deactivated"
        raise BadRequestError(message)
    if model.state != "complete":
        return not active or ways.early_activation == "accept"
    return ways.switching not in ("ignored", "on_ignored" if active else "off_ignored")


def _is_stopped_early(model: Model, ways: Behaviour, *, active: bool) -> bool:
    if model.state != "building" or active:
        return True
    if ways.early_stop == "refuse":
        message = f"model {model.id} is building and can't be deactivated"
        raise BadRequestError(message)
    return ways.early_stop == "accept"


def _check_activation(model: Model, live: int, ways: Behaviour) -> None:
    if model.state != "complete" and ways.early_activation == "refuse":
        message = f"model {model.id} is {model.state} and can't be activated"
        raise BadRequestError(message)
    if live >= LIVE_MODELS_MAX:
        message = f"account {model.aid} has reached its limit of {LIVE_MODELS_MAX} active models"
        raise BadRequestError(message)


def invalid_because(source: Segment, target: Segment) -> str:
    """Say why no model can be built on two segments; empty if one can.

    The API takes such a request and the build fails (assumption); the interface refuses fewer
    than 25 users (Lytics docs: Building Lookalike Models).
    """
    for segment in (source, target):
        if reason := segment.unusable_because():
            return reason
    if source.id == target.id:
        return "source and target are the same segment"
    for role, segment in (("source", source), ("target", target)):
        if segment.size < SEGMENT_USERS_MIN:
            return (
                f"{role} segment {segment.slug} has {segment.size} users, "
                f"at least {SEGMENT_USERS_MIN} are needed"
            )
    return ""


def altered_name(name: str, ways: Behaviour) -> str:
    """Return the name as the server keeps it.

    The API page's samples show "ML: " before every name. Whether that happens to models isn't
    known, hence ``--rename``.
    """
    match ways.rename:
        case "prefix":
            return (ways.rename_text or "ML: ") + name
        case "suffix":
            return name + (ways.rename_text or "_1")
        case "lower":
            return name.lower()
    return name


def free_name(name: str, taken: set[str], ways: Behaviour) -> str:
    """Return a name that may be used where some are taken.

    Taken segment slugs get _1, _2 … (Lytics' agent skills); what models get isn't known.

    Raises:
        ConflictError: it is taken, and the account refuses a second one.
    """
    if name not in taken or ways.same_name in ("second", "same_id"):
        return name
    if ways.same_name == "refused":
        message = f"a model of the name {name!r} already exists"
        raise ConflictError(message)
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def kept_label(label: str, ways: Behaviour) -> str:
    """Return a label as the server keeps it (``--labels``)."""
    return " ".join(label.split()) if ways.labels == "trimmed" else label
