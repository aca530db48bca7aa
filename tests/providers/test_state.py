"""What the state keeps of a model: nothing of others that a terminal would obey."""

import pytest

from providers.lytics.state import harmless, outputs_of, settled_is_active
from providers.lytics.wire import Model
from tests.providers.lab import declared


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Gross & Söhne 🙂", "Gross & Söhne 🙂"),
        ("two\nlines\tof it", "two\nlines\tof it"),
        ("\x1b[31mred\x07", "?[31mred?"),
        ("a\u202eb\u2066c", "a?b?c"),
        ("x" * 1000, "x" * 1000),
        ("x" * 10_000_000, "x" * 1000 + "…"),
        ("", ""),
    ],
)
def test_harmless(text: str, kept: str) -> None:
    """Control characters, those that turn the writing and endless text don't reach the state."""
    assert harmless(text) == kept


def test_what_others_wrote_is_kept_harmless() -> None:
    """Name, label, state and type as the API shows them can't break the terminal."""
    hostile = "\x1b[2J"
    shown = {"id": "a", "name": hostile, "label": hostile, "state": hostile, "type": hostile}
    outputs = outputs_of(declared(), Model.model_validate(shown))
    assert {outputs[name] for name in ("name", "label", "state", "type")} == {"?[2J"}


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
