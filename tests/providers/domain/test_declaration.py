"""What can be declared of a model, and what goes live by itself."""

from datetime import time
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from providers.lytics.domain.declaration import (
    ModelConfig,
    ModelDeclaration,
    problems_across_fields,
)
from providers.lytics.domain.explain import explain, unknown_key
from providers.lytics.domain.fields import duration_s
from providers.lytics.stack_file.reader import StackFile
from tests.support.lab import ALL_USERS, HIGH_VALUE, declared

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("90s", 90), ("30m", 1800), ("4h", 14400), ("1d", 86400)]
)
def test_durations(text: str, seconds: int) -> None:
    """A duration is a number and a unit."""
    assert duration_s(text) == seconds
    assert declared(build_timeout=text).build_timeout == text


@pytest.mark.parametrize(
    "text", ["", "0s", "-1h", "1", "h", "1.5h", "1 h", "1w", "12345678s", "1h\n"]
)
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused with examples."""
    with pytest.raises(
        ValidationError, match="expected a duration, for example 90s, 30m, 4h or 1d"
    ):
        declared(build_timeout=text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a;b"),
        ("name", "a\\b"),
        ("name", "a\nb"),
        ("label", "x" * 1001),
        ("generation", 0),
        ("generation", 1_000_001),
        ("source", "all_users"),
        ("source", ALL_USERS + "\n"),
        ("target", "g" * 32),
        ("key", ""),
        ("on_delete", "keep"),
        ("swap", "now"),
        ("activation", "yes"),
        ("config", {"collect": 99}),
        ("config", {"collect": 50_001}),
        ("config", {"additional": [""]}),
        ("config", {"model_type": "rf"}),
        ("gate", {}),
    ],
)
def test_what_is_refused(field: str, value: object) -> None:
    """A value outside its range, or a field that there isn't, is refused."""
    with pytest.raises(ValidationError):
        declared(**{field: value})


@pytest.mark.parametrize("collect", [100, 50_000])
def test_the_range_of_collect(collect: int) -> None:
    """Both ends of the documented range can be declared."""
    assert ModelConfig(collect=collect).collect == collect


def test_ids_are_kept_in_small_letters() -> None:
    """An id in capitals is the same id."""
    inputs = declared(source=ALL_USERS.upper(), adopt=HIGH_VALUE.upper())
    assert (inputs.source, inputs.adopt) == (ALL_USERS, HIGH_VALUE)


@pytest.mark.parametrize(
    ("changes", "activation"),
    [
        ({}, None),
        ({"is_active": True}, None),
        ({"is_active": False}, None),
        ({"is_active": False, "gate": {"auc": 0.7}}, None),
        ({"is_active": False, "config": {"build_only": True}}, None),
        ({"is_active": True, "gate": {"auc": 0.7}}, "swap"),
        ({"is_active": True, "gate": {}}, "swap"),
        ({"gate": {"auc": 0.7}}, "observe"),
        ({"config": {"build_only": True}}, None),
        ({"is_active": True, "config": {"build_only": True}}, "swap"),
        ({"is_active": True, "config": {"build_only": False}}, None),
    ],
)
def test_an_activation_exists_where_something_is_set_after_the_build(
    changes: Json, activation: str | None
) -> None:
    """A gate, or build_only with is_active: true, is what an activation is for."""
    model = ModelDeclaration.model_validate({"source": "a", "target": "b", **changes})
    assert model.activation == activation


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"is_active": True}, False),
        ({"is_active": False}, True),
        ({"activation": "swap"}, True),
        ({"activation": "observe"}, True),
    ],
)
def test_what_must_not_go_live_by_itself(changes: Json, *, expected: bool) -> None:
    """What is declared not live, or gated, must not go live when it is trained."""
    assert declared(**changes).must_not_go_live_by_itself is expected


@pytest.mark.parametrize(
    ("on_delete", "policy"), [(None, "deactivate"), ("delete", "delete"), ("retain", "retain")]
)
def test_the_policy(on_delete: str | None, policy: str) -> None:
    """A model is deactivated when it leaves unless it says otherwise."""
    assert declared(on_delete=on_delete).policy == policy


FEATURES: Json = {"config": {"use_scores": True}}


@pytest.mark.parametrize(
    ("given", "places"),
    [
        (FEATURES, []),
        ({**FEATURES, "source": "a", "target": "b"}, []),
        ({**FEATURES, "source": "a", "target": "a"}, [("target",)]),
        ({**FEATURES, "source": None, "target": None}, []),
        ({}, [("config",)]),
        ({"config": None}, [("config",)]),
        ({"config": "odd"}, [("config",)]),
        ({"config": {"use_scores": False, "additional": []}}, [("config",)]),
        ({"config": {"auto_tune": True}}, []),
        ({"config": {"additional": ["city"]}}, []),
        ({"adopt": ALL_USERS}, []),
        (
            {"gate": {}, "config": {"use_scores": True, "build_only": False}},
            [("config", "build_only")],
        ),
        ({"gate": {}, "config": {"use_scores": True, "build_only": True}}, []),
        ({"config": {"use_scores": True, "build_only": False}}, []),
    ],
)
def test_problems_across_fields(given: Json, places: list[tuple[str, ...]]) -> None:
    """What is wrong only between fields is told at one of them."""
    assert [place for place, _ in problems_across_fields(given)] == places


# --- sentences ------------------------------------------------------------------------------


class Odd(BaseModel):
    """A shape with rules that no declaration has."""

    more: float = 1
    text: str = ""
    kinds: dict[str, list[int]] = {}
    either: int | bool | None = None
    short: Annotated[str, Field(max_length=2)] = ""
    moment: time = time(0)


def sentences(shape: type[BaseModel], value: object) -> dict[str, str]:
    """Return what is told about a value."""
    with pytest.raises(ValidationError) as caught:
        shape.model_validate(value, strict=True)
    return {".".join(map(str, place)): what for place, what in explain(caught.value, shape)}


def test_sentences_say_what_would_be_right() -> None:
    """Each mistake says what was expected and what was got, in one printable line."""
    assert sentences(Odd, {"more": "x\x1b" * 50, "text": None, "either": "x"}) == {
        "more": 'expected a number, got "' + "x?" * 20 + '…"',
        "text": "expected text; put it in quotes, got nothing",
        "either": 'expected a whole number, got "x", or expected true or false, got "x"',
    }


def test_rare_mistakes_have_a_sentence() -> None:
    """A text that is too long, and a rule that has no sentence of ours, are told as well."""
    assert sentences(Odd, {"short": "abc", "moment": "then"}) == {
        "short": "at most 2 characters",
        "moment": 'Input should be a valid time, got "then"',
    }


def test_keys_below_the_users_own_are_known() -> None:
    """An unknown key below a key of the user's names those that are known there."""
    assert sentences(StackFile, {"removed": {"gone": {"on_delete": "retain", "x": 1}}}) == {
        "removed.gone.x": "unknown key. Known: on_delete"
    }


def test_places_inside_mappings_are_the_users_own_keys() -> None:
    """The key of a mapping is part of the place, also when it is called like a field."""
    assert sentences(Odd, {"kinds": {"more": ["x"], "text": 1}}) == {
        "kinds.more.0": 'expected a whole number, got "x"',
        "kinds.text": "expected a list, got 1",
    }


def test_an_unknown_key_names_the_nearest() -> None:
    """A key that isn't known is told with the nearest that is, if one is near."""
    assert unknown_key("lable", ["label", "name"]) == (
        "unknown key, did you mean label? Known: label, name"
    )
    assert unknown_key("x", ["label", "name"]) == "unknown key. Known: label, name"
