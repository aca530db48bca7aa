"""What a review says of the whole change, beside what happens to each model. Pure."""

from collections.abc import Iterator

from cli.drift.compare import Drift
from cli.review.change import Change
from cli.review.known import Known
from cli.review.words import Quoted, Words, words
from providers.lytics.domain.live.liveness import over_limit
from providers.lytics.domain.rulebook import LOSES_SCORES


def _changed(drift: Drift) -> Iterator[str | Quoted]:
    """Yield what became of a property, or of the model as a whole."""
    if drift.kind == "differs":
        yield f" has {drift.property} "
        yield Quoted(drift.actual)
        yield " instead of "
        yield Quoted(drift.declared)
    else:
        yield f" is {drift.actual}"


def notes_on(known: Known, changes: list[Change]) -> Iterator[Words]:
    """Yield the sentences."""
    if known.account is None:
        yield words("Live models and scores aren't known: ", Quoted(known.why_unknown))
    else:
        live = sum(model.is_active for model in known.account.values())
        if told := over_limit(live, sum(change.joins for change in changes)):
            yield words(told)
        yield from _notes_on_audiences(known, changes)
    for drift in known.drifts:
        yield words(
            "Changed in Lytics since the last up: ",
            Quoted(drift.key),
            *_changed(drift),
            f"; {drift.advice}",
        )
    if known.state.pending:
        yield words("An interrupted run left something over: run bin/lytics-ml recover first")


def _notes_on_audiences(known: Known, changes: list[Change]) -> Iterator[Words]:
    """Say what isn't known of audiences, and which exceptions nothing needs."""
    if known.audiences.why_unknown:
        yield words(Quoted(known.audiences.why_unknown))
    unread = known.uses.unread if known.uses else ()
    if unread and any(change.touches_live for change in changes):
        yield words(
            f"{len(unread)} audiences can't be read, and may use these models too: ",
            Quoted("lytics-ml audiences"),
            " names them",
        )
    losing = {change.key for change in changes if change.loss is not None}
    for key in known.excepted:
        if key not in losing and known.uses is not None:
            yield words(
                Quoted(key),
                f" is excepted from {LOSES_SCORES}, and no audience loses by this change: take "
                "the exception out",
            )
