"""The sandbox in which a rehearsal happens behaves as the account does."""

from cli.rehearse.sandbox import Sandbox
from tests.support.engine.account import Account


def test_names_are_altered_as_the_account_alters_them(account: Account) -> None:
    """Else a rehearsal would say of audiences what neither the review nor `up` says."""
    sandbox = Sandbox(account.url)
    sandbox.name_as("")
    account.create(name="as sent")
    sandbox.name_as("ML: ")
    account.create(name="grow")
    assert [one["name"] for one in sandbox.models()] == ["as sent", "ML: grow"]
    sandbox.close()
