"""Segments as somebody else makes them, past every rule of the API."""

from typing import Any

from sandbox.audiences.writes import create_segment
from sandbox.errors import BadRequestError
from sandbox.segments import Segment
from sandbox.world import World


def create_segments(world: World, sent: object) -> list[Segment]:
    """Make segments as they are told, odd ones too.

    Args:
        world: where.
        sent: one or a list of them: name, slug_name, segment_ql and so on; ``aid`` is the account
            that gets it, the first one unless told.

    Raises:
        BadRequestError: something can't be set.
    """
    made = []
    for one in sent if isinstance(sent, list) else [sent]:
        changes = dict(checked(one))
        aid = changes.pop("aid", world.accounts[0])
        if aid not in world.accounts:
            message = f"aid must be one of {', '.join(map(str, world.accounts))}"
            raise BadRequestError(message)
        made.append(create_segment(world, aid, changes, odd=True))
    return made


def checked(sent: object) -> dict[str, Any]:
    """Return what was sent if it is one JSON object.

    Raises:
        BadRequestError: it isn't.
    """
    if not isinstance(sent, dict):
        message = "a segment is a JSON object, for example {name, segment_ql}"
        raise BadRequestError(message)
    return sent
