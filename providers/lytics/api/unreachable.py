"""Says why the API wasn't reached, and which setting to change. Pure."""

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.request import getproxies, proxy_bypass

import httpx

from providers.lytics.api.setting_table import DEFAULT_API_URL
from providers.lytics.api.settings import Settings
from providers.lytics.errors import ConnectError, WrongAddressError

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
}
_REASONS = {
    errno.ECONNREFUSED: "refused",
    errno.ENETUNREACH: "no network",
    errno.EHOSTUNREACH: "no way to that host",
    errno.ECONNRESET: "the connection was reset",
}

_START_IT = "start the sandbox with `make sandbox`, or "


def explained(settings: Settings, error: httpx.HTTPError) -> tuple[type[ConnectError], str]:
    """Return what kind of failure to connect it was, and the sentence for it.

    Args:
        settings: the address, and what it was set with.
        error: what httpx raised.
    """
    address = httpx.URL(settings.api_url)
    place = address.netloc.decode()
    setting = settings.named("apiUrl")
    if proxy := _proxy(address):
        place = f"{place} through the proxy in {proxy}"
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return WrongAddressError, (
                f"the certificate of {address.host} isn't trusted ({cause.verify_message}), so "
                f"nothing was sent; check {setting}, or name your network's own CA in SSL_CERT_FILE"
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
            return WrongAddressError, (
                f"{place} doesn't speak https; check {setting}, whose default is {DEFAULT_API_URL}"
            )
        if isinstance(cause, socket.gaierror) and cause.errno in _NO_SUCH_NAME:
            return WrongAddressError, (
                f"there is no host {address.host}; correct {setting}, whose default is "
                f"{DEFAULT_API_URL}, or check the network"
            )
        if isinstance(cause, socket.gaierror):
            what = f"the name {address.host} can't be looked up now; check the network"
            return ConnectError, what
        if isinstance(cause, OSError) and cause.errno in _REASONS:
            todo = _START_IT if cause.errno == errno.ECONNREFUSED and _is_here(address) else ""
            what = f"can't reach {place}: {_REASONS[cause.errno]}; {todo}check {setting}"
            return ConnectError, what
    kind = "no answer" if isinstance(error, httpx.TimeoutException) else type(error).__name__
    return ConnectError, f"can't reach {place}: {kind}; check the network and {setting}"


def _is_here(address: httpx.URL) -> bool:
    """Tell whether an address is this machine's own, where only the sandbox speaks the API."""
    return address.host in {"127.0.0.1", "::1", "localhost"}


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _proxy(address: httpx.URL) -> str:
    """Return the variable that sends these requests through a proxy, "" where none does."""
    # Over plain http the client asks the environment for nothing: the key is for one address.
    if address.scheme != "https" or proxy_bypass(address.host):
        return ""
    return next((f"{name}_proxy" for name in ("https", "all") if name in getproxies()), "")
