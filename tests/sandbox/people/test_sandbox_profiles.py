# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""A population of one's own: what is read, what is refused, what it trains."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.errors import ProfilesError
from sandbox.models import Config
from sandbox.people.profile_population import profile_population
from sandbox.people.profiles import load_profiles
from tests.support.training import train

Json = dict[str, Any]
TABLE = "visits,city,bought,id\n3,Berlin,TRUE,1\n,Lyon,FALSE,2\n7,,FALSE,3\n"
SEGMENTS = 'segments: [{slug: buyers, name: Buyers, where: {bought: "TRUE"}}]\nexclude: [id]\n'


def write(folder: Path, table: str = TABLE, segments: str = SEGMENTS) -> Path:
    """Write a CSV and the YAML beside it."""
    path = folder / "users.csv"
    path.write_text(table, encoding="utf-8")
    path.with_suffix(".segments.yaml").write_text(segments, encoding="utf-8")
    return path


def test_columns_become_fields_and_rules_segments(tmp_path: Path) -> None:
    """Columns are numeric or categorical; what defines a segment or is excluded is no field."""
    profiles = load_profiles(write(tmp_path))
    types = [(field.name, field.kind, field.type) for field in profiles.fields]
    assert types == [("visits", "lql", "numeric"), ("city", "lql", "categorical")]
    assert profiles.members == {"all_users": [0, 1, 2], "buyers": [0]}
    population = profile_population(profiles)
    assert str(population.columns["visits"].tolist()) == "[3.0, nan, 7.0]"
    assert population.columns["city"].tolist() == ["Berlin", "Lyon", ""]


@pytest.mark.parametrize(
    ("where", "members"),
    [
        ("{bought: TRUE}", [0]),
        ("{bought: {not: true}}", [1, 2]),
        ("{visits: 3}", [0]),
        ("{visits: {gt: 3}}", [2]),
        ("{visits: {gte: 3, lt: 7}}", [0]),
        ("{visits: {lte: 7.0}}", [0, 2]),
        ("{visits: {exists: false}}", [1]),
        ("{city: {in: [Berlin, Lyon]}, visits: {exists: true}}", [0]),
        ("{}", [0, 1, 2]),
    ],
)
def test_rules_choose_users(tmp_path: Path, where: str, members: list[int]) -> None:
    """Every test of a rule must hold; an empty cell is never above or below a number."""
    path = write(tmp_path, segments=f"segments: [{{slug: some, where: {where}}}]")
    assert load_profiles(path).members["some"] == members


def test_numbers_can_be_mere_names(tmp_path: Path) -> None:
    """A column of numbers listed under ``categorical`` is one."""
    path = write(tmp_path, segments=f"{SEGMENTS}categorical: [visits]\n")
    assert [field.type for field in load_profiles(path).fields] == ["categorical"] * 2


@pytest.mark.parametrize(
    ("table", "place", "words"),
    [
        ("", "line 1, column 1", "it is empty"),
        ("a,b\n", "line 2, column 1", "no users"),
        ("a,a\n1,2\n", "line 1, column 2", "used twice"),
        ("a,,b\n1,2,3\n", "line 1, column 2", "no name"),
        ("a,b\n1,2\n1\n", "line 3, column 2", "1 cells where the header has 2"),
        ("a,b\n1,2\n1,2,3\n", "line 3, column 3", "3 cells where the header has 2"),
        ('a,b\n1,"2"x\n', "line 2", "expected after"),
    ],
)
def test_bad_table_is_located(tmp_path: Path, table: str, place: str, words: str) -> None:
    """A mistake in the CSV is told with file, line, column and remedy."""
    with pytest.raises(ProfilesError) as caught:
        load_profiles(write(tmp_path, table=table))
    assert str(caught.value).startswith(f"{tmp_path}/users.csv, {place}")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("segments", "place", "words"),
    [
        ("", "line 1, column 1", "a mapping is expected"),
        ("segments: [\n", "line 2, column 1", "expected"),
        ("exclude: []\n", "line 1, column 1", "segments are missing"),
        ("segments: x\n", "line 1, column 11", "a list is expected"),
        ("segments: []\ncolour: red\n", "line 2, column 1", "key 'colour' is unknown"),
        ("segments: []\nsegments: []\n", "line 2, column 1", "given twice"),
        ("segments:\n- name: x\n", "line 2, column 3", "needs a slug"),
        ("segments:\n- slug: A b\n", "line 2, column 9", "needs a slug"),
        ("segments:\n- slug: a\n- slug: a\n", "line 3, column 9", "used twice"),
        ("segments:\n- slug: a\n  where: {shoe: 1}\n", "line 3, column 11", "'shoe' is unknown"),
        ("segments:\n- slug: a\n  where: {city: {is: x}}\n", "line 3, column 18", "Known here"),
        ("segments:\n- slug: a\n  where: {visits: {gt: x}}\n", "line 3, column 24", "a number"),
        ("segments:\n- slug: a\n  where: {visits: [1]}\n", "line 3, column 19", "single value"),
        ("segments: []\nexclude: [shoe]\n", "line 2, column 11", "no column 'shoe'"),
    ],
)
def test_bad_segments_are_located(tmp_path: Path, segments: str, place: str, words: str) -> None:
    """A mistake in the YAML is told with file, line, column and remedy."""
    with pytest.raises(ProfilesError) as caught:
        load_profiles(write(tmp_path, segments=segments))
    assert str(caught.value).startswith(f"{tmp_path}/users.segments.yaml, {place}")
    assert words in str(caught.value)


def test_missing_files_are_told_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line ends with 2 and one sentence when the CSV or its YAML is missing."""
    path = tmp_path / "users.csv"
    assert main(["--port", "0", "--profiles", str(path)]) == 2
    assert "can't be read" in capsys.readouterr().err
    path.write_text(TABLE)
    assert main(["--port", "0", "--profiles", str(path)]) == 2
    assert "users.segments.yaml is missing" in capsys.readouterr().err
    path.write_bytes(b"a,b\n\xff,1\n")
    assert main(["--port", "0", "--profiles", str(path)]) == 2
    assert "isn't UTF-8" in capsys.readouterr().err


def test_own_population_is_served_and_trained(
    tmp_path: Path,
    start: Callable[..., httpx.Client],
    wait_for: Callable[[httpx.Client, str], Json],
) -> None:
    """Segments of a CSV have ids and sizes, and a model learns what tells them apart."""
    rows = [
        f"{n % 50},{'a' if n % 3 else 'b'},{'TRUE' if n % 50 > 30 else 'FALSE'},{n}"
        for n in range(600)
    ]
    path = write(tmp_path, "\n".join(["visits,city,bought,id", *rows]) + "\n")
    client = start(train=True, profiles=path, workers=1)
    ids = {s["slug_name"]: s["id"] for s in client.get("/api/segment").json()["data"]}
    assert set(ids) == {"all_users", "buyers"}
    assert client.get("/api/segment/buyers/size").json()["data"]["size"] == 228
    config = {"additional": ["visits", "city"]}
    sent = {"source": ids["all_users"], "target": ids["buyers"], "config": config}
    model_id = client.post("/api/ml", json=sent).json()["data"]["id"]
    assert wait_for(client, model_id)["state"] == "complete"
    shown = client.get(f"/v2/ml/{model_id}/summary").json()["data"]
    assert [feature["name"] for feature in shown["features"]] == ["visits", "city"]
    assert shown["summary"]["auc"] == 1
    assert "overfit" in shown["summary"]["msgs"][0]["text"]


def test_example_of_the_readme_is_read(tmp_path: Path) -> None:
    """The README's YAML fits a CSV with the columns that it names."""
    readme = Path(__file__).parents[3].joinpath("sandbox", "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    table = "Revenue,ProductRelated,Month,SessionId,Region\nFALSE,40,Nov,1,5\nTRUE,40,Dec,2,6\n"
    profiles = load_profiles(write(tmp_path, table, example))
    assert profiles.members == {"all_users": [0, 1], "no_purchase": [0], "many_pages": [0, 1]}
    assert [(field.name, field.type) for field in profiles.fields] == [("Region", "categorical")]


SHOP = Path(os.environ.get("LYTICS_ML_SHOP_CSV") or "absent.csv")


@pytest.mark.own_data
def test_real_shop_sessions(tmp_path: Path) -> None:
    """On 12,330 real sessions PageValues tells buyers best, at the AUC of plain scikit-learn."""
    path = tmp_path / "shop.csv"
    path.symlink_to(SHOP.resolve())
    path.with_suffix(".yaml").write_text(
        "segments:\n"
        "- {slug: no_purchase, where: {Revenue: FALSE}}\n"
        "- {slug: purchase, where: {Revenue: TRUE}}\n"
    )
    population = profile_population(load_profiles(path))
    assert {slug: users.size for slug, users in population.members.items()} == {
        "all_users": 12_330,
        "no_purchase": 10_422,
        "purchase": 1_908,
    }
    summary = train(population, "no_purchase", "purchase", Config(auto_tune=True), 1)["summary"]
    names = [feature["name"] for feature in summary["features"]]
    assert names[0] == "PageValues"
    assert "Revenue" not in names
    assert 0.91 < summary["auc"] < 0.95
