"""What the state keeps of a model: nothing of others that a terminal would obey."""

from providers.lytics.domain.record import inputs_from, outputs_of
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


def test_a_label_longer_than_may_be_declared_is_read_back() -> None:
    """What somebody wrote in Lytics is no mistake of the state: it must stay readable."""
    inputs = declared(label="short")
    long = "x" * 5000
    outputs = {**inputs.model_dump(exclude_none=True), "label": long, "managed": ["label"]}
    assert inputs_from(outputs).label == long
