"""Who calls: three keys, two accounts.

Keys come raw in the Authorization header, or as ``key=`` (API page) or ``access_token=``
(Lytics API v1 introduction) in the query.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.errors import ForbiddenError

QUERY_NAMES = ("key", "access_token")


@dataclass(frozen=True, slots=True)
class Caller:
    """A key's account and what it may do.

    Attributes:
        aid: account number.
        may_write: False for a key with the scopes v2_lookalike_view and v2_segment_view only.
    """

    aid: int
    may_write: bool = True


CALLERS = {
    "sandbox": Caller(1234),
    "sandbox-other": Caller(5678),
    "sandbox-readonly": Caller(1234, may_write=False),
}
ACCOUNTS = (1234, 5678)


def identify(
    authorization: str, params: Mapping[str, str], callers: Mapping[str, Caller] = CALLERS
) -> Caller | None:
    """Find the caller of a request; None means 401.

    Args:
        authorization: the header, raw, with no "Bearer" before the key.
        params: the query.
        callers: who has which key.
    """
    for token in (authorization, *(params.get(name, "") for name in QUERY_NAMES)):
        if token:
            return callers.get(token)
    return None


def account_id(aid: int) -> str:
    """Return the account's 32-hex id."""
    return hashlib.sha256(f"account/{aid}".encode()).hexdigest()[:32]


def author_id(aid: int) -> str:
    """Return the 32-hex id of the user behind the account's keys."""
    return hashlib.sha256(f"author/{aid}".encode()).hexdigest()[:32]


def require_write(caller: Caller, scope: str = "v2_lookalike_manage") -> None:
    """Refuse a key that can only read.

    Args:
        caller: whose key it is.
        scope: what it would need (Lytics docs: Granular Permissions).

    Raises:
        ForbiddenError: 403.
    """
    if not caller.may_write:
        message = f"Not authorized: this token lacks the permission {scope}"
        raise ForbiddenError(message)


def require_account(caller: Caller, wanted: str | None) -> None:
    """Refuse ``account_id=`` of another account.

    Raises:
        ForbiddenError: 403.
    """
    if wanted and wanted not in {str(caller.aid), account_id(caller.aid)}:
        message = "Not authorized: this token has no access to that account"
        raise ForbiddenError(message)
