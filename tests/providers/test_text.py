"""Other people's texts on the way to a terminal."""

import pytest

from providers.lytics.errors import ConflictError
from providers.lytics.host.engine.adapter import ProviderFaultError, told
from providers.lytics.text import harmless, to_the_second, without_controls


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, weiß 🎯", "plain, weiß 🎯"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x07", "?[31mred?"),
        ("\u202eturned", "?turned"),
    ],
)
def test_what_steers_a_terminal_is_shown_as_a_question_mark(text: str, shown: str) -> None:
    """Control characters don't reach a terminal, everything readable does."""
    assert without_controls(text) == shown


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


def test_an_error_that_quotes_the_api_is_harmless() -> None:
    """An error's sentence holds no control character, whatever name it quotes."""
    error = ConflictError("model \x1b[2J is gone")

    def fail() -> None:
        with told("Failed"):
            raise error

    with pytest.raises(ProviderFaultError) as caught:
        fail()
    assert str(caught.value) == "Failed: model ?[2J is gone"


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2020-08-10T16:00:00.123456789-07:00", "2020-08-10T16:00:00-07:00"),
        ("2020-08-10T16:00:00Z", "2020-08-10T16:00:00Z"),
        ("no date", "no date"),
    ],
)
def test_a_date_keeps_the_place_of_its_clock(date: str, shown: str) -> None:
    """Seconds will do; without its offset a date would be another moment."""
    assert to_the_second(date) == shown
