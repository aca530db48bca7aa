"""What was watched, as a message."""

from cli.notify.message import Message
from cli.watch.watching import Watching


def as_message(watching: Watching, link: str) -> Message:
    """Return what there is to say of live models."""
    lines = [
        f"{one.subject.key}: {short.what} wanted {short.wanted}, measured {short.measured}"
        for one in watching.short
        for short in one.fell_short
    ]
    told = {(one.subject.key, one.subject.id) for one in watching.short}
    items = [o for o in watching.as_dict()["models"] if (o["key"], o["id"]) in told]
    return Message(watching.stack, "watch", watching.summary, lines, items, link)


def known_by(watching: Watching) -> list[tuple[str, str, str, str]]:
    """Return what identifies the news: which numbers fall short, not by how much."""
    return [
        (one.subject.key, one.subject.id, short.what, short.wanted)
        for one in watching.short
        for short in one.fell_short
    ]
