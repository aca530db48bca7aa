"""What the state keeps of a model: nothing of others that a terminal would obey."""

import pytest

from providers.lytics.domain.record import inputs_from, outputs_of, settled_is_active
from providers.lytics.shapes import Model
from tests.support.lab import declared


def test_what_others_wrote_is_kept_harmless() -> None:
    """Whatever text the API shows, none of it can break the terminal that Pulumi shows it on."""
    hostile = "\x1b[2J"
    fields = ("name", "label", "state", "type", "created", "updated")
    shown = {"id": "a", **dict.fromkeys(fields, hostile)}
    config = {"collect": 100, "additional": ["city", hostile]}
    outputs = outputs_of(declared(), Model.model_validate({**shown, "config": config}))
    assert {outputs[name] for name in fields} == {"?[2J"}
    assert outputs["reported_config"] == {"collect": 100, "additional": ["city", "?[2J"]}


def test_a_label_of_ones_own_is_kept_as_declared() -> None:
    """What is declared isn't altered, or it would differ at every `up`."""
    outputs = outputs_of(declared(label="a\x07"), Model(id="a", label="a\x07"))
    assert outputs["label"] == "a\x07"


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


def test_a_label_longer_than_may_be_declared_is_read_back() -> None:
    """What somebody wrote in Lytics is no mistake of the state: it must stay readable."""
    inputs = declared(label="short")
    long = "x" * 5000
    outputs = {**inputs.model_dump(exclude_none=True), "label": long, "managed": ["label"]}
    assert inputs_from(outputs).label == long
