"""Who holds a stack's lock: a killed run leaves it behind."""

import json
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cli.workspace.project import Project, short_name
from cli.workspace.pulumi import PulumiError, run_pulumi


@dataclass(frozen=True)
class Lock:
    """One lock.

    Attributes:
        holder: who holds it, as far as Pulumi says: user@machine, a process id.
        since: when it was taken, as Pulumi wrote it; "" where it doesn't say.
        is_alive: whether the process that holds it still runs on this machine.
        has_ended: whether that process ran on this machine, and doesn't any more.
    """

    holder: str
    since: str = ""
    is_alive: bool = False
    has_ended: bool = False

    def __str__(self) -> str:
        return f"{self.holder}{f', since {self.since}' if self.since else ''}"


_IN_CLOUD = Lock("an update that Pulumi Cloud has as being in progress")


def shows_locks(project: Project) -> bool:
    """Tell whether a backend shows a stack's locks to who only looks.

    In a file backend they are files, and Pulumi Cloud lists the stacks that are being updated. Of
    S3, PostgreSQL and the like no command of Pulumi reads them and takes none.

    Raises:
        PulumiError: Pulumi can't reach the backend.
    """
    return _backend_url(project).startswith(("file:", "http"))


def locks_of(project: Project, stack: str, *, may_take: bool = False) -> list[Lock] | None:
    """Return the locks of a stack; nothing is changed, and nothing added to its history.

    Args:
        project: where the stack is.
        stack: its name.
        may_take: whether the lock may be taken for a moment, where it isn't shown otherwise:
            Pulumi is asked to rename the stack to the name that it has. It takes the lock for
            that, or says who holds it, and then refuses.

    Returns:
        None where the locks aren't shown, and may not be taken.

    Raises:
        PulumiError: Pulumi can't reach the backend.
    """
    url = _backend_url(project)
    name = short_name(stack)
    if url.startswith("file:"):
        return list(_in_folder(_folder(url), project.name, name))
    if url.startswith("http"):
        listed = json.loads(run_pulumi(project, "stack", "ls", "--json"))
        busy = [one for one in listed if one.get("updateInProgress")]
        return [_IN_CLOUD for one in busy if short_name(str(one.get("name"))) == name]
    if not may_take:
        return None
    try:
        run_pulumi(project, "stack", "rename", name, "--stack", stack)
    except PulumiError as exc:
        return parse_locks(exc.said)
    return []


def folder_of(project: Project) -> Path | None:
    """Return the folder of a file backend, None for any other.

    Raises:
        PulumiError: Pulumi can't say which backend it uses.
    """
    url = _backend_url(project)
    return _folder(url) if url.startswith("file:") else None


@cache
def _backend_url(project: Project) -> str:
    """Return where Pulumi keeps states, asked for once: an answer takes a fifth of a second."""
    return str(json.loads(run_pulumi(project, "whoami", "--verbose", "--json")).get("url", ""))


def _folder(url: str) -> Path:
    path = unquote(urlsplit(url).path)
    folder = Path(path.removeprefix("/")) if path.startswith("/~") else Path(path)
    return folder.expanduser()


def _in_folder(backend: Path, project: str, stack: str) -> Iterable[Lock]:
    """Yield the locks in `.pulumi/locks/organization/PROJECT/STACK/ID.json`."""
    folder = backend / ".pulumi" / "locks"
    for file in sorted(folder.glob(f"**/{stack}/*.json")):
        if file.parent.parent.name not in {project, "organization", "locks"}:
            continue
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            content = {}
        yield _lock(content if isinstance(content, dict) else {})


def _lock(content: dict[str, object]) -> Lock:
    user, machine = content.get("username", "somebody"), content.get("hostname", "somewhere")
    pid = content.get("pid")
    since = str(content.get("timestamp", "")).split(".")[0].replace("T", " ")
    return _held(f"{user}@{machine}", pid if isinstance(pid, int) else None, since)


def _held(who: str, pid: int | None, since: str) -> Lock:
    """Return a lock whose holder is a process, and whether that runs on this machine."""
    if pid is None:
        return Lock(who, since)
    is_here = who.rpartition("@")[2] == socket.gethostname()
    is_alive = is_here and _runs_pulumi(pid)
    return Lock(f"{who} (process {pid})", since, is_alive, has_ended=is_here and not is_alive)


def _runs_pulumi(pid: int) -> bool:
    """Tell whether a process runs, and is Pulumi as far as this machine says."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Somebody else's, so it runs.
    name = Path(f"/proc/{pid}/comm")
    try:
        return "pulumi" in name.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True


_CREATED_BY = re.compile(r"created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<when>\S+)")
_LOCKED = re.compile(r"currently locked by|update is currently in progress|\[409\]")


def parse_locks(said: str) -> list[Lock]:
    """Return the locks that Pulumi names in its own words, of any backend."""
    named = [
        _held(found["who"], int(found["pid"]), found["when"].replace("T", " "))
        for found in _CREATED_BY.finditer(said)
    ]
    if not named and _LOCKED.search(said):
        line = next(line for line in said.splitlines() if _LOCKED.search(line))
        return [Lock(line.removeprefix("error: ").strip())]
    return named
