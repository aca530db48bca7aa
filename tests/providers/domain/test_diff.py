"""Field classes: what a change of each field does, and what is no change at all."""

from typing import Any

import pytest

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.diff import (
    Difference,
    Unknown,
    config_differences,
    differ,
    echo_contradicts,
)
from providers.lytics.domain.fields import FieldClass, class_of
from providers.lytics.domain.identity import default_name
from providers.lytics.domain.record import hash_of, outputs_of
from providers.lytics.errors import ConflictError
from providers.lytics.shapes import Model
from tests.support.lab import ALL_USERS, HIGH_VALUE, declared, properties, through_engine

OTHER = "0" * 32
MODEL_ID = "a" * 32
Json = dict[str, Any]


def state_of(inputs: ModelInputs, **shown: object) -> Json:
    """Return the state that a create of these inputs leaves, as the engine hands it back."""
    echo = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    base: Json = {
        "id": MODEL_ID,
        "aid": 1234,
        "name": inputs.name or "churn-1f2e3d-00000000",
        "label": inputs.label or "",
        "state": "complete",
        "source": inputs.source,
        "target": inputs.target,
        "is_active": bool(inputs.is_active),
        "config": {"collect": 5000, **echo},
    }
    state: Json = through_engine(outputs_of(inputs, Model.model_validate({**base, **shown})))
    return state


def difference(before: ModelInputs, after: ModelInputs, **shown: object) -> Difference:
    """Compare what was created with what is declared now, both as the engine hands them."""
    return differ(MODEL_ID, state_of(before, **shown), properties(after))


EXPECTED = {
    "name": FieldClass.REPLACES,
    "source": FieldClass.REPLACES,
    "target": FieldClass.REPLACES,
    "config": FieldClass.REPLACES,
    "generation": FieldClass.REPLACES,
    "label": FieldClass.IN_PLACE,
    "is_active": FieldClass.IN_PLACE,
    "on_delete": FieldClass.STATE_ONLY,
    "build_timeout": FieldClass.STATE_ONLY,
    "swap": FieldClass.STATE_ONLY,
    "source_name": FieldClass.STATE_ONLY,
    "target_name": FieldClass.STATE_ONLY,
    "activation": FieldClass.STATE_ONLY,
    "adopt": FieldClass.NEVER,
    "take_over": FieldClass.NEVER,
    "key": FieldClass.STATE_ONLY,
    "stack": FieldClass.STATE_ONLY,
    "lineage": FieldClass.NEVER,
}


def test_each_field_has_one_class() -> None:
    """Every field of a model says exactly once what a change of it does."""
    marks = {
        name: [mark for mark in field.metadata if isinstance(mark, FieldClass)]
        for name, field in ModelInputs.model_fields.items()
    }
    assert marks == {name: [change] for name, change in EXPECTED.items()}
    assert {name: class_of(ModelInputs, name) for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(
    ("declared", "kept", "replaces"),
    [
        ("a-1f2e3d4c5b6a-875da63e", None, False),
        ("ML: a-1f2e3d4c5b6a-875da63e", None, False),
        ("a-1f2e3d4c5b6a-00000000", None, True),
        ("a", None, True),
        ("a-1f2e3d4c5b6a-875da63e", "other", True),
    ],
)
def test_a_default_name_that_is_declared_as_it_was_sent_replaces_nothing(
    declared: str, kept: str | None, *, replaces: bool
) -> None:
    """An account that puts something before names makes the same of it again."""
    state: Json = {"name": "ML: a-1f2e3d4c5b6a-875da63e", "declared_name": kept}
    found = differ("1" * 32, state, {"name": declared})
    assert ("name" in found.replaces) is replaces


CHANGED: Json = {
    "name": "other",
    "source": OTHER,
    "target": OTHER,
    "config": {"use_scores": True, "collect": 200},
    "generation": 2,
    "label": "new",
    "is_active": True,
    "on_delete": "retain",
    "build_timeout": "2h",
    "swap": "break_first",
    "source_name": "slug",
    "target_name": "slug",
    "activation": "swap",
    "take_over": True,
    "key": "renamed",
    "stack": "prod",
    "lineage": "654321",
}


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "adopt"])
def test_a_change_does_what_its_class_says(name: str) -> None:
    """Label and is_active write, what trains replaces, settings change the state alone."""
    expected = {
        FieldClass.REPLACES: Difference(replaces=(name,)),
        FieldClass.IN_PLACE: Difference(writes=(name,)),
        FieldClass.STATE_ONLY: Difference(settings=(name,)),
        FieldClass.NEVER: Difference(),
    }[EXPECTED[name]]
    assert difference(declared(), declared(**{name: CHANGED[name]})) == expected
    assert expected.is_any is (EXPECTED[name] is not FieldClass.NEVER)


def test_label_and_is_active_are_all_that_writes() -> None:
    """Only label and is_active are ever written to an existing model."""
    assert {n for n, change in EXPECTED.items() if change is FieldClass.IN_PLACE} == {
        "label",
        "is_active",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("use_scores", False),
        ("use_content", True),
        ("collect", 100),
        ("build_only", True),
        ("auto_tune", True),
        ("tune_model", True),
        ("re_run", True),
        ("additional", ["city"]),
    ],
)
def test_each_config_key_replaces(key: str, value: object) -> None:
    """A change of any key of config trains a new model."""
    after = declared(config={"use_scores": True, key: value})
    assert difference(declared(), after).replaces == ("config",)


FULL: Json = {
    "label": "text",
    "name": "declared",
    "is_active": False,
    "on_delete": "delete",
    "generation": 3,
    "build_timeout": "1h",
    "swap": "break_first",
    "source_name": "all_users",
    "target_name": "high_value",
    "activation": "observe",
    "config": {
        "use_scores": True,
        "use_content": False,
        "collect": 2000,
        "build_only": True,
        "auto_tune": False,
        "tune_model": True,
        "re_run": False,
        "additional": ["b", "a"],
    },
}


def test_nothing_changed_is_no_difference() -> None:
    """Numbers as floats and dropped nulls, as the engine returns them, are no difference."""
    assert not difference(declared(**FULL), declared(**FULL)).is_any
    assert not difference(declared(), declared()).is_any


def test_a_number_as_a_float_is_no_difference() -> None:
    """3 and 3.0 are the same generation, 5000 and 5000.0 the same sample."""
    inputs = declared(generation=3, config={"use_scores": True, "collect": 700})
    handed = properties(inputs)
    assert handed["generation"] == 3.0
    assert type(handed["config"]["collect"]) is float
    assert not differ(MODEL_ID, state_of(inputs), handed).is_any


@pytest.mark.parametrize("before", [{}, {"collect": 5000}, {"additional": [], "re_run": False}])
@pytest.mark.parametrize("after", [{}, {"collect": 5000}, {"auto_tune": False}, {"additional": []}])
def test_a_documented_default_is_no_difference(before: Json, after: Json) -> None:
    """Declaring a documented default, or leaving it out again, changes nothing."""
    old, new = (declared(config={"use_scores": True, **one}) for one in (before, after))
    assert not difference(old, new).is_any


@pytest.mark.parametrize(
    ("key", "value", "replaces"),
    [
        ("collect", 200, True),
        ("auto_tune", True, True),
        ("tune_model", True, True),
        ("re_run", True, True),
        ("additional", ["city"], True),
        ("use_content", True, False),
        ("build_only", True, False),
    ],
)
def test_a_key_left_out_goes_back_to_its_documented_default(
    key: str, value: object, *, replaces: bool
) -> None:
    """A key left out replaces if its documented default differs; without one it is no change."""
    before = declared(config={"use_scores": True, key: value})
    assert bool(difference(before, declared()).replaces) is replaces


def test_a_config_left_out_goes_back_to_the_defaults() -> None:
    """Leaving the whole config out is leaving each of its keys out."""
    before = declared(config={"use_scores": True, "collect": 200})
    assert difference(before, declared(config=None)).replaces == ("config",)


@pytest.mark.parametrize("name", ["name", "label", "is_active"])
def test_leaving_out_is_no_difference(name: str) -> None:
    """A name, label or is_active that is no longer declared is no longer managed."""
    before = declared(**{name: FULL[name]})
    assert not difference(before, declared()).is_any


@pytest.mark.parametrize("name", ["label", "is_active"])
def test_what_was_never_declared_is_never_a_difference(name: str) -> None:
    """A label or is_active that only the API shows is nobody's business."""
    shown: Json = {"label": "by hand", "is_active": True}
    assert not difference(declared(), declared(), **{name: shown[name]}).is_any


@pytest.mark.parametrize("name", ["label", "is_active"])
def test_what_is_declared_for_the_first_time_is_looked_at(name: str) -> None:
    """What nobody managed may have changed since: a model goes live by itself when it is built."""
    after = declared(**{name: FULL[name]})
    assert difference(declared(), after, **{name: FULL[name]}).writes == (name,)
    assert not difference(after, after).is_any


def test_a_name_that_the_server_altered_is_no_difference() -> None:
    """The returned name is kept, and the declared one stays what was asked for."""
    named = declared(name="churn")
    assert not difference(named, named, name="ML: churn").is_any
    assert not difference(named, declared(name="ML: churn"), name="ML: churn").is_any
    assert difference(named, declared(name="other"), name="ML: churn").replaces == ("name",)


def test_declaring_the_default_name_is_no_difference() -> None:
    """Who writes down the name that the model has already changes nothing."""
    after = declared(name="churn-1f2e3d-00000000")
    assert not difference(declared(), after).is_any


def test_an_implied_build_only_is_no_difference() -> None:
    """What the tool decided about build_only is compared with nothing."""
    gated = declared(activation="swap")
    echo = {"config": {"collect": 5000, "use_scores": True, "build_only": True}}
    assert not difference(gated, gated, **echo).is_any


def test_declaring_what_is_reported_is_no_difference() -> None:
    """Declaring a key without a default as the API reports it changes nothing."""
    after = declared(config={"use_scores": True, "use_content": False})
    echo = {"config": {"collect": 5000, "use_scores": True, "use_content": False}}
    assert not difference(declared(), after, **echo).is_any
    zeroed = {"config": {"collect": 0, "use_scores": False, "use_content": False}}
    assert difference(declared(), after, **zeroed).replaces == ("config",)


@pytest.mark.parametrize("id_", [MODEL_ID, MODEL_ID.upper()])
def test_adopting_the_managed_model_is_no_difference(id_: str) -> None:
    """`adopt` may be added for, and stay in the file after, the model that is managed."""
    inputs = {**properties(declared()), "adopt": id_}
    assert not differ(MODEL_ID, state_of(declared()), inputs).is_any


def test_an_adopted_id_that_was_replaced_is_ignored() -> None:
    """Once a replacement has retired the adopted model, its id may stay in the file."""
    inputs = declared(adopt=OTHER)
    assert not difference(inputs, inputs).is_any


def test_adopt_that_comes_back_after_its_model_was_replaced_is_ignored() -> None:
    """Taken out for an `up` and put back later, the id of a retired model changes nothing."""
    state = {**properties(declared()), "trained": {OTHER: "12345678", MODEL_ID: "23456789"}}
    assert not differ(MODEL_ID, state, properties(declared(adopt=OTHER))).is_any
    assert not differ(MODEL_ID, state, properties(declared(adopt=OTHER.upper()))).is_any


def test_adopting_another_model_is_an_error_never_a_replacement() -> None:
    """An id that is neither the managed nor the adopted model's is refused, naming both."""
    with pytest.raises(ConflictError) as caught:
        difference(declared(), declared(adopt=OTHER))
    assert str(caught.value) == (
        f"'churn' manages model {MODEL_ID} already and can't adopt {OTHER} as well. "
        "Take adopt out, or declare the other model under a key of its own"
    )


def test_taking_adopt_out_is_no_difference() -> None:
    """`adopt` may go once the model is taken over."""
    assert not difference(declared(adopt=MODEL_ID), declared()).is_any


def test_an_unknown_segment_is_the_same_while_it_is_spelled_the_same() -> None:
    """A slug that wasn't looked up is no difference from the same slug in the state."""
    before = declared(source_name="all_users", target_name="high_value")
    inputs = {**properties(before), "source": Unknown(), "target": Unknown()}
    assert not differ(MODEL_ID, state_of(before), inputs).is_any
    assert differ(MODEL_ID, state_of(before), {**inputs, "source_name": "dormant"}) == Difference(
        replaces=("source",), settings=("source_name",)
    )


@pytest.mark.parametrize("name", ["source", "config", "name", "label", "generation", "on_delete"])
def test_an_unknown_value_may_be_a_difference(name: str) -> None:
    """A value that a preview doesn't know yet counts as changed."""
    inputs = {**properties(declared()), name: Unknown()}
    assert differ(MODEL_ID, state_of(declared()), inputs).is_any


@pytest.mark.parametrize(
    "config",
    [
        {"use_scores": True, "collect": Unknown()},
        {"use_scores": True, "additional": Unknown()},
        {"use_scores": True, "additional": ["city", Unknown()]},
    ],
)
def test_an_unknown_value_inside_the_config_may_be_a_difference(config: Json) -> None:
    """A config that isn't known in full may need a new model."""
    inputs = {**properties(declared()), "config": config}
    assert differ(MODEL_ID, properties(declared()), inputs).replaces == ("config",)


def test_an_unknown_adoption_is_not_judged() -> None:
    """An id that a preview doesn't know yet is no conflict."""
    inputs = {**properties(declared()), "adopt": Unknown()}
    assert not differ(MODEL_ID, state_of(declared()), inputs).is_any


def test_all_differences_are_told_by_class() -> None:
    """A change of everything is told whole, each field in its class."""
    found = difference(declared(), declared(**FULL))
    assert found.replaces == ("name", "config", "generation")
    assert found.writes == ("label", "is_active")
    assert set(found.settings) == {
        "on_delete",
        "build_timeout",
        "swap",
        "source_name",
        "target_name",
        "activation",
    }


def test_config_differences_names_the_keys() -> None:
    """What differs in a config is named, in order."""
    old = {"use_scores": True, "collect": 200.0}
    new = {"use_scores": False, "additional": ["x"]}
    assert config_differences(old, new, None) == ["additional", "collect", "use_scores"]
    assert config_differences(None, None, None) == []


@pytest.mark.parametrize(
    ("declared_config", "echo", "ignore", "expected"),
    [
        (None, {}, False, []),
        (None, {"collect": 5000}, False, []),
        (None, {"collect": 200}, False, ["collect"]),
        ({"use_scores": True}, {"collect": 5000}, False, []),
        ({"use_scores": True}, {"use_scores": False}, False, ["use_scores"]),
        ({}, {"use_scores": True}, False, []),
        ({"additional": ["a", "b"]}, {"additional": ["b", "a", "a"]}, False, []),
        ({"additional": ["a"]}, {"additional": []}, False, ["additional"]),
        ({"build_only": False}, {"build_only": True}, False, ["build_only"]),
        ({"build_only": False}, {"build_only": True}, True, []),
    ],
)
def test_echo_contradicts(
    declared_config: Json | None, echo: Json, *, ignore: bool, expected: list[str]
) -> None:
    """Only a value that the API reports, and that is declared or a default, contradicts."""
    found = echo_contradicts(declared_config, echo, ignore_build_only=ignore)
    assert found == expected


@pytest.mark.parametrize("is_named", [False, True])
def test_a_config_that_the_default_name_proves_is_no_difference(*, is_named: bool) -> None:
    """A key taken out and declared again trains nothing; a declared name proves nothing."""
    first = declared(config={"use_scores": True, "collect": 900, "build_only": True})
    name = default_name("churn", "1f2e3d", hash_of(first))
    since = declared(config={"use_scores": True, "collect": 900}, name=name if is_named else None)
    again = first.model_copy(update={"name": since.name})
    found = difference(since, again, name=name, config={})
    assert found.replaces == (("config",) if is_named else ())
    other = first.model_copy(update={"generation": 2})
    assert "generation" in difference(since, other, name=name, config={}).replaces


def test_source_and_target_are_not_interchangeable() -> None:
    """Swapping source and target trains a new model."""
    after = declared(source=HIGH_VALUE, target=ALL_USERS)
    assert difference(declared(), after).replaces == ("source", "target")


@pytest.mark.parametrize(
    ("old", "new", "differing"),
    [
        ({}, {}, []),
        ({}, {"blocked": []}, []),
        ({"blocked": ["b", "a"]}, {"blocked": ["a", "b", "b"]}, []),
        ({"blocked": ["a"]}, {}, ["blocked"]),
        ({"blocked": ["a"]}, {"blocked": []}, ["blocked"]),
        ({}, {"blocked": ["a"]}, ["blocked"]),
    ],
)
def test_blocked_fields_replace_only_where_declared(
    old: dict[str, object], new: dict[str, object], differing: list[str]
) -> None:
    """No blocked fields is the default, whatever v2 reports of them."""
    assert config_differences(old, new, {"blocked": []}) == differing
