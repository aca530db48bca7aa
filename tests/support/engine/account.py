"""An account in a sandbox: what it holds, who asked what, and what others do in it meanwhile."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from sandbox.segments import segment_id
from sandbox.server import Handle

Json = dict[str, Any]
WRITES = ("POST", "PUT", "PATCH", "DELETE")
POLL_S = 0.02
HANGS_AFTER_S = 300.0
"""Seconds; nothing that goes well takes nearly as long, on a machine that is busy neither."""


class Account:
    """Account 1234 of a sandbox.

    Args:
        handle: the sandbox.
    """

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.url = handle.url
        self._client = httpx.Client(
            base_url=handle.root, headers={"Authorization": "sandbox"}, timeout=HANGS_AFTER_S
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    # --- what is there ----------------------------------------------------------------------

    def models(self) -> dict[str, Json]:
        """Return every model by id, as the sandbox keeps it: nothing is logged."""
        return {i: model.as_record() for i, model in list(self.handle.world.store.models.items())}

    def model(self, model_id: str) -> Json:
        """Return one model."""
        return self.models()[model_id]

    def live_ids(self) -> set[str]:
        """Return the ids of the models that are live."""
        return {i for i, model in self.models().items() if model["is_active"]}

    def building(self) -> set[str]:
        """Return the ids of the models that are being built."""
        return {i for i, model in self.models().items() if model["state"] == "building"}

    # --- who asked what ---------------------------------------------------------------------

    def mark(self) -> int:
        """Return where the request log is now."""
        requests = self.requests()
        return int(requests[-1]["seq"]) if requests else 0

    def requests(self, since: int = 0) -> list[Json]:
        """Return the API requests after a mark, in the order in which they came."""
        asked = self._client.get("/_sandbox/requests", params={"since": since})
        entries: list[Json] = asked.raise_for_status().json()
        return entries

    def writes(self, since: int) -> list[Json]:
        """Return the requests after a mark that write."""
        return [entry for entry in self.requests(since) if entry["method"] in WRITES]

    def hit(self, since: int) -> list[Json]:
        """Return the requests after a mark that a fault hit."""
        return [entry for entry in self.requests(since) if entry["fault"]]

    def creates(self, since: int) -> list[Json]:
        """Return the requests after a mark that train a model."""
        return [entry for entry in self.writes(since) if entry["path"] == "/api/ml"]

    def switches(self, since: int) -> list[tuple[str, bool]]:
        """Return id and value of each is_active that was written after a mark, in order."""
        return [
            (entry["path"].rsplit("/", 1)[1], entry["body"]["is_active"])
            for entry in self.writes(since)
            if entry["method"] == "POST"
            and isinstance(entry["body"], dict)
            and "is_active" in entry["body"]
        ]

    # --- what others do ---------------------------------------------------------------------

    def change(self, model_id: str, **changes: object) -> None:
        """Change a model as somebody else would."""
        self._client.post(f"/_sandbox/models/{model_id}", json=changes).raise_for_status()

    def remove(self, model_id: str) -> None:
        """Remove a model as somebody else would."""
        self._client.delete(f"/_sandbox/models/{model_id}").raise_for_status()

    def outcome(self, match: Mapping[str, str], **outcome: object) -> None:
        """Say what models to come will come to; it goes before what was said earlier."""
        self._client.post("/_sandbox/outcomes", json={"match": match, **outcome}).raise_for_status()
        outcomes = self.handle.world.outcomes
        outcomes.insert(0, outcomes.pop())

    def behave(self, **ways: object) -> None:
        """Let the account behave in another way from here on (`sandbox.behaviour`)."""
        self._client.post("/_sandbox/behaviour", json=ways).raise_for_status()

    def fault(self, **rule: object) -> None:
        """Make chosen requests fail."""
        self._client.post("/_sandbox/faults", json=rule).raise_for_status()

    def mend(self) -> None:
        """Let nothing fail from here on."""
        self._client.delete("/_sandbox/faults").raise_for_status()

    def create(self, **changes: object) -> str:
        """Create a model as somebody else would, and return its id."""
        body = {
            "name": "of_somebody_else",
            "source": segment_id(1234, "all_users"),
            "target": segment_id(1234, "high_value"),
            "config": {"use_scores": True},
            **changes,
        }
        reply = self._client.post("/api/ml", json=body).raise_for_status().json()
        data = reply.get("data", reply)
        return str(data["id"])

    def audience(self, slug: str, where: str) -> None:
        """Make an audience as somebody else would."""
        segment = {"slug_name": slug, "name": slug, "segment_ql": f"FILTER {where}"}
        self._client.post("/_sandbox/segments", json=segment).raise_for_status()

    def wait(self, what: Callable[[], object], seconds: float = HANGS_AFTER_S) -> None:
        """Wait until something is so."""
        end_s = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end_s, f"not so after {seconds:g} s; asked: {self.requests()}"
            time.sleep(POLL_S)
