"""Which declarations are earlier ones under another key."""

import pytest

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.renaming import renames_of
from tests.support.engine.shapes import model


def declared(**was: str | None) -> dict[str, ModelDeclaration]:
    """Return declarations by key, each with the key that it had before."""
    return {key: ModelDeclaration.model_validate(model(was=old)) for key, old in was.items()}


def test_rename_is_an_alias_without_asking_the_state() -> None:
    """A key that isn't declared any more is the alias of the one that says `was`."""

    def never() -> set[str]:
        raise AssertionError

    found = renames_of(declared(new="old", other=None), never)
    assert (found.aliases, found.refused) == ({"new": "old"}, {})


@pytest.mark.parametrize("known", [set(), {"new"}, {"new", "old"}], ids=["first", "after", "both"])
def test_earlier_key_can_be_declared_once_the_rename_is_done(known: set[str]) -> None:
    """Where the state knows the new key, or neither, `was` says nothing any more."""
    found = renames_of(declared(new="old", old=None), lambda: known)
    assert (found.aliases, found.refused) == ({}, {})


def test_rename_and_a_new_model_of_the_earlier_key_at_once_are_refused() -> None:
    """The engine can't carry both out at once; the message says in which order it can."""
    found = renames_of(declared(new="old", old=None), lambda: {"old"})
    assert list(found.refused) == ["new"]
    assert "run pulumi up, which renames it, and declare 'old' then" in found.refused["new"]


def test_chain_of_renames_is_refused() -> None:
    """Where a key moves on while another takes its place, one of the two comes first."""
    found = renames_of(declared(b="a", c="b"), lambda: {"a", "b"})
    assert list(found.refused) == ["c"]
