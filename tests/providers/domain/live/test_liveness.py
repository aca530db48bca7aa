from typing import Any

import pytest

from providers.lytics.domain.live.liveness import (
    LIVE_LIMIT,
    Down,
    Unheeded,
    Way,
    goes_live_by_itself,
    is_as_declared,
    joins,
    over_limit,
    settled_is_active,
    to_write,
    way_of,
)
from providers.lytics.shapes import Model

ID = "a" * 32
BUILDING = {"state": "building"}
WAITS = {"config": {"collect": 5000, "build_only": True}}


def shown(**fields: Any) -> Model:  # noqa: ANN401 - the API's JSON
    """Return a trained model as Lytics shows it."""
    return Model.model_validate({"id": ID, "state": "complete", "type": "rf", **fields})


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({}, Way.BY_ITSELF),
        ({"is_active": True}, Way.LIVE),
        ({"is_active": False}, Way.NEVER),
        ({"is_active": False, "activation": "swap"}, Way.NEVER),
        ({"activation": "swap"}, Way.SWAP),
        ({"activation": "observe"}, Way.JUDGED),
        ({"config": {"build_only": True}}, Way.WAITS),
        ({"config": {"build_only": True}, "is_active": True}, Way.LIVE),
        ({"config": {"build_only": False}}, Way.BY_ITSELF),
    ],
)
def test_every_declaration_has_one_way_to_be_live(declared: dict[str, Any], expected: Way) -> None:
    """Who sets a model live is told by what is declared alone."""
    assert way_of(declared) is expected


@pytest.mark.parametrize(
    ("way", "is_new", "has_live", "expected"),
    [
        (Way.LIVE, False, False, True),
        (Way.SWAP, True, False, True),
        (Way.SWAP, True, True, False),
        (Way.BY_ITSELF, True, False, True),
        (Way.BY_ITSELF, False, False, False),
        (Way.JUDGED, True, False, False),
        (Way.WAITS, True, False, False),
        (Way.NEVER, True, False, False),
    ],
)
def test_who_joins_the_live_models(
    way: Way, *, is_new: bool, has_live: bool, expected: bool
) -> None:
    """A declaration needs one more live model only where it has none and one is to be."""
    assert joins(way, is_new=is_new, has_live=has_live) is expected


def test_the_limit_counts_who_leaves() -> None:
    """Twenty are allowed, other people's included; who leaves makes room."""
    assert over_limit(LIVE_LIMIT, 0) == ""
    assert over_limit(LIVE_LIMIT, 1, 1) == ""
    assert over_limit(LIVE_LIMIT, 1) == (
        "20 models of the account are live and 1 more will go live; Lytics allows 20"
    )
    assert over_limit(LIVE_LIMIT, 2, 1) == (
        "20 models of the account are live, 2 more will go live and 1 will be stopped: 21; "
        "Lytics allows 20"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (BUILDING, True),
        ({**BUILDING, **WAITS}, False),
        ({"state": "complete"}, False),
        ({"state": "invalid"}, False),
        ({**BUILDING, "type": "rf"}, False),
    ],
)
def test_who_goes_live_by_itself(fields: dict[str, Any], *, expected: bool) -> None:
    """Lytics sets live what it trains for the first time without build_only."""
    model = Model.model_validate({"id": ID, "state": "", **fields})
    assert goes_live_by_itself(model) is expected


@pytest.mark.parametrize(
    ("wanted", "fields", "expected"),
    [
        (None, {"is_active": True}, None),
        (True, {"is_active": True}, None),
        (True, {"is_active": False}, True),
        (False, {"is_active": True}, False),
        (False, {"is_active": False}, None),
        (True, {**BUILDING, "type": ""}, None),
        (True, {**BUILDING, **WAITS, "type": ""}, True),
        (False, {**BUILDING, "type": ""}, False),
        (False, {**BUILDING, **WAITS, "type": ""}, None),
    ],
)
def test_what_has_to_be_written(
    fields: dict[str, Any],
    *,
    wanted: bool | None,
    expected: bool | None,
) -> None:
    """What isn't declared, or is so, or will be so by itself, needs no write; all else does."""
    model = shown(**fields)
    assert to_write(model, wanted=wanted) is expected
    assert is_as_declared(wanted, model) or expected is not None


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (Unheeded(ID, is_active=False, how="ignored"), None),
        (Unheeded(ID, is_active=False, how="refused", words="in use"), False),
        (Unheeded(ID, is_active=True, how="ignored"), False),
        (Unheeded("b" * 32, is_active=False, how="ignored"), False),
    ],
)
def test_what_was_in_vain_is_not_written_again(last: Unheeded, *, expected: bool | None) -> None:
    """What Lytics answered and didn't do isn't asked again; what it refused is."""
    assert to_write(shown(is_active=True), last, wanted=False) is expected


def test_a_model_that_is_down_is_told_with_its_page() -> None:
    """Nothing is live: the sentence says since when, which model was, and where more is said."""
    assert Down(ID, "noon").problem("grow") == (
        f"nothing of 'grow' is live since noon: model {ID}, live before, was stopped to make room "
        "for its successor. See docs/concepts/going-live.md#twenty-of-twenty"
    )


def test_what_wasnt_done_is_told_with_what_helps() -> None:
    """Each sentence names the model, what Lytics did, and what a person can do."""
    refused = Unheeded(ID, is_active=False, how="refused", words="in use by an audience")
    assert refused.problem("declare is_active: true to leave it live") == (
        f"model {ID} is live: Lytics refuses to deactivate it (in use by an audience). Take it out "
        "of the audiences that use it, then run pulumi up again, or declare is_active: true to "
        "leave it live. See docs/concepts/going-live.md#where-lytics-doesnt-do-as-it-is-asked"
    )
    ignored = Unheeded(ID, is_active=True, how="ignored")
    assert ignored.problem().startswith(f"model {ID} is not live: Lytics answered 200 to")
    assert Unheeded.kept({"unheeded": refused.as_dict()}) == refused
    assert Unheeded.kept({}) is None
    assert Down.kept({"down": {"model_id": ID, "since": "now"}}) == Down(ID, "now")
    assert Down.kept({}) is None


@pytest.mark.parametrize(
    ("is_active", "state", "build_only", "expected"),
    [
        (True, "building", False, True),
        (True, "building", True, False),
        (None, "building", False, False),
        (False, "building", False, False),
        (True, "invalid", False, False),
        (True, "complete", False, False),
    ],
)
def test_is_active_as_it_will_be(
    is_active: bool | None,  # noqa: FBT001 - a value
    state: str,
    build_only: bool,  # noqa: FBT001 - a value
    *,
    expected: bool,
) -> None:
    """A model that is being built and goes live by itself counts as live where that is declared."""
    shown = {"id": "a", "state": state, "config": {"build_only": build_only}}
    assert settled_is_active(is_active, Model.model_validate(shown)) is expected
