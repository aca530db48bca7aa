"""Faults on request: which requests fail, when, and how. Pure; the gateway plays them.

A rule is ``{"method": "POST", "path": "^/api/ml$", "contains": "source", "skip": 1, "times": 2,
"when": "after", "what": "status", "status": 503, "body": "html", "retry_after": 3}``.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sandbox.errors import BadRequestError

What = Literal[
    "status", "drop", "reset", "cut", "reset_midway", "slow", "wrong_content_type", "hang"
]
When = Literal["before", "after"]
HANG_S = 3600.0
RANDOM_KINDS = ("500", "502", "503", "429", "drop", "reset", "cut")


@dataclass(slots=True)
class Fault:
    """One way to fail.

    Attributes:
        what: ``status`` answers with ``status``; ``drop`` closes the connection with no reply;
            ``reset`` resets it; ``cut`` sends half a reply and closes, ``reset_midway`` sends
            half and resets; ``slow`` waits ``seconds``; ``wrong_content_type`` sends the reply as
            text/html; ``hang`` never answers (at most ``seconds``).
        when: before or after the request took effect.
        status: of ``what: status``.
        body: ``json`` in the API's shape, or ``html`` as a proxy sends.
        retry_after: Retry-After in seconds; None sends none.
        seconds: of ``slow`` (1 unless told) and ``hang`` (an hour).
        called: what the request log calls it, with ``when``; empty is what it does.
    """

    what: What
    when: When = "before"
    status: int = 500
    body: Literal["json", "html"] = "json"
    retry_after: float | None = None
    seconds: float = HANG_S
    called: str = ""

    @property
    def title(self) -> str:
        """What the request log calls it, e.g. ``503@after``."""
        what = self.status if self.what == "status" else self.what
        return f"{self.called or what}@{self.when}"


@dataclass(slots=True)
class Rule:
    """Which requests a fault hits.

    Attributes:
        fault: what happens; None draws one of ``kinds``.
        method: HTTP method; empty is any.
        path: regular expression found anywhere in the path.
        contains: text in the request's body.
        skip: matching requests that are let through first.
        times: how many are hit after that; None is without end.
        rate: share of the matching requests that are hit, 0 to 1.
        kinds: faults to draw from where ``fault`` is None.
        dice: what draws.
        seen: matching requests so far.
        hits: requests hit so far.
    """

    fault: Fault | None = None
    method: str = ""
    path: str = ""
    contains: str = ""
    skip: int = 0
    times: int | None = 1
    rate: float = 1.0
    kinds: list[Fault] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - seeded
    seen: int = 0
    hits: int = 0
    written: dict[str, Any] = field(default_factory=dict)

    def strikes(self, method: str, path: str, body: bytes) -> Fault | None:
        """Count a request, and return the fault that hits it, if one does."""
        if self.method not in ("", method) or not re.search(self.path, path):
            return None
        if self.contains and self.contains.encode() not in body:
            return None
        self.seen += 1
        used_up = self.times is not None and self.hits >= self.times
        if self.seen <= self.skip or used_up or self.dice.random() >= self.rate:
            return None
        self.hits += 1
        return self.fault or self.dice.choice(self.kinds)

    def report(self) -> dict[str, Any]:
        """Return the rule as it was sent, with its counts."""
        return self.written | {"seen": self.seen, "hits": self.hits}


def first_strike(rules: Sequence[Rule], method: str, path: str, body: bytes) -> Fault | None:
    """Return the fault of the first rule that hits; later rules don't count the request then."""
    for rule in rules:
        if fault := rule.strikes(method, path, body):
            return fault
    return None


def parse_rules(written: object) -> list[Rule]:
    """Read what POST /_sandbox/faults was sent: a rule or a list of them.

    Raises:
        BadRequestError: a rule has an unknown key or an impossible value.
    """
    rules = written if isinstance(written, list) else [written]
    return [_parse_rule(rule) for rule in rules]


_MATCH_KEYS = ("method", "path", "contains", "skip", "times")
_FAULT_KEYS = ("what", "when", "status", "body", "retry_after", "seconds", "called")
_RANDOM_KEYS = ("rate", "seed", "kinds")


def _parse_rule(written: object) -> Rule:
    if not isinstance(written, dict):
        message = "a fault rule must be an object"
        raise BadRequestError(message)
    unknown = sorted(set(written) - {*_MATCH_KEYS, *_FAULT_KEYS, *_RANDOM_KEYS})
    if unknown:
        known = ", ".join((*_MATCH_KEYS, *_FAULT_KEYS, *_RANDOM_KEYS))
        message = f"unknown key in a fault rule: {', '.join(unknown)}. Known: {known}"
        raise BadRequestError(message)
    random_rule = "rate" in written or "kinds" in written
    match = {key: written[key] for key in _MATCH_KEYS if key in written}
    try:
        re.compile(match.get("path", ""))
    except (re.error, TypeError) as problem:
        message = f"path must be a regular expression: {problem}"
        raise BadRequestError(message) from problem
    rule = Rule(**match, written=dict(written))
    if "times" not in written and random_rule:
        rule.times = None
    if not random_rule:
        rule.fault = parse_fault(written)
        return rule
    rule.rate = float(written.get("rate", 1.0))
    rule.dice = random.Random(written.get("seed", 1))  # noqa: S311 - seeded on purpose
    rule.kinds = [fault for kind in written.get("kinds", RANDOM_KINDS) for fault in _kinds(kind)]
    return rule


def _kinds(kind: object) -> list[Fault]:
    """Read one of ``kinds``: "503", "drop@after", or an object; without when it is both."""
    if isinstance(kind, dict):
        return [parse_fault(kind)]
    name, _, when = str(kind).partition("@")
    what: dict[str, Any] = (
        {"what": "status", "status": int(name)} if name.isdigit() else {"what": name}
    )
    moments = [when] if when else ["before", "after"]
    return [parse_fault(what | {"when": moment}) for moment in moments]


def parse_fault(written: Mapping[str, Any]) -> Fault:
    """Read the part of a rule that says what happens.

    Raises:
        BadRequestError: ``what`` or ``when`` is unknown or missing.
    """
    given = {key: written[key] for key in _FAULT_KEYS if key in written}
    if "status" in given:
        given.setdefault("what", "status")
    if given.get("what") not in get_args(What):
        message = f"what must be one of {', '.join(get_args(What))}"
        raise BadRequestError(message)
    if given.get("when", "before") not in get_args(When):
        message = "when must be before or after"
        raise BadRequestError(message)
    given.setdefault("seconds", 1.0 if given["what"] == "slow" else HANG_S)
    return Fault(**given)
