"""A model that exists, with what the account and its numbers say of it. Pure."""

from cli.review.change import Numbers, Subject
from cli.review.known import Known
from providers.lytics.domain.live.judging import scores_of
from providers.lytics.shapes import Summary

MOST_FEATURES = 8


def subject_of(known: Known, model_id: str, name: str = "", *, live: bool | None = None) -> Subject:
    """Return a model as the account shows it, else by what is kept of it.

    Args:
        known: what is known.
        model_id: its id.
        name: its name as it is kept.
        live: whether it is live, where the account doesn't show it.
    """
    model = (known.account or {}).get(model_id)
    summary = known.summaries.get(model_id)
    numbers = _numbers(summary) if summary is not None else None
    if model is not None:
        return Subject(model_id, model.name, model.is_active, numbers)
    return Subject(model_id, name, live, numbers)


def _numbers(summary: Summary) -> Numbers:
    ranked = sorted(summary.features, key=lambda feature: -(feature.importance or 0.0))
    return Numbers(
        scores=scores_of(summary),
        features=tuple((f.name, f.importance or 0.0) for f in ranked[:MOST_FEATURES]),
    )
