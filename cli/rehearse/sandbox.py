"""A sandbox of a rehearsal's own: started as a process, spoken to over HTTP."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from cli.errors import CliError
from cli.rehearse.room import Room
from cli.workspace.project import ROOT

KEY = "sandbox"
"""The sandbox' own key; it opens nothing else."""
_READY = "sandbox ready on "
_PATIENCE_S = 120.0

Json = dict[str, Any]


class Sandbox:
    """A sandbox that holds a copy of an account.

    Attributes:
        url: the API's address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url.removesuffix("/api"), timeout=_PATIENCE_S, trust_env=False
        )

    @classmethod
    def start(cls, room: Room, name: str, like: Path | None, env: Mapping[str, str]) -> Self:
        """Start one.

        Args:
            room: whose processes end with the rehearsal.
            name: of its folder in the room.
            like: an account profile; None is the sandbox's own ways.
            env: the environment.

        Raises:
            CliError: it doesn't start; the message holds its words.
        """
        data = room.folder / name
        # A build, a reply and the list take no time, whatever the account's own take.
        command = [sys.executable, "-P", "-m", "sandbox", "--port", "0", "--no-train"]
        command += ["--data", str(data), "--latency-ms", "0", "--list-delay-s", "0"]
        if like is not None:
            command += ["--like", str(like)]
        paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), *env.get("PYTHONPATH", "").split()])}
        process = room.start(command, ROOT, {**env, **paths})
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        said = []
        for line in process.stdout:
            if line.startswith(_READY):
                return cls(line.removeprefix(_READY).strip())
            said.append(line)
        message = f"The sandbox of the rehearsal doesn't start:\n{''.join(said).strip()}"
        raise CliError(message)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def place(self, account: Json, outcomes: list[Any]) -> None:
        """Have it hold an account, and know what models to come will score.

        Raises:
            CliError: it refuses.
        """
        self._post("/_sandbox/account", account)
        self._post("/_sandbox/outcomes", outcomes)

    def name_as(self, prefix: str) -> None:
        """Have it put something before each name, as the account does; "" changes nothing.

        Raises:
            CliError: it refuses.
        """
        if prefix:
            self._post("/_sandbox/behaviour", {"rename": "prefix", "rename_text": prefix})

    def models(self) -> list[Json]:
        """Return all models as the sandbox keeps them."""
        models: list[Json] = self._get("/_sandbox/models")
        return models

    def writes(self) -> list[Json]:
        """Return the requests so far that write, in order."""
        log: list[Json] = self._get("/_sandbox/requests")
        return [entry for entry in log if entry["method"] not in ("GET", "HEAD")]

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return self._http.get(path).raise_for_status().json()

    def _post(self, path: str, body: object) -> None:
        reply = self._http.post(path, json=body)
        if reply.is_error:
            message = f"The account can't be copied: {reply.json().get('message', reply.text)}"
            raise CliError(message)
