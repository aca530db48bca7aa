"""Which audiences use the models of an account: asked for once, and only to delete one."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from providers.lytics.errors import ForbiddenError
from providers.lytics.shapes import Model

if TYPE_CHECKING:
    from providers.lytics.account.opened import OpenedAccount
    from providers.lytics.domain.audiences import Use, Uses


class Users:
    """Who uses the models of an account.

    Args:
        account: the account.
    """

    def __init__(self, account: "OpenedAccount") -> None:
        self._account = account
        self._asking = account.timing.lock()
        self._uses: Uses | None = None

    def left(self, name: str, model_id: str, models: Iterable[Model]) -> "tuple[Use, ...]":
        """Return the audiences that would get no new scores if a model went.

        A key that may not see audiences is told once, and is no refusal.

        Raises:
            RequestError: the API failed.
        """
        from providers.lytics.domain.audiences import users_left  # noqa: PLC0415 - few runs delete

        with self._asking:
            if self._uses is None:
                self._uses = self._asked()
        return users_left(name, model_id, self._uses, models)

    def refusal(self, key: str, model_id: str, users: "Sequence[Use]") -> str:
        """Return why a model isn't deleted, and what to do."""
        from providers.lytics.domain.audiences import deletion_refused  # noqa: PLC0415 - as above

        return deletion_refused(key, model_id, users)

    def _asked(self) -> "Uses":
        from providers.lytics.domain.audiences import Uses, uses_in  # noqa: PLC0415 - as above

        try:
            return uses_in(self._account.client.list_segments())
        except ForbiddenError:
            self._account.say(
                "models are deleted without knowing whether audiences use them: this key may not "
                "see the account's audiences"
            )
            return Uses()
