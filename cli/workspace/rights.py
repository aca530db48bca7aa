"""What a key may do with models, as far as the API tells that without a write.

A key of today is `at.ID.SECRET`, and `GET /v2/auth/ID` returns its scopes, without the secret
(lytics/agent-skills, lytics-account/tokens.md). `v2_lookalike_manage` lets it write models,
`v2_lookalike_view` read them (Lytics docs, Granular Permissions). Not documented: what older keys
and roles are called there, and which keys may ask; of these nothing is said.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.requests import Requests
from providers.lytics.api.settings import Settings
from providers.lytics.errors import RequestError
from providers.lytics.text import harmless

MANAGE = "v2_lookalike_manage"
_TOKEN = re.compile(r"at\.([^.]+)\.[^.]+")
# Each of these lets a key do one thing; any other slug may be that of a role with several.
_SINGLE = re.compile(r"v2_\w+_(?:view|manage)")


@dataclass(frozen=True)
class Rights:
    """Whether a key may write models.

    Attributes:
        may_write: None where that isn't known.
        seen: what says so, or why it isn't known.
    """

    may_write: bool | None
    seen: str

    def __str__(self) -> str:
        known = {True: "may write models", False: "may not write models"}
        if self.may_write is None:
            return f"whether this key may write models isn't known: {self.seen}"
        return f"this key {known[self.may_write]}: {self.seen}"


def rights_of(settings: Settings, client: LyticsClient) -> Rights:
    """Ask what a key may do; sends one GET at most."""
    found = _TOKEN.fullmatch(settings.api_key or "")
    if found is None:
        return Rights(None, "Lytics tells it only for a key of the form at.ID.SECRET")
    try:
        answer = client.answer(Requests(settings.api).fetch_token(found[1]))
    except RequestError as exc:
        return Rights(None, exc.what)
    token = answer.data
    scopes = token.get("scopes") if isinstance(token, dict) else None
    if not answer.is_good or not isinstance(scopes, list):
        return Rights(None, f"Lytics doesn't tell it its own scopes ({answer.status})")
    slugs = sorted(str(one) for one in scopes)
    return Rights(_may_write(slugs), f"its scopes are {harmless(', '.join(slugs)) or 'none'}")


def _may_write(scopes: Collection[str]) -> bool | None:
    if MANAGE in scopes:
        return True
    return False if all(_SINGLE.fullmatch(one) for one in scopes) else None
