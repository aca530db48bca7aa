# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""A population of one's own as real data sets write it: yes and no, NA, semicolons, many cities."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.errors import ProfilesError
from sandbox.models import Config
from sandbox.people.profile_population import profile_population
from sandbox.people.profiles import Profiles, load_profiles
from tests.support.training import train

USERS = 1_200
SEGMENTS = "segments: [{slug: buyers, where: {bought: yes}}, {slug: others, where: {bought: no}}]"


def load(folder: Path, table: str, segments: str = SEGMENTS) -> Profiles:
    """Write a CSV with its YAML, and read both."""
    path = folder / "users.csv"
    path.write_text(table, encoding="utf-8")
    path.with_suffix(".yaml").write_text(segments, encoding="utf-8")
    return load_profiles(path)


def auc(profiles: Profiles, *fields: str) -> float:
    """Train on some fields, and return how well buyers are told from others, 0 to 1."""
    population = profile_population(profiles)
    built = train(population, "others", "buyers", Config(additional=list(fields)), 1)
    return float(built["summary"]["auc"])


@pytest.mark.parametrize(
    ("where", "members"),
    [
        ("{bought: yes}", [0, 2]),
        ("{bought: no}", [1]),
        ("{bought: {not: no}}", [0, 2]),
        ("{bought: {not: yes}}", [1]),
        ("{bought: {in: [yes]}}", [0, 2]),
        ('{bought: "yes"}', [0]),
        ("{flag: true}", [1]),
        ("{flag: off}", [0, 2]),
    ],
)
def test_a_yaml_boolean_means_the_words_of_a_csv(
    tmp_path: Path, where: str, members: list[int]
) -> None:
    """YAML reads yes and no as booleans; they mean cells with those words, or true, or 1."""
    table = "bought,flag\nyes,0\nNO,1\nTrue,0\n"
    profiles = load(tmp_path, table, f"segments: [{{slug: some, where: {where}}}]")
    assert profiles.members["some"] == members


@pytest.mark.parametrize(
    ("where", "column"), [("{city: Berln}", 17), ("{city: {not: no}}", 23), ("{age: 99}", 16)]
)
def test_a_value_that_no_cell_has_is_told(tmp_path: Path, where: str, column: int) -> None:
    """A value that occurs nowhere would choose nobody or everybody: told, with what there is."""
    segments = f"segments:\n- slug: a\n  where: {where}\n"
    with pytest.raises(ProfilesError) as caught:
        load(tmp_path, "city,age\nBerlin,4\nLyon,5\n", segments)
    assert f"users.yaml, line 3, column {column}: no cell of column " in str(caught.value)
    assert str(caught.value).endswith(
        ("It has 'Berlin', 'Lyon'.", "It has '4', '5'."),
    )


@pytest.mark.parametrize("unknown", ["", "NA", "nan", "NaN", "n/a", "NULL", "None", "?"])
def test_words_for_not_known_leave_a_number_a_number(tmp_path: Path, unknown: str) -> None:
    """A hundredth of the usual words for a gap neither makes a category nor costs the signal."""
    dice = random.Random(3)
    rows = []
    for user in range(USERS):
        visits = dice.gauss(10 + 3 * (user % 2), 3)
        rows.append(f"{unknown if user % 100 == 7 else round(visits, 2)},{'yes' * (user % 2)}")
    rows = [row + "no" * row.endswith(",") for row in rows]
    profiles = load(tmp_path, "\n".join(["visits,bought", *rows]) + "\n")
    assert [field.type for field in profiles.fields] == ["numeric"]
    assert auc(profiles, "visits") > 0.7


def test_a_gap_is_no_category_and_does_not_exist(tmp_path: Path) -> None:
    """In a column of words, NA and ? are gaps too; a rule can still name what is written."""
    segments = (
        "segments: [{slug: none, where: {city: {exists: false}}}, {slug: na, where: {city: NA}}]"
    )
    profiles = load(tmp_path, "city,age\nBerlin,1\nNA,2\n?,3\n", segments + "\ncategorical: [age]")
    assert profiles.members == {"all_users": [0, 1, 2], "none": [1, 2], "na": [1]}


@pytest.mark.parametrize("cities", [30, 90])
def test_many_categories_all_count(tmp_path: Path, cities: int) -> None:
    """What tells buyers apart is found in dozens of equally frequent categories."""
    dice = random.Random(5)
    likely = [dice.random() < 0.5 for _ in range(cities)]
    rows = []
    for user in range(cities * 40):
        bought = dice.random() < (0.85 if likely[user % cities] else 0.15)
        rows.append(f"city{user % cities},{'yes' if bought else 'no'}")
    profiles = load(tmp_path, "\n".join(["city,bought", *rows]) + "\n")
    assert auc(profiles, "city") > 0.78


def test_rare_categories_share_a_column(tmp_path: Path) -> None:
    """Categories of a user or two, ids say, count together as rare."""
    rows = [f"{'usual' if n % 2 else f'id{n}'},{'yes' if n % 2 else 'no'}" for n in range(400)]
    assert auc(load(tmp_path, "\n".join(["code,bought", *rows]) + "\n"), "code") > 0.98


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_is_read_off_the_header(tmp_path: Path, delimiter: str) -> None:
    """UCI's files have semicolons and quoted names; tabs are read too."""
    lines = [['"age"', '"job"', '"bought"'], ["30", '"a, b; c"', '"yes"'], ["41", '"d"', '"no"']]
    profiles = load(tmp_path, "\n".join(delimiter.join(line) for line in lines) + "\n")
    assert profiles.columns["job"] == ["a, b; c", "d"]
    assert [(field.name, field.type) for field in profiles.fields] == [
        ("age", "numeric"),
        ("job", "categorical"),
    ]
    assert profiles.members["buyers"] == [0]


def test_a_field_that_gives_a_segment_away_is_named(tmp_path: Path) -> None:
    """A name in ``additional`` that defines a segment, or is excluded, is told with the reason."""
    rows = [f"{n % 9},{'yes' if n % 9 > 4 else 'no'},{n}" for n in range(300)]
    table = "\n".join(["visits,bought,id", *rows]) + "\n"
    population = profile_population(load(tmp_path, table, SEGMENTS + "\nexclude: [id]"))
    config = Config(additional=["visits", "bought", "id", "shoe"])
    told = train(population, "others", "buyers", config, 1)["summary"]["msgs"]
    assert [message["text"] for message in told if "feature" in message["tags"]] == [
        "The field bought isn't used: it defines the segment buyers",
        "The field id isn't used: it is excluded",
        "The following fields are in no user profile: shoe",
    ]


def test_made_up_models_tell_it_too(
    tmp_path: Path,
    start: Callable[..., httpx.Client],
    wait_for: Callable[[httpx.Client, str], dict[str, Any]],
) -> None:
    """Without training, a field that can't be used is told all the same."""
    rows = [f"{n % 9},{'yes' if n % 9 > 4 else 'no'}" for n in range(300)]
    load(tmp_path, "\n".join(["visits,bought", *rows]) + "\n")
    client = start(profiles=tmp_path / "users.csv")
    ids = {s["slug_name"]: s["id"] for s in client.get("/api/segment").json()["data"]}
    config = {"additional": ["visits", "bought"]}
    sent = {"source": ids["others"], "target": ids["buyers"], "config": config}
    model = wait_for(client, client.post("/api/ml", json=sent).json()["data"]["id"])
    shown = client.get(f"/v2/ml/{model['id']}/summary").json()["data"]["summary"]
    told = [message["text"] for message in shown["msgs"]]
    assert "The field bought isn't used: it defines the segment buyers" in told
    del config["additional"][0]
    model_id = client.post("/api/ml", json=sent).json()["data"]["id"]
    reason = wait_for(client, model_id)["error"]
    assert reason.startswith("no features were selected")
    assert reason.endswith("The field bought isn't used: it defines the segment buyers")
