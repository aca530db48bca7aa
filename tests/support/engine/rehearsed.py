"""A rehearsal and the change itself, as sequences of requests that can be held side by side."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from cli.workspace.kinship import key_in
from tests.support.engine.project import Project

Json = dict[str, Any]
Told = dict[str, list[tuple[str, str]]]
"""By key, the requests about its models in order: method with path, and what it does."""
_ID = re.compile(r"/ml/([^/]+)$")


def rehearse(project: Project, *arguments: str, code: int | None = 0) -> dict[str, Json]:
    """Rehearse, and return what it says, by what the gates do."""
    ran = project.lytics_ml("rehearse", "--json", *arguments, code=code)
    found: list[Json] = json.loads(ran.output)["rehearsals"]
    return {one["gates"]: one for one in found}


class Doing:
    """A change that is really done: notes what is there before, and what was sent.

    Args:
        project: whose stack.
        names: keys by declared names, and by the keys that they had before.
    """

    def __init__(self, project: Project, names: Json | None = None) -> None:
        self._account = project.account
        self._project = project
        self._names = names or {}
        self.before = self._account.models()
        self._mark = self._account.mark()

    def key_of(self, name: str) -> str:
        """Return the key that a model's name stands for, "" for somebody else's."""
        found = self._names.get(name) or key_in(name) or ""
        return str(self._names.get(found, found))

    def sent(self) -> Told:
        """Return what was sent."""
        models = {**self.before, **self._account.models()}
        asked = [
            (
                entry["method"],
                entry["path"],
                self.key_of(models[entry["model"]]["name"]) if entry["model"] in models else "",
                _what(entry),
            )
            for entry in self._account.writes(self._mark)
        ]
        return _told(asked, self.before.__contains__)

    def live(self) -> dict[str, int]:
        """Return how many models are live now, by key; somebody else's aside."""
        models = self._account.models()
        keys = [self.key_of(models[one]["name"]) for one in self._account.live_ids()]
        return {key: keys.count(key) for key in keys if key}

    def rehearsed(self, one: Json) -> Told:
        """Return what a rehearsal said would be sent."""
        asked = [(w["method"], w["path"], w["key"], w["what"]) for w in one["writes"]]
        return _told(asked, self.before.__contains__)

    def live_in(self, one: Json) -> dict[str, int]:
        """Return how many models a rehearsal had live at its end, by key."""
        return {key: len(ids) for key, ids in one["live"][-1]["keys"].items()}


def _what(entry: Json) -> str:
    body, status = entry["body"] or {}, entry["status"]
    query = dict(pair.split("=", 1) for pair in entry["query"].split("&") if pair)
    said = []
    if entry["method"] == "DELETE":
        said.append("deletes the model")
    elif entry["path"].endswith("/ml"):
        waits = (body.get("config") or {}).get("build_only")
        said.append("trains a model, " + ("not to go live by itself" if waits else "to go live"))
    else:
        active = body.get(
            "is_active", {"true": True, "false": False}.get(query.get("is_active", ""))
        )
        said += [] if active is None else ["sets it live" if active else "stops it"]
        said += ["sets its label"] if "label" in body or "label" in query else []
    return ", ".join(said) + (f"; refused: {status}" if status >= 400 else "")


def _told(asked: Iterable[tuple[str, str, str, str]], is_known: Callable[[str], bool]) -> Told:
    """Return requests by key; ids that were made meanwhile are told as `new`."""
    told: Told = {}
    for method, path, key, what in asked:
        found = _ID.search(path)
        shown = path if not found or is_known(found[1]) else path.replace(found[1], "new")
        told.setdefault(key, []).append((f"{method} {shown}", what))
    return told
