"""Requests that every `up` needs, sent before the program knows what it declares."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from providers.lytics.errors import LyticsError
from providers.lytics.program.program_settings import may_wait, program_client, program_settings

What = Literal["segments", "models"]
_REFERENCE = re.compile(rb"""(?:source|target)["']?\s*:\s*["']?(?![0-9a-fA-F]{32}\b)[^\s"'#]""")

_replies: "dict[What, Future[Any]]" = {}


def declares_models(path: Path) -> bool:
    """Tell whether a stack file seems to declare a model; it isn't parsed yet."""
    return b"source" in _content(path)


def begin(path: Path) -> None:
    """Ask for ML List, and for the segments if the file names any by slug.

    Args:
        path: the stack file; it isn't parsed yet.
    """
    try:
        if program_settings().api_key is None:
            return
    except LyticsError:
        return  # It is told where the setting is needed.
    if _REFERENCE.search(_content(path)):
        _replies["segments"] = Future()
    if may_wait():
        _replies["models"] = Future()
    if _replies:
        # Nothing must wait for them at the end: a program that fails ends at once.
        Thread(target=_ask, args=(dict(_replies),), daemon=True).start()


def _ask(replies: "Mapping[What, Future[Any]]") -> None:
    asks: dict[What, Callable[[], object]] = {
        "segments": lambda: program_client().list_segments(),
        "models": lambda: program_client().list_models(),
    }
    with suppress(Exception):  # It happens again in each of the threads, and is noted there.
        program_client()
    for what, reply in replies.items():
        Thread(target=_answer, args=(reply, asks[what]), daemon=True).start()


def _answer(reply: "Future[Any]", ask: Callable[[], object]) -> None:
    try:
        reply.set_result(ask())
    except Exception as exc:  # noqa: BLE001 - raised again where the reply is wanted
        reply.set_exception(exc)


def taken(what: What) -> "Future[Any] | None":
    """Return the reply to a request that was sent ahead, once; None if it wasn't sent."""
    return _replies.pop(what, None)


def _content(path: Path) -> bytes:
    """Return a file without its comments; that it can't be read is told when it is parsed."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in lines if not line.lstrip().startswith(b"#"))
