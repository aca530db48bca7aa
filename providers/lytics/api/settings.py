"""Which account the tool talks to: address, key and a few limits, from environment and config."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, cast
from urllib.parse import urlsplit

from providers.lytics.api.setting_table import (
    BY_KEY,
    DEFAULT_API_URL,
    KEY_VARIABLE,
)
from providers.lytics.errors import SettingsError
from providers.lytics.pages import page

if TYPE_CHECKING:
    from providers.lytics.api.account_profile import AccountProfile

Generation = Literal["v1", "v2"]
"""The generations of the API: v1 is `/api/ml` of the API page, v2 is `/v2/ml`."""

# From so many models on, writing the state after every step takes longer than all else (bench/).
STATE_WRITES_PAY_FROM = 60
# So many requests are under way at once; bin/pulumi lets the engine take as many steps.
MOST_CONNECTIONS = 64
LONGER_THAN_SEEN = 3.0
_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no"}


@dataclass(frozen=True)
class Settings:
    """Where the account is and how to get in.

    Attributes:
        api_url: the API's address, for example `https://api.lytics.io/api`.
        api_key: the key, never shown by repr; None where none is set.
        account_id: the account's number (`aid`) if the config names one.
        state_writes: when Pulumi writes the state: after every step, or at the end of a run.
        wait: whether an `up` waits for models that are built for the first time.
        patience_s: seconds for which a request that is safe to repeat is repeated.
        reply_timeout_s: seconds to wait for one reply.
        settle_s: seconds for which ML List may be slow to show a model that was just made.
        api: the generation of the API that is spoken.
        profile: what a doctor found out about the account, None if no profile is named.
        origins: setting -> where its value came from: `LYTICS_API_URL` or `lytics:apiUrl`; one
            that was left to its default isn't there.
    """

    api_url: str = DEFAULT_API_URL
    api_key: str | None = field(default=None, repr=False)
    account_id: int | None = None
    wait: bool = True
    patience_s: float = 90.0
    reply_timeout_s: float = 60.0
    settle_s: float = 15.0
    state_writes: Literal["step", "end"] = "step"
    api: Generation = "v1"
    profile: "AccountProfile | None" = None
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def read(
        cls,
        config: Callable[[str], object],
        environment: Mapping[str, str] = os.environ,
        folder: Path | None = None,
    ) -> Self:
        """Read the settings; `LIOKEY` in the environment wins over the stack's config.

        Args:
            config: gives the value of a key of the `lytics` namespace (`apiUrl`), or None.
            environment: the environment variables.
            folder: the project's, from which `account` names its file; None is the current one.

        Raises:
            SettingsError: a value can't be used; the message says which and why.
        """
        values = _Values(config, environment)
        profile = _profile(values.text("account"), folder or Path())
        settings = cls(
            api_url=(values.text("apiUrl") or DEFAULT_API_URL).rstrip("/"),
            api_key=_usable_key(values.text("apiKey")),
            account_id=_whole_number("accountId", values.get("accountId")),
            state_writes=_state_writes(values.get("stateWrites")),
            wait=_truth("wait", values.get("wait"), default=True),
            patience_s=_seconds("patienceSeconds", values.get("patienceSeconds"), cls.patience_s),
            reply_timeout_s=_seconds(
                "timeoutSeconds", values.get("timeoutSeconds"), cls.reply_timeout_s
            ),
            settle_s=_seconds(
                "settleSeconds", values.get("settleSeconds"), _settle_s(profile, cls.settle_s)
            ),
            profile=profile,
            api=_generation(values),
            origins=values.origins,
        )
        allow_http = values.text("allowHttp").lower() in _TRUE
        _refuse_unsafe_address(settings.api_url, settings.named("apiUrl"), allow_http)
        return settings

    def named(self, setting: str) -> str:
        """Return what a user changes to change a setting: the variable or key that was used."""
        return self.origins.get(setting, f"lytics:{setting}")

    @property
    def origin(self) -> str:
        """The address without its last `/api` or `/v2`: each generation has its own."""
        return self.api_url.removesuffix("/api").removesuffix("/v2")

    def require_key(self) -> str:
        """Return the key.

        Raises:
            SettingsError: none is set.
        """
        if self.api_key is None:
            what = (
                f"no API key. Set {KEY_VARIABLE} in the environment, or store one with: "
                "bin/pulumi config set --stack NAME --secret lytics:apiKey. "
                f"{page('start/account')} says which key you need"
            )
            raise SettingsError(what)
        return self.api_key


class _Values:
    """Values as the environment and the config have them, and where each came from."""

    def __init__(self, config: Callable[[str], object], environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self.origins: dict[str, str] = {}

    def get(self, setting: str) -> object:
        """Return a value, None where there is none; the environment wins."""
        variable = BY_KEY[setting].variable
        found: object = self._environment.get(variable, "").strip()
        origin = variable
        if not found:
            found, origin = self._config(setting), f"lytics:{setting}"
        if _text(found):
            self.origins[setting] = origin
        return found

    def text(self, setting: str) -> str:
        """Return a value as text, "" where there is none."""
        return _text(self.get(setting))


def _profile(file: str, folder: Path) -> "AccountProfile | None":
    if not file:
        return None
    from providers.lytics.api.account_profile import read_profile  # noqa: PLC0415 - few name one

    return read_profile(folder / file)


def _settle_s(profile: "AccountProfile | None", default_s: float) -> float:
    """Return how long a new model may stay unlisted: thrice what was seen, never below a default.

    A list that was quick once may be slow another time, and giving up too early makes twins.
    """
    seen_s = profile.listed_after_s if profile is not None else None
    return max(default_s, LONGER_THAN_SEEN * (seen_s or 0.0))


def _generation(values: _Values) -> Generation:
    word = values.text("api").lower() or "v1"
    if word not in {"v1", "v2"}:
        what = f"{values.origins['api']} must be v1 or v2, not {word}"
        raise SettingsError(what)
    return cast("Generation", word)


def keys_differ(config_key: object, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the environment and the stack's config hold two different keys."""
    ours, theirs = environment.get(KEY_VARIABLE, "").strip(), _text(config_key)
    return bool(ours and theirs and ours != theirs)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _usable_key(key: str) -> str | None:
    if not key:
        return None
    if not key.isascii() or not key.isprintable() or " " in key:
        what = (
            "the API key holds spaces or characters that no key has; "
            f"copy it again into {KEY_VARIABLE} or lytics:apiKey"
        )
        raise SettingsError(what)
    return key


def _whole_number(name: str, value: object) -> int | None:
    if value is None:
        return None
    try:
        number = float(_text(value))
    except ValueError:
        number = float("nan")
    if not number.is_integer():
        what = f"lytics:{name} must be a whole number, for example 1234"
        raise SettingsError(what)
    return int(number)


def _state_writes(value: object) -> Literal["step", "end"]:
    word = _text(value) or "step"
    if word not in {"step", "end"}:
        what = "lytics:stateWrites must be step or end"
        raise SettingsError(what)
    return "end" if word == "end" else "step"


def _truth(name: str, value: object, *, default: bool) -> bool:
    word = "" if value is None else _text(value).lower()
    if word and word not in _TRUE | _FALSE:
        what = f"lytics:{name} must be true or false"
        raise SettingsError(what)
    return word in _TRUE if word else default


def _seconds(name: str, value: object, default: float) -> float:
    if value is None:
        return default
    try:
        seconds = float(_text(value))
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        what = f"lytics:{name} must be a number of seconds above 0, for example {default:g}"
        raise SettingsError(what)
    return seconds


def _refuse_unsafe_address(url: str, setting: str, allow_http: bool) -> None:  # noqa: FBT001 - private, one caller
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        what = f"{setting} must be an address such as {DEFAULT_API_URL}"
        raise SettingsError(what)
    if parts.username or parts.password or parts.query:
        what = f"{setting} must hold no user, password or query; the key has its own setting"
        raise SettingsError(what)
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE and not allow_http:
        what = (
            f"{setting} sends the key in clear to {parts.hostname}. Use https, "
            "or set lytics:allowHttp to true if that network is yours alone"
        )
        raise SettingsError(what)
