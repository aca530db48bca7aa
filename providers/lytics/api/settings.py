"""Which account the tool talks to: address, key and a few limits, from environment and config."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from providers.lytics.errors import SettingsError

DEFAULT_API_URL = "https://api.lytics.io/api"
KEY_VARIABLE = "LIOKEY"
URL_VARIABLE = "LYTICS_API_URL"
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
        wait: whether an `up` waits for models that are built for the first time.
        patience_s: seconds for which a request that is safe to repeat is repeated.
        reply_timeout_s: seconds to wait for one reply.
        settle_s: seconds for which ML List may be slow to show a model that was just made.
    """

    api_url: str = DEFAULT_API_URL
    api_key: str | None = field(default=None, repr=False)
    account_id: int | None = None
    wait: bool = True
    patience_s: float = 90.0
    reply_timeout_s: float = 60.0
    settle_s: float = 15.0

    @classmethod
    def read(
        cls, config: Callable[[str], object], environment: Mapping[str, str] = os.environ
    ) -> Self:
        """Read the settings; `LIOKEY` in the environment wins over the stack's config.

        Args:
            config: gives the value of a key of the `lytics` namespace (`apiUrl`), or None.
            environment: the environment variables.

        Raises:
            SettingsError: a value can't be used; the message says which and why.
        """
        url = environment.get(URL_VARIABLE) or _text(config("apiUrl")) or DEFAULT_API_URL
        key = environment.get(KEY_VARIABLE, "").strip() or _text(config("apiKey"))
        settings = cls(
            api_url=url.rstrip("/"),
            api_key=_usable_key(key),
            account_id=_whole_number("accountId", config("accountId")),
            wait=_truth("wait", config("wait"), default=True),
            patience_s=_seconds("patienceSeconds", config("patienceSeconds"), cls.patience_s),
            reply_timeout_s=_seconds(
                "timeoutSeconds", config("timeoutSeconds"), cls.reply_timeout_s
            ),
            settle_s=_seconds("settleSeconds", config("settleSeconds"), cls.settle_s),
        )
        _refuse_unsafe_address(settings.api_url, _text(config("allowHttp")).lower() in _TRUE)
        return settings

    @property
    def origin(self) -> str:
        """The address without its last `/api`, which the v2 paths don't have."""
        return self.api_url.removesuffix("/api")

    def require_key(self) -> str:
        """Return the key.

        Raises:
            SettingsError: none is set.
        """
        if self.api_key is None:
            what = (
                f"no API key. Set {KEY_VARIABLE} in the environment, or store one with: "
                "pulumi config set --secret lytics:apiKey"
            )
            raise SettingsError(what)
        return self.api_key


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
            "the API key holds blanks or characters that no key has; "
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


def _refuse_unsafe_address(url: str, allow_http: bool) -> None:  # noqa: FBT001 - private, one caller
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        what = f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}"
        raise SettingsError(what)
    if parts.username or parts.password or parts.query:
        what = "lytics:apiUrl must hold no user, password or query; the key has its own setting"
        raise SettingsError(what)
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE and not allow_http:
        what = (
            f"lytics:apiUrl sends the key in clear to {parts.hostname}. Use https, "
            "or set lytics:allowHttp to true if that network is yours alone"
        )
        raise SettingsError(what)
