"""Requests that every `up` needs, sent before the program knows what it declares."""

import re
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal

from providers.lytics.errors import LyticsError

if TYPE_CHECKING:
    from providers.lytics.program.program import Program

What = Literal["segments", "models"]
_REFERENCE = re.compile(rb"""(?:source|target)["']?\s*:\s*["']?(?![0-9a-fA-F]{32}\b)[^\s"'#]""")


def declares_models(path: Path) -> bool:
    """Tell whether a stack file seems to declare a model; it isn't parsed yet."""
    return b"source" in _content(path)


class Ahead:
    """The requests that a program sends ahead, and their replies.

    Args:
        program: the program.
    """

    def __init__(self, program: "Program") -> None:
        self._program = program
        self._replies: dict[What, Future[Any]] = {}

    def begin(self, path: Path) -> None:
        """Ask for ML List, and for the segments if the file names any by slug.

        Args:
            path: the stack file; it isn't parsed yet.
        """
        try:
            if not self._program.has_key:
                return
        except LyticsError:
            return  # It is told where the setting is needed.
        if _REFERENCE.search(_content(path)):
            self._replies["segments"] = Future()
        if self._program.waits:
            self._replies["models"] = Future()
        if self._replies:
            # Nothing must wait for them at the end: a program that fails ends at once.
            Thread(target=self._ask, args=(list(self._replies.items()),), daemon=True).start()

    def taken(self, what: What) -> "Future[Any] | None":
        """Return the reply to a request that was sent ahead, once; None if it wasn't sent."""
        return self._replies.pop(what, None)

    def _ask(self, replies: "list[tuple[What, Future[Any]]]") -> None:
        with suppress(Exception):  # It happens again in each of the threads, and is noted there.
            _ = self._program.client
        for what, reply in replies:
            Thread(target=self._answer, args=(what, reply), daemon=True).start()

    def _answer(self, what: What, reply: "Future[Any]") -> None:
        try:
            client = self._program.client
            ask = client.list_segments if what == "segments" else client.list_models
            reply.set_result(ask())
        except Exception as exc:  # noqa: BLE001 - raised again where the reply is wanted
            reply.set_exception(exc)


def _content(path: Path) -> bytes:
    """Return a file without its comments; that it can't be read is told when it is parsed."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in lines if not line.lstrip().startswith(b"#"))
