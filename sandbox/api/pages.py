"""Lists in pages, and the marks that documents know for them. Pure.

``_meta.has_more`` and ``next_before`` are of Lytics' agent skills, ``_next`` and ``total`` of
go-lytics. No document says that ML List or the segments come in pages, hence ``--page-size``.
"""

from typing import Any

from sandbox.errors import BadRequestError
from sandbox.turning.behaviour import Behaviour

PAST_DIGITS = 9


def cut_page(items: list[bytes], start: str, ways: Behaviour) -> tuple[list[bytes], dict[str, Any]]:
    """Return the items of a page and what the envelope says of it.

    Args:
        items: all there are.
        start: the page before said so in ``_next`` or ``next_before``; empty for the first.
        ways: how many make a page.

    Raises:
        BadRequestError: no page said this start.
    """
    if not ways.page_size:
        return items, {}
    if start and not (start.isdecimal() and len(start) <= PAST_DIGITS):
        message = f"start must be what the page before said, not {start!r}"
        raise BadRequestError(message)
    first = int(start or "0")
    after = first + ways.page_size
    more = str(after) if after < len(items) else ""
    marks = {
        "_meta": {"has_more": bool(more), "next_before": more},
        "_next": more,
        "total": len(items),
    }
    if ways.page_marks != "all":
        marks = {key: value for key, value in marks.items() if key == ways.page_marks}
    return items[first:after], marks
