"""How a model is known again: what is written here is stored for good."""

import string
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.lytics.domain.identity import (
    NameIndex,
    default_name,
    ends_with_proof,
    inputs_hash,
    is_same_lineage,
    lineage,
    lineages_of,
    listed_as,
    lives,
    normalised_config,
    proof_in,
    same_name,
    to_send,
)
from tests.support.lab import ALL_USERS, HIGH_VALUE

KEY = "grow-customer-base"
LIVES = ["822719300c19", "a442d1b9d468", "3d4b95480abe"]
PARENT = "urn:pulumi:prod::lytics-ml::pulumi:pulumi:Stack::x"


@pytest.mark.parametrize(
    ("parent", "again", "expected"),
    [("", 0, "822719300c19"), (PARENT, 0, "f7b9b1d63987"), ("", 1, "4c9d87f25f9d")],
)
def test_golden_lineage(parent: str, again: int, expected: str) -> None:
    """The lineage of a declaration is the same in every version of the tool."""
    assert lineage("lytics-ml", "prod", KEY, parent, again) == expected


@pytest.mark.parametrize(
    ("config", "generation", "expected"),
    [
        (None, 1, "1f54eef5"),
        ({"use_scores": True, "use_content": True, "additional": ["a", "b"]}, 1, "33b78b65"),
        ({}, 2, "fb93658e"),
        ({"blocked": []}, 1, "1f54eef5"),
        ({"blocked": ["city", "email"]}, 1, "a336330c"),
    ],
)
def test_golden_inputs_hash(
    config: dict[str, object] | None, generation: int, expected: str
) -> None:
    """The hash of what replaces a model is the same in every version of the tool."""
    source, target = "cf21ba3ceb194961b964358ee92ec4a9", "e34563f98bc848b7abb17c4a0499968c"
    assert inputs_hash(source, target, config, generation) == expected


def test_golden_default_name() -> None:
    """A model's default name is its key, 12 digits of lineage and 8 of its inputs."""
    name = default_name(KEY, "822719300c19", "1f54eef5")
    assert name == "grow-customer-base-822719300c19-1f54eef5"


def test_golden_lives() -> None:
    """The lineages that a key gets when it is declared anew are the same in every version."""
    assert list(islice(lives("822719300c19"), 3)) == LIVES


def test_names_of_an_earlier_version_are_known_again() -> None:
    """A lineage of 12 digits knows names that hold the first 6 of them, not the other way round."""
    short, long = "822719", "822719300c19"
    assert proof_in("churn-822719-1f54eef5") == (short, "1f54eef5")
    assert proof_in("churn-822719300c19-1f54eef5") == (long, "1f54eef5")
    assert ends_with_proof("churn-822719-1f54eef5", long, "1f54eef5")
    assert not ends_with_proof("churn-822719300c19-1f54eef5", short, "1f54eef5")
    assert is_same_lineage(short, long)
    assert is_same_lineage(long, short)
    assert not is_same_lineage("822718", long)
    names = NameIndex([("a", "churn-822719-1f54eef5"), ("b", "ML: churn-822719300c19-00000000_1")])
    assert names.proven(long, "1f54eef5") == ("a",)
    assert sorted(names.made_for(long)) == ["a", "b"]
    assert names.made_for(short) == ("a",)


def test_lineages_of_a_key_hold_those_of_earlier_versions() -> None:
    """Names of a key's models are known in every form that a version wrote."""
    known = lineages_of("lytics-ml", "prod", KEY)
    assert {"822719", "822719300c19", "4c9d87", *LIVES} <= known


@pytest.mark.parametrize(
    "changed", [("other", "prod", KEY), ("lytics-ml", "dev", KEY), ("lytics-ml", "prod", "other")]
)
def test_lineage_differs_by_project_stack_and_key(changed: tuple[str, str, str]) -> None:
    """Two declarations share no lineage, in whatever they differ."""
    assert lineage(*changed) != lineage("lytics-ml", "prod", KEY)


def test_lineage_doesnt_run_parts_together() -> None:
    """Parts that read the same when put together are still two lineages."""
    assert lineage("ab", "c", "d") != lineage("a", "bc", "d")


@pytest.mark.parametrize(
    "config",
    [
        {"collect": 5000},
        {"collect": None, "additional": []},
        {"auto_tune": False, "tune_model": False, "re_run": False},
    ],
)
def test_documented_defaults_leave_the_hash(config: dict[str, object]) -> None:
    """Declaring what is documented as the default names the same model as leaving it out."""
    assert inputs_hash(ALL_USERS, HIGH_VALUE, config, 1) == inputs_hash(
        ALL_USERS, HIGH_VALUE, None, 1
    )


@pytest.mark.parametrize(
    "config",
    [
        {"collect": 5001},
        {"use_scores": False},
        {"use_content": False},
        {"build_only": False},
        {"auto_tune": True},
        {"tune_model": True},
        {"re_run": True},
        {"additional": ["city"]},
    ],
)
def test_each_config_key_changes_the_hash(config: dict[str, object]) -> None:
    """What isn't the documented default, or has none, names another model."""
    assert inputs_hash(ALL_USERS, HIGH_VALUE, config, 1) != inputs_hash(
        ALL_USERS, HIGH_VALUE, None, 1
    )


def test_source_target_and_generation_change_the_hash() -> None:
    """Source, target and generation each name another model, and aren't interchangeable."""
    hashes = {
        inputs_hash(ALL_USERS, HIGH_VALUE, None, 1),
        inputs_hash(HIGH_VALUE, ALL_USERS, None, 1),
        inputs_hash(ALL_USERS, ALL_USERS, None, 1),
        inputs_hash(ALL_USERS, HIGH_VALUE, None, 2),
    }
    assert len(hashes) == 4


def test_additional_is_a_set() -> None:
    """Order and repetition of additional fields train the same model."""
    assert normalised_config({"additional": ["b", "a", "b"]})["additional"] == ["a", "b"]


@pytest.mark.parametrize(
    ("returned", "same"),
    [
        ("Grow Customers", True),
        ("ML: Grow Customers", True),
        ("ML:Grow Customers", True),
        ("Grow Customers_1", True),
        ("ML: grow  customers_12", True),
        (" GROW CUSTOMERS ", True),
        ("Grow Customers 1", False),
        ("Grow Customers_1234", False),
        ("Grow", False),
        ("", False),
        ("MX: Grow Customers", False),
    ],
)
def test_same_name(returned: str, *, same: bool) -> None:
    """A name counts as sent also as the server may alter it, and only so."""
    assert same_name("Grow Customers", returned) is same


ALTERED = ["{}", "ML: {}", "{}_1", "ML: {}_27", " {} "]


@pytest.mark.parametrize("form", ALTERED)
@given(
    key=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=30),
    project=st.text(max_size=8),
)
def test_a_default_name_proves_itself_in_every_form(form: str, key: str, project: str) -> None:
    """A default name proves lineage and inputs however the server altered it, whatever the key."""
    ours, hash_ = lineage(project, "dev", key), inputs_hash(ALL_USERS, HIGH_VALUE, None, 1)
    returned = form.format(default_name(key, ours, hash_))
    assert ends_with_proof(returned, ours, hash_)
    assert proof_in(returned) == (ours, hash_)
    assert not ends_with_proof(returned, ours, inputs_hash(ALL_USERS, HIGH_VALUE, None, 2))


@pytest.mark.parametrize("name", ["", "churn", "churn-123456", "churn-12345-12345678", "a-b_1"])
def test_other_names_prove_nothing(name: str) -> None:
    """A name that a person gave holds no proof."""
    assert proof_in(name) is None
    assert not ends_with_proof(name, "123456", "12345678")


def test_a_name_to_send_is_listed_under_the_name_that_is_wanted() -> None:
    """What an account did to other names is taken off, and nothing where it did nothing."""
    altered = [("a", "ML: a")]
    assert to_send("ML: Premier", altered) == "Premier"
    assert listed_as(to_send("ML: Premier", altered), altered) == "ML: Premier"
    assert to_send("Premier", altered) == "Premier"
    assert to_send("ML: Premier", [("a", "a")]) == "ML: Premier"
