"""Which of the account's models a declaration means."""

from typing import Any

import pytest

from providers.lytics.domain.finding.matching import (
    Wanted,
    are_kin,
    contradictions,
    likely,
    matches,
    share_lineage,
)
from providers.lytics.domain.identity import NameIndex, default_name
from providers.lytics.errors import ConflictError
from providers.lytics.shapes import Model
from tests.support.lab import ALL_USERS, HIGH_VALUE, LINEAGE, declared
from tests.support.lab import shown_of as model

ZEROED = {"collect": 0, "use_scores": False, "use_content": False}


def ids(wanted: Wanted, *models: Model) -> list[str]:
    """Return the ids of the matches, the one to keep first; the index must not lose any."""
    found = [one.id for one in matches(wanted, models)]
    index = NameIndex((one.id, one.name) for one in models)
    by_id = {one.id: one for one in models}
    assert [one.id for one in matches(wanted, likely(wanted, by_id, index))] == found
    return found


def test_name_of_a_model_without_one() -> None:
    """A model that is declared without a name gets its key, lineage and inputs hash."""
    wanted = Wanted(declared())
    assert wanted.name == default_name("churn", LINEAGE, wanted.hash)
    assert Wanted(declared(name="mine")).name == "mine"


@pytest.mark.parametrize("config", [None, ZEROED])
def test_a_default_name_is_proof(config: dict[str, Any] | None) -> None:
    """With a default name the name holds the hash, whatever the config's echo reports."""
    shown: dict[str, Any] = {} if config is None else {"config": config}
    wanted = Wanted(declared(), baseline=["a" * 32])
    assert ids(wanted, model(declared(), **shown)) == ["a" * 32]


@pytest.mark.parametrize("form", ["ML: {}", "{}_1", "ML: {}_3"])
@pytest.mark.parametrize("name", [None, "mine"])
def test_an_altered_name_is_the_same_model(form: str, name: str | None) -> None:
    """A match has the name as the server may alter it, prefixed or numbered."""
    wanted = Wanted(declared(name=name))
    assert ids(wanted, model(declared(), name=form.format(wanted.name))) == ["a" * 32]


@pytest.mark.parametrize(
    "shown",
    [
        {"source": HIGH_VALUE},
        {"target": ALL_USERS},
        {"name": "somebody-1f2e3d"},
        {"name": "churn-ffffff-00000000"},
    ],
)
@pytest.mark.parametrize("name", [None, "mine"])
def test_a_contradiction_is_no_match(shown: dict[str, Any], name: str | None) -> None:
    """Another name, source or target is another model."""
    inputs = declared(name=name)
    assert ids(Wanted(inputs), model(inputs, **shown)) == []


@pytest.mark.parametrize(
    "config", [{"collect": 5000, "use_scores": False}, {"collect": 200, "use_scores": True}]
)
@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [(None, "{}", ["a" * 32]), (None, "{}_1", []), (None, "ML: {}", []), ("mine", "{}", [])],
)
def test_another_config_contradicts_all_but_a_default_name(
    config: dict[str, Any], name: str | None, form: str, expected: list[str]
) -> None:
    """A default name that came back as it was sent is proof, whatever config is shown beside it.

    An altered one may be that of somebody's copy, and a declared one is anybody's.
    """
    wanted = Wanted(declared(name=name))
    shown = model(declared(name=name), name=form.format(wanted.name), config=config)
    assert ids(wanted, shown) == expected


def test_ids_of_segments_match_in_any_case() -> None:
    """Ids in capitals are the same ids."""
    shown = {"source": ALL_USERS.upper(), "target": HIGH_VALUE.upper()}
    assert ids(Wanted(declared()), model(declared(), **shown)) == ["a" * 32]


def test_of_several_the_earliest_comes_first() -> None:
    """Of several matches the earliest created comes first, whatever its time zone's spelling."""
    late = model(declared(), id="1" * 32, created="2026-01-02T01:00:00Z")
    early = model(declared(), id="2" * 32, created="2026-01-02T01:30:00.5+01:00")
    undated = model(declared(), id="0" * 32, created="")
    assert ids(Wanted(declared()), undated, late, early) == ["2" * 32, "1" * 32, "0" * 32]


def test_of_the_same_age_the_lowest_id_comes_first() -> None:
    """Of matches of one age the lowest id comes first, so that every run chooses the same."""
    two = [model(declared(), id=digit * 32) for digit in "21"]
    assert ids(Wanted(declared()), *two) == ["1" * 32, "2" * 32]


def test_what_is_being_replaced_is_no_match() -> None:
    """The model that this run replaces is never what is wanted."""
    assert ids(Wanted(declared(), replaced=["a" * 32]), model(declared())) == []


def test_an_invalid_model_is_among_the_matches() -> None:
    """What an invalid match is good for is the caller's to say."""
    assert ids(Wanted(declared()), model(declared(), state="invalid")) == ["a" * 32]


def test_a_declared_name_with_a_reported_config_matches() -> None:
    """A declared name, source, target and every reported value are enough."""
    inputs = declared(name="mine")
    assert ids(Wanted(inputs, baseline=["a" * 32]), model(inputs)) == ["a" * 32]


def test_a_declared_name_without_a_report_counts_only_when_it_is_new() -> None:
    """With a zeroed echo only a model created after this run began counts as made by it."""
    inputs = declared(name="mine")
    assert ids(Wanted(inputs, baseline=["b" * 32]), model(inputs, config=ZEROED)) == ["a" * 32]


def test_a_declared_name_without_a_report_is_a_conflict() -> None:
    """Otherwise it is an error that names the ids and says `adopt:`."""
    inputs = declared(name="mine")
    two = [model(inputs, id=digit * 32, config=ZEROED) for digit in "ba"]
    with pytest.raises(ConflictError) as caught:
        matches(Wanted(inputs, baseline=["a" * 32, "b" * 32]), two)
    assert str(caught.value) == (
        "'churn': the account has a model named \"mine\" with this source and target "
        f"({'a' * 32}, {'b' * 32}), and Lytics doesn't report how it was trained. "
        f"To take it over, add adopt: {'a' * 32}; to train another, choose another name. "
        "See docs/guides/take-over.md#one-model"
    )


def test_a_proven_match_settles_an_unclear_one() -> None:
    """Beside a match that is proven an unclear one is no conflict, and isn't taken."""
    inputs = declared(name="mine")
    unclear = model(inputs, id="b" * 32, config=ZEROED)
    assert ids(Wanted(inputs, baseline=["a" * 32, "b" * 32]), unclear, model(inputs)) == ["a" * 32]


def test_a_remembered_model_is_known_by_its_hash() -> None:
    """A model that the state remembers is known by the hash of its inputs, not by its echo."""
    inputs = declared(name="mine")
    known = {"a" * 32: Wanted(inputs).hash}
    zeroed = model(inputs, config=ZEROED, name="ML: mine")
    assert ids(Wanted(inputs, trained=known, baseline=["a" * 32]), zeroed) == ["a" * 32]


@pytest.mark.parametrize("name", ["theirs", "churn-1f2e3d-00000000"])
def test_a_remembered_model_of_another_name_is_not_the_declared_one(name: str) -> None:
    """Audiences find a score by its model's name: going back takes up what has the declared one."""
    known = {"a" * 32: Wanted(declared()).hash}
    shown = model(declared(), name=name)
    assert ids(Wanted(declared(name="mine"), trained=known), shown) == []
    assert ids(Wanted(declared(), trained=known), shown) == ["a" * 32]


def test_a_remembered_model_of_another_generation_is_no_match() -> None:
    """`generation` trains anew, also under a declared name whose echo fits."""
    inputs = declared(name="mine", generation=2)
    known = {"a" * 32: Wanted(declared(name="mine")).hash}
    assert ids(Wanted(inputs, trained=known), model(inputs)) == []


@pytest.mark.parametrize(
    ("changes", "echo", "expected"),
    [
        ({}, {"collect": 5000, "use_scores": True, "build_only": True}, []),
        ({"config": {"build_only": False}}, {"collect": 5000, "build_only": True}, ["build_only"]),
        (
            {"config": {"build_only": False}, "activation": "swap"},
            {"collect": 5000, "build_only": True},
            [],
        ),
        ({}, ZEROED, []),
        ({"config": None}, {"collect": 300}, ["collect"]),
    ],
)
def test_contradictions(changes: dict[str, Any], echo: dict[str, Any], expected: list[str]) -> None:
    """An implied build_only is compared nowhere, and a zeroed echo contradicts nothing."""
    shown = model(declared(), config=echo)
    assert contradictions(declared(**changes), shown) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("churn-1f2e3d-00000000", "churn-1f2e3d-11111111", True),
        ("ML: churn-1f2e3d-00000000_1", "renamed-1f2e3d-11111111", True),
        ("churn-1f2e3d-00000000", "churn-ffffff-00000000", False),
        ("churn-1f2e3d-00000000", "churn", False),
        ("churn", "churn-1f2e3d-00000000", False),
        ("churn", "ML: churn", True),
        ("churn_1", "churn", True),
        ("churn", "other", False),
    ],
)
def test_kin(one: str, other: str, *, expected: bool) -> None:
    """Two models look like one declaration's when their names show one lineage, or one name."""
    first, second = model(declared(), name=one), model(declared(), id="b" * 32, name=other)
    assert are_kin(first, second) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("churn-1f2e3d-00000000", "churn-1f2e3d-11111111", True),
        ("churn-1f2e3d-00000000", "churn-ffffff-00000000", False),
        ("churn-1f2e3d-00000000", "churn", False),
        ("churn", "churn_1", False),
    ],
)
def test_default_names_alone_prove_a_lineage(one: str, other: str, *, expected: bool) -> None:
    """What is written to a model because of its lineage needs a default name that proves it."""
    first, second = model(declared(), name=one), model(declared(), id="b" * 32, name=other)
    assert share_lineage(first, second) is expected
    assert not share_lineage(first, None)


def test_a_model_is_not_its_own_kin() -> None:
    """A model isn't its own predecessor, and a missing one is nobody's."""
    assert not are_kin(model(declared()), model(declared()))
    assert not are_kin(model(declared()), None)
