import string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.edit.yaml_text import YamlText, block, inline

FILE = """\
# head: ünïcödé 🎈
segments:
  everyone: all_users   # aligned

models:
  # about the first
  first:
    source: everyone
    target: x # odd comment

  second: {source: a,   target: b}
  third:
    source: "a"
    config:
      additional:
      - city
      - visit_ct
    # the end of third

# tail
"""


def changed(text: str, place: tuple[str, ...], value: object) -> str:
    """Return a text with a key set."""
    edit = YamlText(text)
    edit.set(place, value)
    assert edit.is_as_expected()
    return edit.text


def line_changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that went and those that came."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return [x for x in old if x not in new], [x for x in new if x not in old]


@pytest.mark.parametrize(
    ("place", "value", "gone", "came"),
    [
        (("models", "first", "generation"), 2, [], ["    generation: 2\n"]),
        (
            ("models", "second", "generation"),
            2,
            ["  second: {source: a,   target: b}\n"],
            ["  second: {source: a,   target: b, generation: 2}\n"],
        ),
        (("models", "third", "generation"), 2, [], ["    generation: 2\n"]),
        (("models", "third", "source"), "no", ['    source: "a"\n'], ["    source: 'no'\n"]),
        (
            ("removed", "old"),
            {"on_delete": "retain"},
            [],
            ["removed:\n", "  old: {on_delete: retain}\n"],
        ),
    ],
)
def test_set_changes_nothing_else(
    place: tuple[str, ...], value: object, gone: list[str], came: list[str]
) -> None:
    """A key that is set changes its own line; comments, blanks and order stay."""
    assert line_changes(FILE, changed(FILE, place, value)) == (gone, came)


def test_a_new_key_stands_with_its_mapping() -> None:
    """A key is added right below the last one, before the comments and blanks that follow."""
    text = changed(FILE, ("models", "first", "generation"), 2)
    assert "    target: x # odd comment\n    generation: 2\n\n  second" in text
    text = changed(FILE, ("models", "third", "generation"), 2)
    assert "      - visit_ct\n    generation: 2\n    # the end of third\n" in text


@pytest.mark.parametrize("nothing", ["", " {}", " null", " ~", " {}  # none yet"])
def test_an_empty_mapping_becomes_one(nothing: str) -> None:
    """The first key of an empty mapping is written below it."""
    text = changed(f"models:{nothing}\nsegments: {{a: b}}\n", ("models", "x"), {"source": "a"})
    assert yaml.safe_load(text)["models"] == {"x": {"source": "a"}}
    assert "\n  x:" in text


@pytest.mark.parametrize("text", ["", "# only a comment\n", "# no end of line"])
def test_an_empty_file_gets_its_first_key(text: str) -> None:
    """A key is added at the end of a file that holds nothing."""
    after = changed(text, ("models", "x", "generation"), 2)
    assert yaml.safe_load(after) == {"models": {"x": {"generation": 2}}}
    assert after.startswith(text)


def test_line_ends_and_the_end_of_the_file_are_kept() -> None:
    """New lines end as the file's do."""
    text = changed(FILE.replace("\n", "\r\n"), ("models", "first", "generation"), 2)
    assert text.replace("\r\n", "").count("\n") == 0
    assert "    generation: 2\r\n" in text


def test_block_scalars_end_where_they_end() -> None:
    """A key after a text of several lines comes after its last one."""
    text = "models:\n  a:\n    label: |\n      one\n\n      two\n\n  b:\n    x: 1\n"
    after = changed(text, ("models", "a", "generation"), 2)
    assert "      two\n    generation: 2\n\n  b:" in after


def test_remove_takes_the_comment_above_along() -> None:
    """A key leaves with its own comment; its neighbours keep theirs."""
    edit = YamlText(FILE)
    assert edit.lines_of(("models", "first"))[:2] == ["# about the first", "first:"]
    edit.remove(("models", "first"))
    assert edit.is_as_expected()
    assert "about the first" not in edit.text
    assert "models:\n  second" in edit.text.replace("models:\n\n", "models:\n")
    assert "# the end of third" in edit.text


@pytest.mark.parametrize("key", ["source", "middle", "target"])
def test_remove_from_one_line(key: str) -> None:
    """A key leaves a mapping on one line with its comma."""
    edit = YamlText("models: {x: {source: a, middle: [1, 2], target: b}}\n")
    edit.remove(("models", "x", key))
    assert edit.is_as_expected()
    assert key not in edit.text


def test_the_last_key_leaves_an_empty_mapping() -> None:
    """A mapping whose last key leaves stays, empty, and takes new keys."""
    edit = YamlText("models:\n  a:\n    x: 1\nsegments: {b: c}\n")
    edit.remove(("models", "a"))
    assert edit.is_as_expected()
    edit.set(("models", "b"), {"source": "s"})
    assert edit.is_as_expected()
    assert yaml.safe_load(edit.text)["models"] == {"b": {"source": "s"}}


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.sampled_from(["no", "1e5", "12:30:45", "0x1", "2020-01-01", "~", "#x", "a: b", "- a"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=5), inner, max_size=3),
    ),
    max_leaves=6,
)


@given(values)
def test_values_are_read_back_as_they_were(value: Any) -> None:  # noqa: ANN401 - YAML
    """Whatever is written, on one line or on several, is read back as the same value."""
    assert yaml.safe_load(inline(value)) == value
    assert yaml.safe_load("\n".join(block({"k": value}))) == {"k": value}


@given(values, st.sampled_from([("models", "first", "n"), ("models", "second", "n"), ("n",)]))
def test_any_value_can_be_set_anywhere(value: Any, place: tuple[str, ...]) -> None:  # noqa: ANN401
    """A key that is set, set again and removed leaves the text as it was read."""
    edit = YamlText(FILE)
    edit.set(place, value)
    assert edit.is_as_expected()
    edit.set(place, [value])
    assert edit.is_as_expected()
    edit.remove(place)
    assert edit.is_as_expected()
    assert edit.data() == YamlText(FILE).data()
