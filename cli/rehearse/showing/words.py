"""What rehearsals come to, in sentences: the same ones on every way of showing it. Pure."""

from collections.abc import Iterator

from cli.rehearse.rehearsal import Moment, Rehearsal, Write
from cli.rehearse.rehearse import Rehearsed
from cli.rehearse.scores import Gates
from cli.screen.terminal import count
from providers.lytics.domain.audiences import Use, told
from providers.lytics.domain.live.liveness import LIVE_LIMIT

IF: dict[Gates, str] = {
    "pass": "if the gates pass",
    "fail": "if none does",
    "given": "with the given scores",
}
TITLE: dict[Gates, str] = {
    "pass": "If every gate passes",
    "fail": "If no gate passes",
    "given": "With the given scores",
}
_TIMES = {1: "once", 2: "twice", 3: "three times"}
_MOST_NAMED = 3
SHORT_ID = 8


def sentence(rehearsed: Rehearsed) -> str:
    """Return all of it in one sentence."""
    found = rehearsed.rehearsals
    writes = ", ".join(
        f"{count(len(one.writes), 'write') if place == 0 else len(one.writes)} {IF[one.gates]}"
        for place, one in enumerate(found)
    )
    parts = [writes, _missing(found), *_too_many(found), _audiences(rehearsed)]
    parts += [
        f"a second up sends {one.second_up_writes} more {IF[one.gates]}"
        for one in found
        if one.second_up_writes
    ]
    parts += [f"it ends with an error {IF[one.gates]}" for one in found if not one.as_declared]
    return f"Rehearsed {_TIMES[len(found)]}: {'; '.join(parts)}."


def _missing(found: tuple[Rehearsal, ...]) -> str:
    keys = dict.fromkeys(gap.key for one in found for gap in one.gaps)
    if not keys:
        return "at no moment is a model missing"
    return (
        f"{_named(list(keys))} {'is' if len(keys) == 1 else 'are'} missing for a moment or longer"
    )


def _too_many(found: tuple[Rehearsal, ...]) -> Iterator[str]:
    peaks = [peak for one in found for peak in one.over_limit]
    if peaks:
        most = max(peak.live for peak in peaks)
        yield f"{most} models would be live, and Lytics allows {LIVE_LIMIT}"


def _audiences(rehearsed: Rehearsed) -> str:
    users: list[Use] = []
    for one in rehearsed.rehearsals:
        if one.losing is None:
            return "which audiences lose their scores isn't known"
        users += [use for uses in one.losing.values() for use in uses]
    if not users:
        return "audiences keep their scores"
    many = len({use.audience.id for use in users}) > 1
    return f"{told(users)} {'lose their' if many else 'loses its'} scores"


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
    return f"{', '.join(keys[:_MOST_NAMED])}{more}"


def is_trouble(rehearsed: Rehearsed, *, forced: bool) -> bool:
    """Tell whether a rehearsal ended in another way than declared.

    Args:
        rehearsed: all rehearsals.
        forced: gaps and peaks are wanted, or borne.
    """
    return any(
        not one.as_declared or one.second_up_writes or (not forced and (one.gaps or one.over_limit))
        for one in rehearsed.rehearsals
    )


def findings(one: Rehearsal) -> Iterator[tuple[bool, str]]:
    """Yield what a reviewer has to know of a rehearsal: whether it is bad, and a sentence."""
    for gap in one.gaps:
        end = "and to the end" if gap.until is None else f"until write {gap.until}"
        yield True, f"{gap.key}: nothing is live after write {gap.after}, {end}"
    for peak in one.over_limit:
        many = f"write {peak.after} would make {peak.live} models live"
        yield True, f"{peak.key}: {many}, and Lytics allows {LIVE_LIMIT}"
    for name, users in (one.losing or {}).items():
        read = "reads" if len({use.audience.id for use in users}) == 1 else "read"
        yield True, f"no model writes the score {name} any more: {told(users)} {read} it"
    for left in one.left_behind:
        state = "live" if left.live else "not live"
        yield False, f"{left.key or left.name}: model {left.id} stays in the account, {state}"
    if one.second_up_writes:
        yield True, f"a second up sends {count(one.second_up_writes, 'write')} more"
    elif one.writes:
        yield False, "a second up sends nothing"


def ending(one: Rehearsal) -> str:
    """Return how an `up` ended."""
    if not one.exit:
        return "up succeeds."
    if one.as_declared:
        return f"up ends with {one.exit}, only because gates aren't passed."
    return f"up ends with {one.exit}."


def live_now(write: Write, moment: Moment) -> str:
    """Return what is live of a write's model after it."""
    ids = moment.keys.get(write.key, ())
    return ", ".join(one[:SHORT_ID] for one in ids) or "nothing"
