"""A reply as it came, for finding out how an account behaves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A reply as it came: status, headers, body, and the seconds that it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_s: float

    @property
    def is_good(self) -> bool:
        """Whether the API did what it was asked for."""
        return self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_fault(self) -> bool:
        """Whether the API failed, so that the reply tells nothing of its ways."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def data(self) -> Any:  # noqa: ANN401 - JSON
        """What is under `data`; None where the body isn't the API's JSON."""
        try:
            envelope = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return envelope.get("data") if isinstance(envelope, dict) else None
