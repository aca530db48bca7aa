"""Who uses a model, told from the definitions of a segment list."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.lytics.domain.audiences import Audience, read_definition, uses_of_models
from providers.lytics.domain.filterql import text as filterql

PREMIER = "Premier Likelihood"


def reads(text: str, ast: object = None) -> list[tuple[str | None, str]]:
    """Return what a definition reads, as (name, way of reading)."""
    return [(read.name, str(read.reads)) for read in read_definition(text, ast).reads]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FILTER segment_prediction.churn > 0.7", "churn"),
        ("segment_prediction.churn>0.7", "churn"),
        ("FILTER segment_prediction.grow-915f08-06171ccb > 0.7", "grow-915f08-06171ccb"),
        ("FILTER segment_prediction.a_b/c-d >= 0.7", "a_b/c-d"),
        (f"FILTER segment_prediction.`{PREMIER}` > 0.7", PREMIER),
        ("FILTER segment_prediction.`all::ly_binge_user` > 0.7", "all::ly_binge_user"),
        (f"FILTER `segment_prediction`.`{PREMIER}` > 0.7", PREMIER),
        (f"FILTER `segment_prediction.{PREMIER}` > 0.7", PREMIER),
        (f"FILTER 'segment_prediction.{PREMIER}' > 0.7", PREMIER),
        (f"FILTER 'segment_prediction'.'{PREMIER}' > 0.7", PREMIER),
        (f"FILTER segment_prediction.'{PREMIER}' > 0.7", PREMIER),
        (f"FILTER [segment_prediction.{PREMIER}] > 0.7", PREMIER),
        (f"FILTER [segment_prediction].[{PREMIER}] > 0.7", PREMIER),
        (f"FILTER segment_prediction.[{PREMIER}] > 0.7", PREMIER),
        ("FILTER `segment_prediction`.churn > 0.7", "churn"),
        ("FILTER segment_prediction.`a``b` > 0.7", "a`b"),
        ('FILTER segment_prediction.`Bob\'s "best" (really)` > 0.7', 'Bob\'s "best" (really)'),
        ("FILTER segment_prediction.`größer als je` > 0.7", "größer als je"),
        ("FILTER segment_prediction.größer > 0.7", "größer"),
        ("FILTER NOT segment_prediction.churn > 0.7", "churn"),
        ("FILTER NOT (segment_prediction.churn > 0.7)", "churn"),
        ("FILTER not(segment_prediction.churn > 0.7)", "churn"),
        ("FILTER EXISTS segment_prediction.churn", "churn"),
        ("FILTER 0.7 < segment_prediction.churn", "churn"),
        ("FILTER toint(segment_prediction.churn) > 0", "churn"),
        ("FILTER max(a, 5 * (segment_prediction.churn + 1)) > 0", "churn"),
        ("FILTER AND (a = 1, OR (b = 2, segment_prediction.churn > 0.7)) ALIAS x", "churn"),
        ("filter and (a = 1 and b = 2 or segment_prediction.churn > 0.7) alias x", "churn"),
        ("FILTER a > 1 -- so far\n AND segment_prediction.churn > 0.7", "churn"),
        ("# first\nFILTER segment_prediction.churn > 0.7", "churn"),
        ('FILTER x = "a \\" b" AND segment_prediction.churn > 0.7', "churn"),
        ('FILTER x = "a "" b" AND segment_prediction.churn > 0.7', "churn"),
    ],
)
def test_a_score_is_found_however_its_name_is_spelled(text: str, name: str) -> None:
    """One definition, one score: found once, under the model's name, and all of it was read."""
    definition = read_definition(text)

    assert [(read.name, str(read.reads)) for read in definition.reads] == [(name, "score")]
    assert not definition.problem


@pytest.mark.parametrize(
    "text",
    [
        "FILTER AND (city = 'x', visits > 3) FROM user ALIAS y",
        'FILTER note = "segment_prediction.churn > 0.7"',
        "FILTER a > 1 -- segment_prediction.churn > 0.7",
        "FILTER a > 1 // segment_prediction.churn > 0.7",
        "FILTER a > 1 # segment_prediction.churn > 0.7",
        "FILTER a > 1 /* segment_prediction.churn > 0.7\n */",
        "FILTER my_segment_prediction.churn > 0.7",
        "FILTER segment_prediction_old.churn > 0.7",
        "FILTER profile.segment_prediction.churn > 0.7",
        "FILTER a > 1 ALIAS segment_prediction",
        "FILTER a > 1 FROM segment_prediction",
        "FILTER *",
    ],
)
def test_what_only_looks_like_a_score_is_none(text: str) -> None:
    """Strings, comments, other fields and the audience's own name use no model."""
    definition = read_definition(text)

    assert definition.reads == ()
    assert not definition.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FILTER segment_prediction_percentile.churn > 90", [("churn", "percentile")]),
        ("FILTER `segment_prediction_percentile`.`churn` > 90", [("churn", "percentile")]),
        ("FILTER EXISTS segment_prediction", [(None, "map")]),
        ("FILTER EXISTS `segment_prediction`", [(None, "map")]),
        ("FILTER NOT EXISTS segment_prediction_percentile", [(None, "map")]),
        ("FILTER exists(segment_prediction)", [(None, "map")]),
        ('FILTER segment_prediction IN ("a", "b c")', [("a", "map"), ("b c", "map")]),
        ('FILTER segment_prediction NOT IN ("a")', [("a", "map")]),
        ("FILTER segment_prediction INTERSECTS ('a', 'b')", [("a", "map"), ("b", "map")]),
        ('FILTER segment_prediction intersects ["a", "b"]', [("a", "map"), ("b", "map")]),
        ('FILTER "a" IN segment_prediction', [("a", "map")]),
        ('FILTER "a ""b""" IN segment_prediction', [('a "b"', "map")]),
        ("FILTER favourite IN segment_prediction", [(None, "map")]),
        ("FILTER len(segment_prediction) > 2", [(None, "map")]),
        (
            "FILTER segment_prediction.a BETWEEN 0.2 AND 0.7 AND segment_prediction.b > 1",
            [("a", "score"), ("b", "score")],
        ),
        (
            "FILTER AND (segment_prediction.a > 0.1, segment_prediction_percentile.a > 9)",
            [("a", "score"), ("a", "percentile")],
        ),
        ("FILTER segment_prediction.a > segment_prediction.b", [("a", "score"), ("b", "score")]),
    ],
)
def test_what_is_read_of_a_model_is_told(text: str, expected: list[tuple[str, str]]) -> None:
    """Score, percentile, or whether it has one at all: then of which models, or of any."""
    assert reads(text) == expected


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (
            f"FILTER AND (a = 1,\n  segment_prediction.`{PREMIER}`   >\n 0.7 -- high\n, b = 2)",
            f"segment_prediction.`{PREMIER}` > 0.7",
        ),
        ("FILTER a AND NOT segment_prediction.x > 0.7", "NOT segment_prediction.x > 0.7"),
        (
            "FILTER OR (segment_prediction.x BETWEEN 0.2 AND 0.7, a)",
            "segment_prediction.x BETWEEN 0.2 AND 0.7",
        ),
        ("FILTER a && max(1, segment_prediction.x) > 2", "max(1, segment_prediction.x) > 2"),
        (
            "FILTER segment_prediction.x > 0.2 AND segment_prediction.x < 0.7",
            "segment_prediction.x > 0.2; segment_prediction.x < 0.7",
        ),
        (
            "FILTER segment_prediction IN (" + '"x",' * 999 + '"x") AND b',
            ("segment_prediction IN (" + '"x",' * 99)[:199] + "…",
        ),
    ],
)
def test_the_comparison_is_shown_as_it_is_written(text: str, where: str) -> None:
    """In one line, without comments, and not longer than a line of a report."""
    uses = uses_of_models([Audience("1", "one", text=text)])

    assert [use.where for found in uses.by_name.values() for use in found] == [where]


def test_a_name_that_begins_anothers_is_another() -> None:
    """`grow` isn't used by an audience of `grow-915f08-06171ccb`, nor the other way round."""
    uses = uses_of_models(
        [
            Audience("1", "long", text="FILTER segment_prediction.grow-915f08-06171ccb > 0.7"),
            Audience("2", "short", text="FILTER segment_prediction.grow > 0.7"),
        ]
    )

    assert [use.audience.slug for use in uses.of("grow")] == ["short"]
    assert [use.audience.slug for use in uses.of("grow-915f08-06171ccb")] == ["long"]


def test_a_list_of_names_longer_than_what_is_read_at_first_is_read_to_its_end() -> None:
    """The last of a thousand names counts as the first does."""
    names = [f"model {number}" for number in range(1000)]
    listed = ", ".join(f'"{name}"' for name in names)
    text = f"FILTER AND (a, segment_prediction IN ({listed}))"

    assert reads(text) == [(name, "map") for name in names]


def through(*audiences: Audience, name: str = "churn") -> dict[str, tuple[str, ...]]:
    """Return which audiences use the model, and through which."""
    return {use.audience.slug: use.through for use in uses_of_models(audiences).of(name)}


CHURN = Audience("c" * 32, "likely_to_churn", text="FILTER segment_prediction.churn > 0.7")


def test_an_audience_uses_what_it_includes_by_slug_or_id_quoted_or_not() -> None:
    """However it is included, and however deep: with the way, the nearest first."""
    assert through(
        Audience("1", "by_slug", text="FILTER AND (INCLUDE likely_to_churn, a = 1)"),
        Audience("2", "by_quoted_slug", text="FILTER include `Likely_To_Churn`"),
        Audience("3", "by_id", text=f"FILTER INCLUDE {'c' * 32}"),
        Audience("4", "by_quoted_id", text=f"FILTER NOT INCLUDE `{'c' * 32}`"),
        Audience("5", "deeper", text="FILTER a = 1 AND NOT INCLUDE by_slug"),
        Audience("6", "not_at_all", text='FILTER a = "INCLUDE likely_to_churn" -- INCLUDE by_slug'),
        CHURN,
    ) == {
        "likely_to_churn": (),
        "by_slug": ("likely_to_churn",),
        "by_quoted_slug": ("likely_to_churn",),
        "by_id": ("likely_to_churn",),
        "by_quoted_id": ("likely_to_churn",),
        "deeper": ("by_slug", "likely_to_churn"),
    }


def test_audiences_that_include_each_other_end() -> None:
    """A cycle is followed once round."""
    assert through(
        Audience("1", "a", text="FILTER INCLUDE b AND segment_prediction.churn > 0.5"),
        Audience("2", "b", text="FILTER INCLUDE c"),
        Audience("3", "c", text="FILTER INCLUDE a OR INCLUDE c"),
    ) == {"a": (), "c": ("a",), "b": ("c", "a")}


def test_an_audience_that_reads_a_score_itself_is_told_once() -> None:
    """What it includes as well adds nothing."""
    both = Audience(
        "1", "b", text="FILTER INCLUDE likely_to_churn AND segment_prediction.churn < 1"
    )

    assert through(both, CHURN) == {"b": (), "likely_to_churn": ()}


def test_one_that_reads_the_whole_map_uses_every_model() -> None:
    """EXISTS on the map counts for a model that no audience names."""
    assert through(Audience("1", "any", text="FILTER EXISTS segment_prediction")) == {"any": ()}


TREE: dict[str, Any] = {
    "op": "and",
    "args": [
        {"op": "=", "args": [{"ident": "city"}, {"val": 'a "b" \\'}]},
        {"op": "not", "args": [{"op": "include", "args": [{"ident": "c" * 32}]}]},
        {"op": ">", "args": [{"ident": f"segment_prediction.{PREMIER}"}, {"val": "0.7"}]},
        {"op": "expr", "args": [{"ident": "exists"}, {"ident": "segment_prediction.a`b"}]},
        {
            "op": "between",
            "args": [{"ident": "segment_prediction.c"}, {"val": "1"}, {"val": "2"}],
        },
        {
            "op": "in",
            "args": [{"ident": "segment_prediction"}, {"args": [{"val": "d"}, {"val": 'e"'}]}],
        },
    ],
}


def test_a_definition_that_comes_as_a_tree_alone_is_read() -> None:
    """API v2's `ast` says the same as the text, names without their quotes."""
    definition = read_definition("", TREE)

    assert [(read.name, read.where) for read in definition.reads] == [
        (PREMIER, f"segment_prediction.`{PREMIER}` > 0.7"),
        ("a`b", "exists(segment_prediction.`a``b`)"),
        ("c", "segment_prediction.`c` BETWEEN 1 AND 2"),
        ("d", 'segment_prediction IN ("d", "e""")'),
        ('e"', 'segment_prediction IN ("d", "e""")'),
    ]
    assert definition.includes == ("c" * 32,)
    assert not definition.problem


@pytest.mark.parametrize(
    ("text", "ast", "problem"),
    [
        ("", None, "no definition"),
        (" \n", {}, "no definition"),
        ("", {"op": "and", "args": "?"}, "shape"),
        ("", ["?"], "shape"),
        ("", {"args": [{"args": [3]}]}, "shape"),
        ('FILTER a = "open AND segment_prediction.x > 1', None, 'opens " and never closes it'),
        ("FILTER `open AND segment_prediction.x > 1", None, "opens ` and never closes it"),
        ("FILTER /* segment_prediction.x > 1", None, "never closes it"),
        ("FILTER AND (segment_prediction.x > 1", None, "parentheses"),
        ("FILTER INCLUDE gone", None, "includes gone"),
    ],
)
def test_what_cannot_be_read_is_not_readable_and_never_unused(
    text: str, ast: object, problem: str
) -> None:
    """Such an audience is named with the reason, and so is one that includes it."""
    uses = uses_of_models(
        [
            Audience("1", "unread", text=text, ast=ast),
            Audience("2", "on_it", text="FILTER INCLUDE unread"),
            Audience("3", "deleted", text=text, ast=ast, deleted=True),
            CHURN,
        ]
    )

    assert [(one.audience.slug, one.through) for one in uses.unread] == [
        ("unread", ()),
        ("on_it", ("unread",)),
    ]
    assert all(problem in one.problem for one in uses.unread)


def test_a_text_that_breaks_off_gives_way_to_the_tree() -> None:
    """What the API knows twice is read where it can be."""
    assert read_definition('FILTER segment_prediction.x > "', TREE).includes == ("c" * 32,)


def test_what_is_read_before_a_text_breaks_off_counts() -> None:
    """A used model is never unused because of what stands behind."""
    text = 'FILTER segment_prediction.churn > 0.7 AND a = "open'

    assert reads(text) == [("churn", "score")]
    assert read_definition(text).problem


def test_an_invalid_audience_uses_a_model_and_a_deleted_one_does_not() -> None:
    """The invalid one may be repaired; the deleted one may still stand between two others."""
    gone = Audience("1", "gone", text="FILTER segment_prediction.churn > 1", deleted=True)

    assert through(
        Audience("2", "invalid", text="FILTER segment_prediction.churn > 1", invalid=True),
        Audience("3", "on_gone", text="FILTER INCLUDE gone"),
        gone,
    ) == {"invalid": (), "on_gone": ("gone",)}


def test_of_two_audiences_with_one_slug_the_one_that_is_left_is_included() -> None:
    """A deleted audience may have left its slug to another."""
    old = Audience("1", "likely_to_churn", text="FILTER a > 1", deleted=True)

    assert "user" in through(
        CHURN, old, Audience("2", "user", text="FILTER INCLUDE likely_to_churn")
    )


@pytest.mark.parametrize(
    "text",
    [
        "segment_prediction" * 5000,
        "segment_prediction.`" * 2000,
        "`segment_prediction`." * 2000,
        "((((" * 5000 + "segment_prediction.x",
        "NOT " * 5000 + "segment_prediction.x > 1",
        "INCLUDE " * 5000,
        "FILTER segment_prediction.x > 1 AND " * 1000,
        '"' * 9999 + "segment_prediction",
        '\\"' * 5000 + "segment_prediction",
        "segment_prediction.\x00\x1b[31m > \udcff",
        "İ" * 500 + " INCLUDE likely_to_churn",
        "-" * 5000 + "segment_prediction.x" + "/" * 5000 + "*" * 5000,
        "[" * 5000 + "segment_prediction" + "]" * 5000,
    ],
)
def test_hostile_text_is_read_without_an_error(text: str) -> None:
    """Whatever stands in a definition, the answer comes."""
    assert uses_of_models([Audience("1", "hostile", text=text), CHURN]).of("churn")


def test_a_position_behind_letters_that_grow_in_lower_case_is_right() -> None:
    """`İ` has two letters in lower case: what comes behind it is still found."""
    assert read_definition("İ" * 500 + " INCLUDE x").includes == ("x",)


def test_a_long_definition_is_cut_into_tokens_only_where_it_uses_a_score(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An account may have 500 audiences of 10 kB each, and a review reads them all."""
    filler = "".join(
        f'  field_{number} == "some value, {number}",\n  `other field {number}` > {number},\n'
        for number in range(200)
    )
    text = f"FILTER AND (\n{filler}INCLUDE x, segment_prediction.churn > 0.7)"
    read = []
    all_tokens = filterql._tokens

    def tokens(text: str, window: filterql._Window) -> Iterator[filterql._Token]:
        read.append(window.end - window.start)
        return all_tokens(text, window)

    monkeypatch.setattr(filterql, "_tokens", tokens)

    assert reads(text) == [("churn", "score")]
    assert sum(read) < len(text) / 10
