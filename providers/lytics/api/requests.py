"""What is asked of the API, in either of its generations; nothing else knows their paths.

Paths are below the API's address: `https://api.lytics.io` + `/api/ml`. v1 follows the API page, v2
follows Lytics' OpenAPI of version 2 ("ML Models", "Segments").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from providers.lytics.api.settings import Generation


@dataclass(frozen=True)
class Request:
    """One request: method, path, query without any key, JSON body or None.

    Attributes:
        repeatable: whether sending it twice does what sending it once does.
        if_missing: what a 404 says about the settings, "" where it speaks of one object.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    if_missing: str = ""


class Requests:
    """The requests of one generation.

    Args:
        api: the generation.
        setting: what the user set it with, `LYTICS_API` or `lytics:api`.
    """

    def __init__(self, api: Generation = "v1", setting: str = "lytics:api") -> None:
        self.api = api
        self._is_v2 = api == "v2"
        self._base = "/v2" if self._is_v2 else "/api"
        other = "v1" if self._is_v2 else "v2"
        self._if_missing = (
            f". What answers here doesn't serve {self._base}: set {setting} to {other} if the "
            f"account has only that, or correct the address"
        )

    def _ml(self, model_id: str) -> str:
        return f"{self._base}/ml/{quote(model_id, safe='')}"

    @staticmethod
    def fetch_token(token_id: str) -> Request:
        """Ask for a key by its id, for its scopes; version 2 of the API alone has that."""
        return Request("GET", f"/v2/auth/{quote(token_id, safe='')}")

    def list_models(self) -> Request:
        """Ask for all models of the account (ML List; no generation documents pages)."""
        return Request("GET", f"{self._base}/ml", if_missing=self._if_missing)

    def fetch_model(self, model_id: str) -> Request:
        """Ask for one model (ML Fetch)."""
        return Request("GET", self._ml(model_id))

    def create_model(self, payload: Mapping[str, Any]) -> Request:
        """Ask for a new model (ML Create); never repeatable: names aren't unique.

        v2 doesn't know `tune_model`, v1 doesn't know `blocked`.
        """
        unknown = "tune_model" if self._is_v2 else "blocked"
        config = {k: v for k, v in (payload.get("config") or {}).items() if k != unknown}
        body = {**payload, "config": config} if "config" in payload else payload
        return Request("POST", f"{self._base}/ml", body=body, repeatable=False)

    def update_model(self, model_id: str, changes: Mapping[str, Any]) -> Request:
        """Set label, is_active, and in v2 hidden (ML Update; nothing else can be updated).

        v2 takes them from the query of a PUT, flags as words.
        """
        if self._is_v2:
            params = {name: _word(value) for name, value in changes.items()}
            return Request("PUT", self._ml(model_id), params=params)
        return Request("POST", self._ml(model_id), body=changes)

    def fetch_summary(self, model_id: str) -> Request:
        """Ask for a trained model's numbers (ML Summary)."""
        return Request("GET", f"{self._ml(model_id)}/summary")

    def delete_model(self, model_id: str) -> Request:
        """Delete a model; only v2 documents a delete, so it is asked whatever the generation."""
        return Request("DELETE", f"/v2/ml/{quote(model_id, safe='')}")

    def list_segments(self) -> Request:
        """Ask for all user segments of the account, invalid ones included."""
        params = {"table": "user", "valid": "all"}
        path = f"{self._base}/segment"
        return Request("GET", path, params=params, if_missing=self._if_missing)

    def fetch_segment(self, reference: str) -> Request:
        """Ask for one segment of any table, by id or slug."""
        return Request("GET", f"{self._base}/segment/{quote(reference, safe='')}")

    def segment_sizes(self, segment_ids: list[str]) -> Request:
        """Ask for the sizes, in users, of many segments at once.

        v2 has sizes only as a part of segments: of all of them.
        """
        if self._is_v2:
            params = {"table": "user", "valid": "all", "sizes": "true"}
            return Request("GET", "/v2/segment", params=params)
        return Request("GET", "/api/segment/sizes", params={"ids": ",".join(segment_ids)})


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
