"""Says something once: only when what there is to say has changed since the last message."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from cli.notify.message import Kind, Message, body, kind_of
from cli.notify.sending import PAUSES_S, send
from cli.screen.terminal import warn
from cli.workspace.project import Project
from providers.lytics.errors import HistoryError
from providers.lytics.history.store import append_text, history_file, now, stamp

ADDRESS_VARIABLE = "LYTICS_ML_NOTIFY"


def notify(
    project: Project,
    message: Message,
    said: Sequence[Sequence[str]],
    kind: Kind | None = None,
    pauses_s: Sequence[float] = PAUSES_S,
) -> None:
    """Send a message if it is news; whatever goes wrong is a warning.

    Args:
        project: where the stack is.
        message: what to say.
        said: what identifies the news: the same as in the last message is no news.
        kind: who reads it; None goes by the address.
        pauses_s: seconds before each further try.
    """
    address = os.environ.get(ADDRESS_VARIABLE, "").strip()
    if not address:
        warn(f"No message is sent: {ADDRESS_VARIABLE} holds no address")
        return
    file = history_file(project.folder, f"{message.stack}.notified")
    mark = _mark(said)
    try:
        if mark == _last(file, message.command):
            return
        if why := send(address, body(message, kind or kind_of(address)), pauses_s):
            warn(f"The message could not be sent: {why}. The next run tries again")
            return
        line = {"at": stamp(now()), "command": message.command, "said": mark}
        append_text(file, json.dumps(line) + "\n")
    except (HistoryError, ValueError) as exc:
        # ValueError: an address that can't be taken apart; its text could hold the address.
        what = str(exc) if isinstance(exc, HistoryError) else f"{ADDRESS_VARIABLE} is no address"
        warn(f"No message: {what}")


def _mark(said: Sequence[Sequence[str]]) -> str:
    """Return a hash of what there is to say, "" where there is nothing."""
    if not said:
        return ""
    text = json.dumps(sorted(list(one) for one in said))
    return hashlib.sha256(text.encode()).hexdigest()


def _last(file: Path, command: str) -> str:
    """Return the mark of a command's last message; "" where there was none, as if all were well."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    except OSError as exc:
        message = f"{file} can't be read: {exc.strerror}"
        raise HistoryError(message) from exc
    found: list[tuple[str, int, str]] = []
    for place, line in enumerate(lines):
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict) and data.get("command") == command:
            found.append((str(data.get("at")), place, str(data.get("said"))))
    return max(found)[2] if found else ""
