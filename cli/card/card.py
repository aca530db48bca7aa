"""A model card as a value: after what Google's and Hugging Face's cards ask for. Pure.

The same input makes the same card, so that a pipeline can tell whether one is out of date: no card
says when it was made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cli.card.asking import Subject
from cli.models.rows import Row, fitness_band
from cli.models.table import shown_number
from cli.review.words import Quoted, Words, words
from cli.watch.watching import held_out_of
from providers.lytics.domain.live.judging import is_healthy, number
from providers.lytics.domain.live.watch import watch_of
from providers.lytics.shapes import Segment

MOST_FEATURES = 20
MOST_PERIODS = 20
TRUSTED_RSQ = (0.1, 0.975)
"""Lytics docs, "Evaluating Lookalike Models": outside of it a model is unhealthy."""
ALIKE = 0.5
"""From this Jaccard index on, source and target have most users in common."""


@dataclass(frozen=True)
class Table:
    """Rows of a card.

    Attributes:
        headings: one a column.
        rows: cells.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True)
class Section:
    """One part of a card.

    Attributes:
        title: its heading.
        sentences: what it says, a paragraph each.
        table: numbers; None if it has none.
    """

    title: str
    sentences: tuple[Words, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Card:
    """A model's card.

    Attributes:
        key: the declaration's key.
        facts: the first table: what it is, in pairs.
        sections: what there is to know.
    """

    key: str
    facts: tuple[tuple[str, Words], ...]
    sections: tuple[Section, ...]


def card_of(subject: Subject) -> Card:
    """Return the card of a model."""
    sections = [
        _predicts(subject),
        _data(subject),
        _scores(subject.row),
        _limits(subject),
        _bounds(subject),
        _users(subject),
        _past(subject),
    ]
    return Card(subject.row.key, tuple(_facts(subject)), tuple(sections))


def _q(value: object) -> Words:
    return (Quoted(str(value)),)


def _facts(subject: Subject) -> Iterator[tuple[str, Words]]:
    row, declared = subject.row, subject.declared
    if row.label:
        yield "Label", _q(row.label)
    yield "Owner", _q(declared.owner) if declared and declared.owner else words("not declared")
    yield "Stack", _q(subject.stack)
    yield "Name in Lytics", _q(row.name) if row.name else words("none yet")
    yield "Model", _q(row.id) if row.id else words("not created yet")
    if row.model is not None:
        yield "Algorithm", _q(row.model.type or "not told")
        yield "Created", _q(row.model.created)
        yield "Last updated", _q(row.model.updated)
    yield "State", _q(row.state)
    is_live = False if row.state == "gone" else row.live
    yield "Live", words({True: "yes", False: "no", None: "not known"}[is_live])
    period = subject.timeline.live(row.id)
    if row.live and period is not None:
        yield "Live since", _q(period.begin)


def _segment(segment: Segment | None, reference: str) -> Words:
    if segment is None:
        return words("the segment ", Quoted(reference or "that isn't known"))
    name = segment.name or segment.slug_name or segment.id
    return words("the users of ", Quoted(name), " (", Quoted(segment.slug_name or segment.id), ")")


def _reference(subject: Subject, side: str) -> str:
    kept = subject.row.resource.outputs if subject.row.resource else {}
    shown = getattr(subject.row.model, side) if subject.row.model else kept.get(side)
    declared = getattr(subject.declared, side) if subject.declared else ""
    return str(kept.get(f"{side}_name") or shown or declared)


def _predicts(subject: Subject) -> Section:
    source = _segment(subject.source, _reference(subject, "source"))
    target = _segment(subject.target, _reference(subject, "target"))
    name = subject.row.name
    sentences = [
        words("It scores ", *source, " from 0 to 1 by how much they resemble ", *target, "."),
    ]
    if name:
        sentences.append(
            words(
                "Profiles hold the score under ",
                Quoted(f"segment_prediction.`{name}`"),
                " and its percentile under ",
                Quoted(f"segment_prediction_percentile.`{name}`"),
                ", by which audiences are made.",
            )
        )
    sentences.append(
        words(
            "A score says how much a user looks like the target's users in the data that Lytics "
            "has. It is no forecast of what one person will do, and no ground for a decision "
            "about one person."
        )
    )
    return Section("What it predicts, and for whom", tuple(sentences))


_KINDS = {
    "segment": "membership of a segment",
    "lql": "user field",
    "field": "user field",
    "score": "Lytics behavioral score",
    "content": "Lytics content affinity",
    "campaign": "campaign",
}


def _data(subject: Subject) -> Section:
    row = subject.row
    kept = row.resource.outputs.get("config") if row.resource else None
    config: dict[str, object] = dict(kept) if isinstance(kept, Mapping) else {}
    config |= row.model.config.reported() if row.model else {}
    sentences = [words(*_trained_from(config))]
    if config.get("re_run"):
        sentences.append(words("Lytics trains it anew every week, on whoever is in its segments."))
    summary = row.summary
    features = sorted(
        summary.features if summary else [], key=lambda one: (-(one.importance or 0.0), one.name)
    )
    if not features:
        return Section("What it is trained from", (*sentences, words("No features are known.")))
    rows = tuple(
        (
            _q(one.name),
            words(_KINDS.get(one.kind, "")) if one.kind in _KINDS else _q(one.kind or "not told"),
            words("-" if one.importance is None else f"{one.importance:.3g}"),
            words(*_share(one.prevalence.source), " / ", *_share(one.prevalence.target)),
        )
        for one in features[:MOST_FEATURES]
    )
    if len(features) > MOST_FEATURES:
        sentences.append(words(f"The {MOST_FEATURES} most important of {len(features)} features:"))
    headings = ("field", "where it comes from", "importance", "source / target users that have it")
    return Section("What it is trained from", tuple(sentences), Table(headings, rows))


def _share(value: float | None) -> Words:
    return words("-" if value is None else f"{value:.0%}")


def _trained_from(config: Mapping[str, object]) -> Iterator[str | Quoted]:
    collect = config.get("collect")
    users = f"{int(collect):,}" if isinstance(collect, int | float) and collect else "5,000"
    yield f"Up to {users} users of each of the two segments are sampled. Features are chosen from"
    sources = [
        name
        for key, name in (
            ("use_scores", "Lytics' behavioral scores"),
            ("use_content", "Lytics' content affinities"),
        )
        if config.get(key)
    ]
    fields = config.get("additional")
    fields = fields if isinstance(fields, list) else []
    if config.get("auto_tune"):
        sources.append("what Lytics' Auto Tune picks")
    yield f" {', '.join(sources)}" if sources else ""
    if fields:
        yield f"{' and' if sources else ''} the user fields "
        for place, name in enumerate(fields):
            yield ", " if place else ""
            yield Quoted(str(name))
    yield "." if sources or fields else " what its config says."


def _untold(row: Row) -> str:
    """Return why a model has no numbers."""
    if row.state == "gone":
        return "It is gone from the account"
    return "Lytics doesn't tell them" if row.problem else "It isn't trained"


_MEANINGS = {
    "auc": "how often it ranks a user of the target above another one; 1 is always, 0.5 is chance",
    "accuracy": "0 to 10: how well the users whom it picks match the target",
    "reach": "0 to 10: how many users it finds beyond those whom the target has already",
    "fitness": "accuracy + reach: below 8 poor, from 8 fair, from 10 good, from 11 excellent",
    "rsq": "R squared: how much of the difference between users it explains",
    "mse": "mean squared error of the prediction; less is better",
    "threshold": "from this prediction on a user counts as one of the target",
    "audience_similarity": "Jaccard index: how much source and target have in common",
}


def _scores(row: Row) -> Section:
    title = "How well it does"
    summary = row.summary
    if summary is None:
        return Section(title, (words(f"{_untold(row)}, so there are no numbers."),))
    rows = []
    for name, meaning in _MEANINGS.items():
        value = number(summary, name)
        if value is not None:
            band = f" ({fitness_band(value)})" if name == "fitness" else ""
            rows.append((words(name), words(f"{shown_number(value)}{band}"), words(meaning)))
    sentences = []
    counts = held_out_of(summary.scores.error_matrix)
    if counts:
        targets, others = counts["tp"] + counts["fn"], counts["fp"] + counts["tn"]
        sentences.append(
            words(
                f"Measured on {targets + others:,} held-out users. Of {targets:,} users of the "
                f"target it finds {counts['tp']:,}; of {others:,} others it takes {counts['fp']:,} "
                "for one."
            )
        )
    return Section(title, tuple(sentences), Table(("number", "value", "meaning"), tuple(rows)))


def _limits(subject: Subject) -> Section:
    return Section("Limits", tuple(_limit_sentences(subject)))


def _limit_sentences(subject: Subject) -> Iterator[Words]:
    row = subject.row
    if row.model is not None and row.model.is_invalid:
        yield words("Its training failed: ", Quoted(row.model.reason or "no reason is given"), ".")
    summary = row.summary
    if summary is None:
        is_ahead = row.state != "gone" and not row.problem
        yield words("Nothing can be said before it is trained." if is_ahead else "None are known.")
        return
    health = summary.scores.health
    if health and not is_healthy(health):
        yield words("Lytics calls it ", Quoted(health), ": its predictions should not be trusted.")
    elif health:
        yield words("Lytics calls it ", Quoted(health), ".")
    rsq, low_high = number(summary, "rsq"), TRUSTED_RSQ
    if rsq is not None and rsq < low_high[0]:
        yield words(f"R squared is below {low_high[0]:g}: it explains too little.")
    elif rsq is not None and rsq > low_high[1]:
        yield words(
            f"R squared is above {low_high[1]:g}: it is overfit, it fits its sample too closely."
        )
    alike = number(summary, "audience_similarity")
    if alike is not None and alike >= ALIKE:
        yield words(
            f"Source and target have much in common (Jaccard index {alike:.2g}): there is little "
            "to tell apart."
        )
    for message in summary.scores.msgs:
        if "verdict" in message.tags or message.severity in {"warn", "warning", "error"}:
            yield words("Lytics says: ", Quoted(message.text))
    yield words("Numbers hold for the users who were sampled; other users may differ.")


def _bounds(subject: Subject) -> Section:
    row = subject.row
    title = "What it had to pass, and has to keep"
    rows = tuple(
        (_q(p.get("number")), _q(p.get("wanted")), _q(p.get("measured")), _passed(p.get("passed")))
        for p in row.gate_parts
    )
    sentences = [words("Its gate: ", row.gate, ".") if row.gate else words("It has no gate.")]
    if subject.declared is not None:
        kept = watch_of(subject.declared.gate, subject.declared.watch)
        wanted = kept.model_dump(exclude_none=True)
        told = ", ".join(_bound(name, value) for name, value in sorted(wanted.items()))
        sentences.append(words("While it is live, lytics-ml watch wants: ", Quoted(told), "."))
    table = Table(("gate", "wanted", "measured", "passed"), rows) if rows else None
    return Section(title, tuple(sentences), table)


def _bound(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{k} {v:g}" for k, v in sorted(value.items()))
        return f"{name} of at most {inner}"
    if isinstance(value, bool):
        return f"{name} {'yes' if value else 'or not'}"
    side = "at most" if name in {"mse", "audience_similarity"} else "at least"
    if name == "stale":
        return f"updated within {value}"
    return f"{name} {side} {value:g}" if isinstance(value, int | float) else f"{name} {value}"


def _passed(value: object) -> Words:
    return words("yes" if value else "no")


def _users(subject: Subject) -> Section:
    title = "Who uses it"
    if subject.uses is None:
        return Section(title, (words("Not known: this key may not see the account's audiences."),))
    uses = subject.uses.of(subject.row.name) if subject.row.name else ()
    sentences = []
    if not uses:
        sentences.append(words("No audience that can be read uses its score."))
    if subject.uses.unread:
        sentences.append(words(f"{len(subject.uses.unread)} audiences can't be read."))
    rows = tuple((_q(use.shown), _q(use.where or use.reads)) for use in sorted(uses, key=_by_name))
    return Section(title, tuple(sentences), Table(("audience", "by"), rows) if rows else None)


def _by_name(use: object) -> str:
    return str(getattr(use, "shown", ""))


def _past(subject: Subject) -> Section:
    past = subject.past
    trained = sum(record.event == "retrained" for record in past.records)
    if not past.periods:
        return Section("History", (words("The history has not seen it live."),))
    rows = tuple(
        (_q(one.id), _q(one.begin), _q(one.end or "still live"), _q(_main(one.scores)))
        for one in reversed(past.periods[-MOST_PERIODS:])
    )
    sentences = (words(f"Trained anew {trained} times while it was watched."),) if trained else ()
    headings = ("model", "live from", "to", "went live with")
    return Section("History", sentences, Table(headings, rows))


def _main(scores: Mapping[str, float]) -> str:
    names: Iterable[str] = ("auc", "accuracy", "reach")
    return ", ".join(f"{n} {shown_number(scores[n])}" for n in names if n in scores) or "not known"
