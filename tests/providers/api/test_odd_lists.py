"""Lists of models that hold more, or less, than any document says."""

from typing import Any

import httpx
import pytest

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.errors import ConflictError, PagedListError, UnreadableReplyError
from providers.lytics.shapes import Model

GOOD = {"id": "a", "name": "n", "source": "s", "target": "t", "created": "2026-01-01"}


def client_of(envelope: dict[str, Any], told: list[str] | None = None) -> LyticsClient:
    """Return a client whose every request gets one reply."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=envelope))
    said = [] if told is None else told
    return LyticsClient(Settings(api_key="k", patience_s=0.05), transport, tell_odd=said.append)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ["x"]),
        ("label", {"en": "Grow"}),
        ("state", True),
        ("source", {"slug": "x", "id": ["y"]}),
        ("target", ["t"]),
        ("is_active", "perhaps"),
        ("created", {"at": 1}),
        ("config", []),
        ("config", {"collect": "many"}),
    ],
)
def test_one_odd_model_keeps_no_other_from_being_read(field: str, value: object) -> None:
    """A field that can't be read is named; that model isn't judged, the others are read."""
    told: list[str] = []
    with client_of({"data": [{**GOOD, field: value}, {**GOOD, "id": "b"}]}, told) as client:
        for _ in range(2):
            odd, good = client.list_models()
    assert odd.unreadable == (field,)
    assert good == Model(**{**GOOD, "id": "b"})
    assert told == [
        f"1 model of the account holds what can't be read, and is passed over: a ({field})"
    ]
    with pytest.raises(ConflictError, match=f"shows as {field} of model a"):
        odd.require_readable()
    good.require_readable()


def test_numbers_and_objects_that_are_meant_as_text_are_read() -> None:
    """A name or a date may be a number, and a segment an object that holds its id."""
    odd = {"id": "a", "name": 7, "created": 1600000000, "source": {"id": "s", "slug": "x"}}
    with client_of({"data": [odd]}) as client:
        (model,) = client.list_models()
    assert (model.name, model.created, model.source) == ("7", "1600000000", "s")
    assert model.unreadable == ()


def test_what_only_is_shown_needs_not_be_readable() -> None:
    """Type, dates of training and reasons decide nothing."""
    odd = {**GOOD, "type": {"x": 1}, "updated": ["y"], "error": {"z": 2}}
    with client_of({"data": [odd]}) as client:
        (model,) = client.list_models()
    assert model.unreadable == ()
    assert (model.type, model.updated, model.reason) == ("", "", "")


def test_a_model_without_an_id_is_passed_over_and_told() -> None:
    """It can be nobody's here; many odd ones make one sentence."""
    told: list[str] = []
    odd = [{**GOOD, "id": str(number), "name": []} for number in range(5)]
    with client_of({"data": [{"name": "no id"}, *odd]}, told) as client:
        assert len(client.list_models()) == 5
    assert told == [
        (
            "6 models of the account hold what can't be read, and are passed over: "
            "0 (name), 1 (name), 2 (name), 2 more, 1 without an id"
        )
    ]


def test_a_list_of_another_shape_is_not_empty() -> None:
    """Where no model has an id the reply isn't a list of models."""
    client = client_of({"data": [{"uid": 1}, {"uid": 2}]})
    with client, pytest.raises(UnreadableReplyError, match="id can't be read"):
        client.list_models()


@pytest.mark.parametrize(
    ("marks", "mark"),
    [
        ({"_meta": {"has_more": True, "next_before": "x"}}, "_meta.has_more"),
        ({"_next": "abc"}, "_next"),
        ({"total": 3}, "1 of total 3"),
    ],
)
def test_a_page_is_no_list(marks: dict[str, Any], mark: str) -> None:
    """A list that isn't whole is an error that says so, for models and segments."""
    with client_of({"data": [GOOD], **marks}) as client:
        for ask in (client.list_models, client.list_segments):
            with pytest.raises(PagedListError, match="comes in pages") as caught:
                ask()
            assert f"({mark})" in str(caught.value)


@pytest.mark.parametrize(
    "marks", [{"_meta": {"has_more": False}}, {"_meta": None}, {"_next": ""}, {"total": 1}]
)
def test_a_whole_list_may_say_that_it_is_whole(marks: dict[str, Any]) -> None:
    """Marks of a list that is whole are no page."""
    with client_of({"data": [GOOD], **marks}) as client:
        assert len(client.list_models()) == 1
