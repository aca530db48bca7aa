"""What a doctor found out about an account, as `lytics:account` names it.

Nothing relies on it: a profile lets previews and reviews say more, and without one all is as safe.
"""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from providers.lytics.errors import SettingsError

VERSION = 1
MARK_DIGITS = 3


class AccountProfile(BaseModel):
    """An account profile; None is "not known". sandbox/README.md has what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Literal[1]
    api: Literal["v1", "v2", "both"] | None
    name_altered: Literal["no", "prefix", "suffix", "lower"] | None
    name_text: str | None
    config_echo: Literal["full", "zeroed", "none"] | None
    listed_after_s: NonNegativeFloat | None
    same_name: Literal["second", "refused", "renamed", "same id"] | None
    active_while_building: Literal["taken", "refused", "ignored"] | None
    summary_while_building: Literal["empty", "zeros", "404"] | None
    update_post: bool | None
    update_put: bool | None
    update_query: bool | None
    label_altered: bool | None
    delete: bool | None
    goes_live_by_itself: bool | Literal["late"] | None
    latency_ms: NonNegativeFloat | None
    # Enough to notice another account's profile, too short to identify an account.
    account: str | None = None

    def listed_as(self, sent: str) -> str | None:
        """Return what the account makes of a name, None if that isn't known."""
        text = self.name_text or ""
        made = {
            "no": sent,
            "prefix": f"{text}{sent}",
            "suffix": f"{sent}{text}",
            "lower": sent.lower(),
        }
        return made.get(self.name_altered or "")

    def is_of(self, aid: int) -> bool:
        """Tell whether it may be the profile of an account."""
        return self.account is None or self.account == mark_of(aid)


def mark_of(aid: int) -> str:
    """Return the few digits by which a profile knows its account again."""
    return hashlib.sha256(f"lytics-ml account {aid}".encode()).hexdigest()[:MARK_DIGITS]


def read_profile(path: Path) -> AccountProfile:
    """Read a profile.

    Raises:
        SettingsError: it can't be read, is of another version, or isn't whole.
    """
    again = f"Write it anew: lytics-ml doctor --try --save {path}"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        what = f"lytics:account names {path}, which can't be read: {exc.strerror}. {again}"
        raise SettingsError(what) from exc
    except (ValueError, RecursionError) as exc:
        what = f"lytics:account: {path} isn't whole JSON ({exc}). {again}"
        raise SettingsError(what) from exc
    version = found.get("version") if isinstance(found, dict) else None
    if version != VERSION:
        what = f"lytics:account: {path} is no account profile of version {VERSION}. {again}"
        raise SettingsError(what)
    try:
        return AccountProfile.model_validate_json(json.dumps(found))
    except ValidationError as exc:
        problems = sorted(
            f"{'.'.join(map(str, error['loc'][:1]))}: {error['msg']}"
            for error in exc.errors(include_url=False, include_input=False)
        )
        listed = "; ".join(dict.fromkeys(problems))
        what = f"lytics:account: {path} can't be used ({listed}). {again}"
        raise SettingsError(what) from exc
