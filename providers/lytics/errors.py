"""What can go wrong, as a tree; catch the branch that you can act on.

LyticsError
├── SettingsError            the key, the address or the account number is missing or unusable
├── DeclarationError         a declaration can't be carried out; holds every problem at once
│   └── NoFileError          there is no file that declares anything
├── ConflictError            the account holds something that only a person can decide about
├── HistoryError             the file that says what was live when can't be read or written
├── AccountError             the key belongs to another account than the one in the state
└── RequestError             one request failed: knows method, path, whether it may have worked
    ├── ConnectError         it never reached the API
    │   └── WrongAddressError    and never will: no such host, no https there, a bad certificate
    ├── ReplyLostError       it was sent, no reply came back
    │   └── TimedOutError    none came in time, so the API may yet carry it out
    ├── UnreadableReplyError a reply came back that isn't the API's JSON
    │   ├── NotTheApiError       it is a web page
    │   └── PagedListError       it is one page of a list
    ├── RedirectedError      3xx: what answers there isn't the API, but points elsewhere
    └── StatusError          the API refused: knows status, the API's words and the request id
        ├── NotAuthorizedError   401
        ├── ForbiddenError       403
        ├── NotFoundError        404
        ├── RateLimitedError     429, knows Retry-After
        ├── ServerFaultError     5xx
        │   └── GatewayTimeoutError  408, 504, 522, 524: the API may yet carry it out
        └── RejectedError        every other 4xx: the request itself is at fault
"""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.lytics.pages import page


class LyticsError(Exception):
    """The root of everything that this package raises on purpose.

    Attributes:
        is_general: whether every other operation of a run meets the same, so that saying it once
            will do.
    """

    is_general = False


class SettingsError(LyticsError):
    """The key, the address or the account number is missing or unusable."""


class ConflictError(LyticsError):
    """The account holds something that only a person can decide about."""


class HistoryError(LyticsError):
    """The file that says what was live when can't be read or written."""


class AccountError(LyticsError):
    """The key belongs to another account than the one that the state speaks of."""


@dataclass(frozen=True, order=True)
class FileLine:
    """A place in a file.

    Attributes:
        file: the file, as people name it.
        line: from 1.
        column: from 1; None is the whole line.
    """

    file: str
    line: int
    column: int | None = None

    def __str__(self) -> str:
        column = "" if self.column is None else f", column {self.column}"
        return f"{self.file}, line {self.line}{column}"

    @property
    def short(self) -> str:
        """The place as tools write it: `stacks/prod.yaml:12`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One mistake in a declaration.

    Attributes:
        where: the place: in a file, or a name of one such as `config.collect`.
        what: a sentence that says what is wrong and what would be right.
    """

    where: FileLine | str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class DeclarationError(LyticsError):
    """A declaration can't be carried out; `problems` holds every reason at once."""

    is_general = True

    def __init__(self, title: str, problems: Sequence[Problem]) -> None:
        self.title = title
        self.problems = tuple(problems)
        super().__init__("\n".join([title, *(f"  - {problem}" for problem in problems)]))


class NoFileError(DeclarationError):
    """There is no file that declares anything."""


class RequestError(LyticsError):
    """One request failed.

    Attributes:
        method: the HTTP method.
        path: the path below the API's address, without query, so that no key can be in it.
        what: what went wrong.
        may_have_taken_effect: whether the API may have carried the request out all the same.
        may_take_effect_later: whether it may yet do so, after everyone stopped waiting.
    """

    may_have_taken_effect = True
    may_take_effect_later = False
    safe_to_repeat = True
    is_general = True
    retry_after_s: float | None = None

    def __init__(self, method: str, path: str, what: str) -> None:
        self.method = method
        self.path = path
        self.what = what
        super().__init__(f"{method} {path}: {what}")


class ConnectError(RequestError):
    """The request never reached the API."""

    may_have_taken_effect = False


class WrongAddressError(ConnectError):
    """What is at this address can't be the API, so that trying again is of no use."""

    safe_to_repeat = False


class ReplyLostError(RequestError):
    """The request was sent, no reply came back."""


class TimedOutError(ReplyLostError):
    """The request was sent and no reply came in time; the API may yet carry it out."""

    may_take_effect_later = True


class UnreadableReplyError(RequestError):
    """A reply came back that isn't the API's JSON."""


class NotTheApiError(UnreadableReplyError):
    """A web page came back."""


class PagedListError(UnreadableReplyError):
    """A list came back that isn't whole."""

    safe_to_repeat = False


class RedirectedError(RequestError):
    """What answers at this address points elsewhere (3xx), where the key is never sent."""

    safe_to_repeat = False


class StatusError(RequestError):
    """The API answered with an error.

    Attributes:
        status: the HTTP status.
        api_message: the API's own words, or "" where it gave none.
        code: the code of API v2, for example `NOTFOUND-003`, or None.
        request_id: what Lytics' support asks for, or None; only API v2 sends one.
    """

    may_have_taken_effect = False
    safe_to_repeat = False
    is_general = False
    advice = ""

    def __init__(  # noqa: PLR0913 - these are the facts of one reply
        self,
        method: str,
        path: str,
        *,
        status: int,
        api_message: str = "",
        code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        hint: str = "",
    ) -> None:
        self.status = status
        self.api_message = api_message
        self.code = code
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        words = f' "{api_message}"' if api_message else ""
        marks = [mark for mark in (code, request_id and f"request {request_id}") if mark]
        suffix = f" ({', '.join(marks)})" if marks else ""
        super().__init__(method, path, f"{status}{words}{suffix}{hint or self._advice}")

    @property
    def _advice(self) -> str:
        """What the user can do about it, as the end of a sentence."""
        return self.advice


class NotAuthorizedError(StatusError):
    """The key isn't known, has expired, or is missing (401)."""

    is_general = True


class ForbiddenError(StatusError):
    """The key is known and may not do this (403)."""

    is_general = True
    advice = (
        ". The key needs the permissions Manage Lookalike Models and Audience View. "
        f"See {page('guides/keys')}"
    )


class NotFoundError(StatusError):
    """There is no such object in the key's account (404)."""


class RateLimitedError(StatusError):
    """Too many requests (429)."""

    # A proxy may answer 429 for a request that went through, so a create looks before it repeats.
    may_have_taken_effect = True
    safe_to_repeat = True
    is_general = True

    @property
    def _advice(self) -> str:
        when = "later" if self.retry_after_s is None else f"in {self.retry_after_s:.0f} s"
        return f". The API is limiting this account's requests; try again {when}"


class ServerFaultError(StatusError):
    """The API failed (5xx)."""

    may_have_taken_effect = True
    safe_to_repeat = True
    is_general = True
    advice = ". The API has trouble; try again later"


class GatewayTimeoutError(ServerFaultError):
    """What stands before the API gave up waiting for it (408, 504, and 522, 524 of Cloudflare)."""

    may_take_effect_later = True


class RejectedError(StatusError):
    """The API found fault with the request (every 4xx without a class of its own)."""


_BY_STATUS: dict[int, type[StatusError]] = {
    401: NotAuthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    408: GatewayTimeoutError,
    429: RateLimitedError,
    504: GatewayTimeoutError,
    522: GatewayTimeoutError,
    524: GatewayTimeoutError,
}
_FIRST_SERVER_STATUS = 500


def class_for_status(status: int) -> type[StatusError]:
    """Return the class that stands for an HTTP status of 400 or more."""
    fallback = ServerFaultError if status >= _FIRST_SERVER_STATUS else RejectedError
    return _BY_STATUS.get(status, fallback)
