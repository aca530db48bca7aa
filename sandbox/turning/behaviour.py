"""What an account may do where the documents are silent: told at the start, changed at any time.

Every field is a flag of ``python -m sandbox``, a value of ``Settings``, and a key of
``POST /_sandbox/behaviour``; all three are made of the fields below.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sandbox.errors import BehaviourError

Generation = Literal["both", "v1", "v2"]
ConfigEcho = Literal["full", "zeroed", "none"]
Rename = Literal["none", "prefix", "suffix", "lower"]
SameName = Literal["second", "refused", "renamed", "same_id"]
EarlyActivation = Literal["refuse", "accept", "ignore"]
EarlyStop = Literal["ignore", "accept", "refuse"]
EarlySummary = Literal["dialect", "empty", "zeros", "404"]
Switching = Literal["done", "ignored", "on_ignored", "off_ignored"]
PageMark = Literal["all", "_meta", "_next", "total", "none"]


def _told(words: str) -> dict[str, str]:
    """Attach what ``--help`` says of a field."""
    return {"help": words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One account's ways. Each field's ``help`` says what it does; seconds end in ``_s``."""

    generation: Generation = field(
        default="both", metadata=_told("generation that is served; the other answers 404")
    )
    list_delay_s: float = field(
        default=0.0, metadata=_told("seconds until ML List shows a new model")
    )
    config_echo: ConfigEcho = field(
        default="full",
        metadata=_told("zeroed: every config value is shown as zero; none: no config is shown"),
    )
    segments_as: Literal["id", "object"] = field(
        default="id", metadata=_told('object: a model\'s source and target are {"id": …}')
    )
    rename: Rename = field(
        default="none",
        metadata=_told("prefix: 'ML: ' before every name; suffix: '_1' behind; lower: lower case"),
    )
    rename_text: str = field(
        default="", metadata=_told("text of --rename prefix or suffix instead of these")
    )
    same_name: SameName = field(
        default="second",
        metadata=_told(
            "a name that is taken: second: another model; refused: 409; renamed: _1, _2 …; "
            "same_id: with the same source and target, the model that is there"
        ),
    )
    labels: Literal["kept", "trimmed"] = field(
        default="kept", metadata=_told("trimmed: blanks of a label go, inner ones become one")
    )
    build_only: Literal["kept", "ignored"] = field(
        default="kept", metadata=_told("ignored: every model goes live when it is trained")
    )
    live_after_s: float | None = field(
        default=0.0,
        metadata=_told("seconds from trained to live of a model without build_only, or 'never'"),
    )
    early_activation: EarlyActivation = field(
        default="refuse",
        metadata=_told("is_active true of a building or invalid model: 400, done, or 200 undone"),
    )
    early_stop: EarlyStop = field(
        default="ignore",
        metadata=_told(
            "is_active false of a building model: ignore: 200, it goes live all the same; "
            "accept: it won't go live by itself; refuse: 400"
        ),
    )
    retrain: Literal["live", "building"] = field(
        default="live",
        metadata=_told(
            "a model with re_run at its week's end: live: it stays complete until its new numbers "
            "are there; building: it builds again, live or not"
        ),
    )
    early_summary: EarlySummary = field(
        default="dialect", metadata=_told("ML Summary of a building model")
    )
    switching: Switching = field(
        default="done",
        metadata=_told("is_active of a trained model: done, or 200 and not done (one way or both)"),
    )
    in_use: str = field(
        default="",
        metadata=_told(
            "regular expression for ids or names of models that audiences use: "
            "deactivating one is 400; '.' is all of them"
        ),
    )
    page_size: int = field(
        default=0, metadata=_told("lists show this many items a page; 0 is all of them")
    )
    page_marks: PageMark = field(
        default="all", metadata=_told("which marks of a page the envelope has")
    )
    update_post: bool = field(default=True, metadata=_told("POST /api/ml/ID updates, or is 405"))
    update_put: bool = field(default=True, metadata=_told("PUT /api/ml/ID updates, or is 405"))
    update_query: bool = field(
        default=True, metadata=_told("updates are read from the query, or it is passed over")
    )
    delete_status: Literal[200, 204, 405] = field(
        default=200, metadata=_told("of DELETE /v2/ml/ID; 405 deletes nothing")
    )

    def __post_init__(self) -> None:
        for name in kinds():
            _check(name, getattr(self, name))

    def changed(self, changes: Mapping[str, Any]) -> "Behaviour":
        """Return this behaviour with some values changed.

        Raises:
            BehaviourError: a key is unknown, or a value is none of its kind.
        """
        unknown = sorted(set(changes) - set(kinds()))
        if unknown:
            message = f"unknown: {', '.join(unknown)}. Known: {', '.join(kinds())}."
            raise BehaviourError(message)
        return replace(self, **changes)

    def alone(self) -> "Behaviour":
        """Return the behaviour in settings, which hold more."""
        return Behaviour(**{name: getattr(self, name) for name in kinds()})


@cache
def kinds() -> dict[str, Any]:
    """Return the type of every field by its name."""
    hints = get_type_hints(Behaviour)
    return {each.name: hints[each.name] for each in fields(Behaviour)}


def _check(name: str, value: object) -> None:
    """Refuse a value that isn't of its field's kind."""
    kind = kinds()[name]
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        fits, wanted = value in choices, f"one of {', '.join(map(str, choices))}"
    elif kind is bool:
        fits, wanted = isinstance(value, bool), "true or false"
    elif kind is str:
        is_pattern = name == "in_use"
        fits = isinstance(value, str) and (not is_pattern or _compiles(value))
        wanted = "a regular expression" if is_pattern else "a string"
    elif kind is int:
        fits, wanted = type(value) is int and value >= 0, "a whole number from 0"
    else:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits, wanted = is_number and float(str(value)) >= 0, "a number from 0"
        if NoneType in get_args(kind):
            fits, wanted = fits or value is None, f"{wanted}, or null for never"
    if not fits:
        message = f"{name} must be {wanted}, not {value!r}"
        raise BehaviourError(message)


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
