"""Drift as a message."""

from cli.drift.compare import StackDrift
from cli.notify.message import Message


def as_message(report: StackDrift, link: str) -> Message:
    """Return what there is to say of a stack's drift."""
    lines = [
        f"{one.key or one.name}: {one.property} declared {one.declared}, actual {one.actual}"
        for one in report.drifts
    ]
    items = [one.as_dict() for one in report.drifts]
    return Message(report.stack, "drift", report.summary, lines, items, link)


def known_by(report: StackDrift) -> list[tuple[str, str, str, str]]:
    """Return what identifies the news: the same drift is no news."""
    return [(one.key, one.model_id, one.property, one.actual) for one in report.drifts]
