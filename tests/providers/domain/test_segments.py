"""Segments by slug: one look-up for all of them, and a sentence for what isn't there."""

import pytest

from providers.lytics.domain.segments import SegmentBook, is_id
from providers.lytics.errors import DeclarationError
from providers.lytics.program.program import Program
from providers.lytics.program.segment_lookup import resolve_all
from providers.lytics.shapes import Segment
from tests.support.lab import ALL_USERS, HIGH_VALUE, Lab

BOOK = SegmentBook(
    [
        Segment(id=ALL_USERS, slug_name="all_users"),
        Segment(id=HIGH_VALUE, slug_name="high_value"),
        Segment(id="1" * 32, slug_name="gone", deleted=True),
        Segment(id="2" * 32),
    ]
)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("all_users", ALL_USERS),
        (HIGH_VALUE, HIGH_VALUE),
        (HIGH_VALUE.upper(), HIGH_VALUE),
        ("0" * 32, "0" * 32),
        ("gone", None),
        ("All_Users", None),
        ("", None),
    ],
)
def test_id_of(reference: str, expected: str | None) -> None:
    """A slug is looked up, an id is one already, and a deleted segment isn't there."""
    assert BOOK.id_of(reference) == expected


def test_find_and_slug() -> None:
    """A segment is found by slug or id, and named by its slug where it has one."""
    for reference in ("all_users", ALL_USERS, ALL_USERS.upper()):
        found = BOOK.find(reference)
        assert found is not None
        assert found.id == ALL_USERS
    assert BOOK.find("gone") is None
    assert BOOK.slug_of(ALL_USERS) == "all_users"
    assert BOOK.slug_of("2" * 32) is None
    assert BOOK.slug_of("3" * 32) is None


def test_trouble() -> None:
    """What is wrong with a segment is told with Lytics' reason, where there is one."""
    book = SegmentBook(
        [
            Segment(id="a", slug_name="a", invalid=True, invalid_reason="a field is gone"),
            Segment(id="b", slug_name="b", invalid=True),
            Segment(id="c", slug_name="c"),
        ]
    )
    assert [book.trouble(slug) for slug in "abcd"] == [
        'segment "a" is invalid in Lytics: a field is gone',
        'segment "b" is invalid in Lytics',
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [(ALL_USERS, True), (ALL_USERS.upper(), True), ("all_users", False), ("a" * 31, False)],
)
def test_is_id(reference: str, *, expected: bool) -> None:
    """32 hex digits need no look-up."""
    assert is_id(reference) is expected


def test_all_unknown_slugs_are_told_at_once() -> None:
    """Every slug that the account doesn't have is told, with its place and the nearest there is."""
    references = {"line 1": "all_user", "line 2": "high_value", "line 3": "zzz"}
    with pytest.raises(DeclarationError) as caught:
        resolve_all(references, BOOK)
    assert [str(problem) for problem in caught.value.problems] == [
        'line 1: unknown segment "all_user", did you mean all_users?',
        'line 3: unknown segment "zzz"; see the audiences in Lytics',
    ]


def test_all_known_slugs_are_resolved() -> None:
    """Places are given their ids."""
    assert resolve_all({"a": "all_users", "b": HIGH_VALUE}, BOOK) == {
        "a": ALL_USERS,
        "b": HIGH_VALUE,
    }


def test_the_book_is_one_request(lab: Lab) -> None:
    """All segments of the account, invalid ones included, are one request."""
    program = Program()
    program.__dict__.update(settings=lab.settings(), client=lab.client())
    book = program.segments.fetch_book()
    assert book is not None
    assert book.id_of("all_users") == ALL_USERS
    assert book.id_of("retired_campaign") is not None
    assert [entry["path"] for entry in lab.account.requests()] == ["/api/segment"]


def test_an_invalid_segment_is_told_with_its_reason() -> None:
    """A segment that exists and is invalid is told, in Lytics' words where it has some."""
    segments = [
        Segment(id="1" * 32, slug_name="fine"),
        Segment(id="2" * 32, slug_name="old", invalid=True, invalid_reason="no such field"),
    ]
    book = SegmentBook(segments)

    assert book.trouble("fine") == ""
    assert book.trouble("old") == 'segment "old" is invalid in Lytics: no such field'
    assert book.trouble("missing") == ""


def test_a_segment_of_another_table_is_named_as_such() -> None:
    """The list holds segments of users alone: one of content isn't unknown, it is no fit."""
    content = Segment(id="c" * 32, slug_name="articles", table="content")
    with pytest.raises(DeclarationError) as told:
        resolve_all({"line 1": "articles"}, BOOK, {"articles": content}.get)
    assert "segment articles is of table content; a model needs one of users" in str(told.value)
