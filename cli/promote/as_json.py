"""What `lytics-ml promote --json` prints."""

from typing_extensions import TypedDict

from cli.promote.evidence import Evidence
from cli.promote.outcome import Outcome
from cli.promote.work import Checked


class PartJson(TypedDict):
    """One part of a gate."""

    number: str
    wanted: str
    measured: str
    passed: bool


class EvidenceJson(TypedDict):
    """What proves a model where it comes from; `reasons` is why it isn't proved."""

    key: str
    proved: bool
    id: str | None
    live: bool
    scores: dict[str, float]
    parts: list[PartJson]
    reasons: list[str]


class CheckedJson(TypedDict):
    """What `--check` says of one declaration."""

    key: str
    right: bool
    differing: list[str]
    only_here: list[str]
    evidence: EvidenceJson | None


class EarlierJson(TypedDict):
    """What `--rollback` puts back."""

    id: str
    commit: str


class PromoteJson(TypedDict):
    """A promotion, a check or a way back; `ok` is whether the exit code is 0."""

    source: str
    target: str
    ok: bool
    evidence: list[EvidenceJson]
    checked: list[CheckedJson]
    rollback: EarlierJson | None
    diff: str
    written: bool


def as_json(outcome: Outcome) -> PromoteJson:
    """Return what is printed."""
    earlier = outcome.earlier
    return {
        "source": outcome.there,
        "target": outcome.here,
        "ok": not outcome.wrong,
        "evidence": [_evidence(one) for one in outcome.evidence],
        "checked": [_checked(one) for one in outcome.checked or ()],
        "rollback": {"id": earlier.model_id, "commit": earlier.commit} if earlier else None,
        "diff": outcome.diff,
        "written": outcome.written,
    }


def _evidence(one: Evidence) -> EvidenceJson:
    parts: list[PartJson] = [
        {
            "number": part.number,
            "wanted": part.wanted,
            "measured": part.measured,
            "passed": part.passed,
        }
        for part in one.parts
    ]
    return {
        "key": one.key,
        "proved": one.is_proved,
        "id": one.model_id or None,
        "live": one.live,
        "scores": dict(one.scores),
        "parts": parts,
        "reasons": list(one.reasons),
    }


def _checked(one: Checked) -> CheckedJson:
    return {
        "key": one.key,
        "right": one.is_right,
        "differing": list(one.differing),
        "only_here": list(one.reasons),
        "evidence": _evidence(one.evidence) if one.evidence else None,
    }
