"""What every run asks of the account: once, and before the stack file is read where possible."""

import re
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Literal

from providers.lytics.errors import LyticsError

if TYPE_CHECKING:
    from providers.lytics.program.program import Program
    from providers.lytics.shapes import Model, Segment

What = Literal["segments", "models"]
_REFERENCE = re.compile(rb"""(?:source|target)["']?\s*:\s*["']?(?![0-9a-fA-F]{32}\b)[^\s"'#]""")


def declares_models(path: Path) -> bool:
    """Tell whether a stack file seems to declare a model; it isn't parsed yet."""
    return b"source" in _content(path)


class Ahead:
    """ML List and the segments as a run first sees them, each asked for once at most.

    Args:
        program: the program.
    """

    def __init__(self, program: "Program") -> None:
        self._program = program
        self._replies: dict[What, Future[Any]] = {}
        self._asking = Lock()

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

    def models(self) -> "list[Model]":
        """Return ML List, asked for now if it wasn't sent ahead.

        Raises:
            RequestError: the API failed; whoever asks is told so.
        """
        found: list[Model] = self._reply("models")
        return found

    def segments(self) -> "list[Segment]":
        """Return the account's segments, asked for now if they weren't sent ahead.

        Raises:
            RequestError: the API failed; whoever asks is told so.
        """
        found: list[Segment] = self._reply("segments")
        return found

    def _reply(self, what: What) -> Any:  # noqa: ANN401 - each caller knows of what
        with self._asking:
            is_new = what not in self._replies
            reply = self._replies.setdefault(what, Future())
        if is_new:
            self._answer(what, reply)
        return reply.result()

    def _ask(self, replies: "list[tuple[What, Future[Any]]]") -> None:
        with suppress(Exception):  # Each thread meets the same error, and notes it.
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
    """Return a file without its comments; one that can't be read is reported when it is parsed."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in lines if not line.lstrip().startswith(b"#"))
