# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""The clock that is moved on: dates, weekly trainings, a population that drifts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from sandbox.models import Model
from sandbox.people.drift import drifted
from sandbox.people.population import make_population
from sandbox.server import serve_in_thread
from sandbox.settings import Settings

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
Start = Callable[..., httpx.Client]

WEEKLY = {"use_scores": True, "re_run": True}
HOUR_S = 3600.0


def move(client: httpx.Client, days: float = 7) -> Json:
    """Move the sandbox's clock on."""
    reply = client.post("/_sandbox/clock", json={"days": days}, timeout=300)
    assert reply.status_code == 200, reply.text
    moved: Json = reply.json()
    return moved


def model_of(client: httpx.Client, model: Json) -> Json:
    """Return a model as v2 shows it."""
    found: Json = client.get(f"/v2/ml/{model['id']}").json()["data"]
    return found


def numbers(client: httpx.Client, model: Json) -> Json:
    """Return a model's scores."""
    summary: Json = client.get(f"/v2/ml/{model['id']}/summary").json()["data"]["summary"]
    return summary


def at(text: str) -> datetime:
    """Read one of the API's times."""
    return datetime.fromisoformat(text)


def test_all_dates_follow_the_clock(api: httpx.Client, create: Create) -> None:
    """Models, segments, replies and refusals have the sandbox's time, not the machine's."""
    before = at(model_of(api, create(api))["created"])
    moved = move(api, 30.5)
    assert (moved["days"], moved["week"], moved["retrained"]) == (30.5, 4, [])
    model = model_of(api, create(api))
    segment = api.post("/_sandbox/segments", json={"name": "new"}).json()[0]
    missing = api.get("/v2/ml/none")
    times = [
        at(model["created"]),
        at(segment["created"]),
        at(missing.json()["errors"][0]["timestamp"]),
        at(api.get("/_sandbox/clock").json()["now"]),
        parsedate_to_datetime(missing.headers["date"]),
        parsedate_to_datetime(api.get("/_sandbox/health").headers["date"]),
    ]
    for time in times:
        assert timedelta(days=30.4) < time - before < timedelta(days=30.6)
    (asked,) = api.get("/_sandbox/requests").json()[-1:]
    assert asked["epoch_s"] > before.timestamp() + 30 * 24 * HOUR_S
    api.post("/_sandbox/reset").raise_for_status()
    assert api.get("/_sandbox/clock").json()["days"] == 0


@pytest.mark.parametrize("sent", [{}, [], {"days": 0}, {"days": -7}, {"days": "7"}, {"days": True}])
def test_a_clock_goes_on_by_days_and_never_back(api: httpx.Client, sent: object) -> None:
    """What is no number of days is refused."""
    reply = api.post("/_sandbox/clock", json=sent)
    assert reply.status_code == 400
    assert "days must be a number above 0" in reply.json()["message"]


def test_only_re_run_models_are_trained_anew(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """At a week's end the scores of a model with re_run sink and `updated` moves; others stay."""
    weekly = wait_for(api, create(api, config=WEEKLY)["id"])
    once = wait_for(api, create(api)["id"])
    first = numbers(api, weekly)
    assert move(api, 6)["retrained"] == []
    assert move(api, 2)["retrained"] == [weekly["id"]]
    now = model_of(api, weekly)
    assert (now["state"], now["is_active"], now["id"]) == ("complete", True, weekly["id"])
    age = at(now["updated"]) - at(weekly["updated"])
    assert timedelta(days=7) <= age < timedelta(days=7, seconds=60)
    assert numbers(api, weekly)["auc"] < first["auc"]
    assert (model_of(api, once)["updated"], numbers(api, once)) == (once["updated"], first)


def test_scores_sink_week_by_week_until_a_gate_fails(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Over a year every made-up score sinks, and what it is read off agrees with it."""
    model = wait_for(api, create(api, config=WEEKLY)["id"])
    year = [numbers(api, model)]
    for _ in range(52):
        move(api)
        year.append(numbers(api, model))
    for key in ("auc", "rsq"):
        line = [week[key] for week in year]
        assert line == sorted(line, reverse=True)
        assert len(set(line)) == 53
    assert [round(year[week]["auc"], 3) for week in (0, 26, 52)] == [0.745, 0.611, 0.55]
    assert [week["accuracy"] for week in year] == [int(10 * week["rsq"] + 0.5) for week in year]


def test_a_year_in_one_step_is_a_year_in_52(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """How often the clock is moved makes no difference, nor does a second sandbox."""

    def year(steps: list[float]) -> tuple[float, float, int]:
        api.post("/_sandbox/reset").raise_for_status()
        model = wait_for(api, create(api, config=WEEKLY)["id"])
        for days in steps:
            move(api, days)
        shown = numbers(api, model)
        return shown["auc"], shown["rsq"], shown["error_matrix"]["FalsePositive"]

    once = year([364])
    assert year([364]) == once
    assert year([7] * 52) == pytest.approx(once)
    assert year([100, 1.5, 262.5]) == pytest.approx(once)


def test_drift_is_as_strong_as_was_asked_for(
    start: Start, create: Create, wait_for: WaitFor
) -> None:
    """Without drift nothing sinks; with more it sinks more."""
    lost = []
    for drift in (0.0, 0.01, 0.1):
        client = start(drift=drift)
        model = wait_for(client, create(client, config=WEEKLY)["id"])
        before = numbers(client, model)["auc"]
        move(client, 70)
        lost.append(before - numbers(client, model)["auc"])
    assert lost[0] == 0
    assert 0 < lost[1] < lost[2]


def test_told_numbers_sink_too(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """A model that was told its numbers has them when it is built, however late, and then sinks."""
    move(api, 70)
    told = {"match": {}, "summary": {"auc": 0.81, "rsq": 0.4}}
    api.post("/_sandbox/outcomes", json=told).raise_for_status()
    model = wait_for(api, create(api, config=WEEKLY)["id"])
    assert numbers(api, model)["auc"] == 0.81
    move(api)
    assert numbers(api, model)["auc"] == pytest.approx(0.5 + 0.31 * 0.97)
    assert numbers(api, model)["rsq"] == pytest.approx(0.4 * 0.97)


def test_a_model_made_anew_scores_no_better(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """The population has drifted for all: a new model has the scores of one trained anew."""
    weekly = wait_for(api, create(api, config=WEEKLY)["id"])
    move(api, 140)
    new = wait_for(api, create(api, config=WEEKLY)["id"])
    assert numbers(api, new)["auc"] == pytest.approx(numbers(api, weekly)["auc"])


def test_a_retraining_model_may_build_again(
    start: Start, create: Create, wait_for: WaitFor
) -> None:
    """With --retrain building it builds as long as at first, live all the while, scores kept."""
    client = start(retrain="building", build_s=HOUR_S)
    model = create(client, config=WEEKLY)
    move(client, 1)
    first, scores = wait_for(client, model["id"]), numbers(client, model)
    move(client, 6)
    again = model_of(client, model)
    assert (again["state"], again["is_active"]) == ("building", True)
    assert again["updated"] > first["updated"]
    assert numbers(client, model) == scores
    move(client, 1)
    done = model_of(client, model)
    assert (done["state"], done["is_active"]) == ("complete", True)
    assert at(done["updated"]) - at(again["updated"]) == pytest.approx(
        timedelta(hours=1), abs=timedelta(seconds=5)
    )
    assert numbers(client, model)["auc"] < scores["auc"]
    client.post("/_sandbox/behaviour", json={"retrain": "live"}).raise_for_status()
    move(client, 7)
    assert model_of(client, model)["state"] == "complete"


def test_a_long_build_ends_when_the_clock_says_so(start: Start, create: Create) -> None:
    """Two days of building are over once the clock has moved on by three, and no sooner."""
    client = start(build_s=48 * HOUR_S, live_after_s=24 * HOUR_S)
    model = create(client)
    move(client, 1)
    assert model_of(client, model)["state"] == "building"
    move(client, 1.5)
    built = model_of(client, model)
    assert (built["state"], built["is_active"]) == ("complete", False)
    move(client, 2)
    assert model_of(client, model)["is_active"]


def test_an_audience_shrinks_with_its_models_scores(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """A live model writes new scores each week; one that is stopped leaves the old ones."""
    text = "FILTER segment_prediction.grow > 0.7"
    api.post("/_sandbox/segments", json={"name": "sure", "segment_ql": text}).raise_for_status()

    def size() -> int:
        return int(api.get("/api/segment/sure/size").json()["data"]["size"])

    model = wait_for(api, create(api, name="grow", config=WEEKLY)["id"])
    before = size()
    move(api, 70)
    after = size()
    assert 0 < after < before
    api.post(f"/api/ml/{model['id']}", json={"is_active": False}).raise_for_status()
    move(api, 70)
    assert not model_of(api, model)["is_active"]
    assert size() == after


def test_a_training_that_fails_is_tried_again_next_week(
    api: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """A live model whose target has gone is invalid after its week, and well when it is back."""
    model = wait_for(api, create(api, target="dormant", config=WEEKLY)["id"])
    empty = {"segment_ql": "FILTER INCLUDE too_small"}
    api.post("/_sandbox/segments/dormant", json=empty).raise_for_status()
    move(api)
    failed = model_of(api, model)
    assert (failed["state"], failed["is_active"]) == ("invalid", True)
    assert "at least 25 are needed" in failed["error"]
    full = {"segment_ql": "FILTER INCLUDE frequent_visitors"}
    api.post("/_sandbox/segments/dormant", json=full).raise_for_status()
    move(api)
    well = model_of(api, model)
    assert (well["state"], well["is_active"], well["error"]) == ("complete", True, None)


def test_clock_and_trainings_go_on_after_a_restart(
    tmp_path: Path, start: Start, create: Create, wait_for: WaitFor
) -> None:
    """The clock is kept, and a model that was building again is built to its end."""
    options: Json = {"data": tmp_path, "train": False, "retrain": "building", "build_s": HOUR_S}
    with (
        serve_in_thread(Settings(**options)) as handle,
        httpx.Client(base_url=handle.root, headers={"Authorization": "sandbox"}) as client,
    ):
        model = create(client, config=WEEKLY)
        move(client, 1)
        first = numbers(client, model)
        move(client, 6)
        assert model_of(client, model)["state"] == "building"
    again = start(**options)
    assert again.get("/_sandbox/clock").json()["days"] == pytest.approx(7)
    move(again, 1)
    assert wait_for(again, model["id"])["is_active"]
    assert numbers(again, model)["auc"] == pytest.approx(0.5 + 0.97 * (first["auc"] - 0.5))


@pytest.mark.slow
def test_trained_scores_sink_over_months(start: Start, create: Create, wait_for: WaitFor) -> None:
    """Really trained on the drifted population, a model is worth less, and the same by any way."""
    client = start(train=True, workers=2)
    config = {**WEEKLY, "collect": 800}
    model, twin = create(client, config=config), create(client, config=config)
    wait_for(client, twin["id"])
    line = [numbers(client, wait_for(client, model["id"]))["auc"]]
    for _ in range(2):
        move(client, 7 * 26)
        line.append(numbers(client, model)["auc"])
    assert line[0] > line[1] + 0.03 > line[2] + 0.06
    assert numbers(client, twin) == numbers(client, model)
    assert model_of(client, model)["is_active"]
    new = wait_for(client, create(client, config=config)["id"])
    assert numbers(client, new) == numbers(client, model)


def test_a_drifted_population_has_the_same_values_and_segments() -> None:
    """Fields keep their values, which move among users at their own speed; segments stay."""
    users = make_population(1, 1234)
    assert drifted(users, 1, 0, 0.03) is users
    assert drifted(users, 1, 9, 0) is users
    later, latest = drifted(users, 1, 10, 0.03), drifted(users, 1, 40, 0.03)
    assert later.members is users.members
    shares = []
    for name, values in users.columns.items():
        if values.dtype.kind == "f":
            assert np.array_equal(np.sort(values), np.sort(latest.columns[name]), equal_nan=True)
        same = [np.mean(values == each.columns[name]) for each in (later, latest)]
        assert same[0] >= same[1]
        shares.append(float(same[1]))
    assert max(shares) - min(shares) > 0.3
    again = drifted(users, 1, 40, 0.03)
    assert all(np.array_equal(latest.columns[n], again.columns[n]) for n in ("city", "plan"))


def test_a_population_of_ones_own_drifts_too(
    tmp_path: Path, start: Start, wait_for: WaitFor
) -> None:
    """The users of a CSV drift as made-up ones do."""
    rows = [f"{n % 50},{'yes' if n % 50 > 30 else 'no'}" for n in range(1_000)]
    path = tmp_path / "users.csv"
    path.write_text("\n".join(["visits,bought", *rows]) + "\n")
    path.with_suffix(".yaml").write_text("segments: [{slug: buyers, where: {bought: yes}}]")
    client = start(train=True, profiles=path, workers=1, drift=0.1)
    ids = {s["slug_name"]: s["id"] for s in client.get("/api/segment").json()["data"]}
    config = {"additional": ["visits"], "re_run": True}
    sent = {"source": ids["all_users"], "target": ids["buyers"], "config": config}
    model = wait_for(client, client.post("/api/ml", json=sent).json()["data"]["id"])
    assert numbers(client, model)["auc"] == 1
    move(client, 210)
    assert numbers(client, model)["auc"] < 0.9


@pytest.mark.parametrize("state", ["complete", "invalid"])
def test_models_of_older_folders_are_trained_anew_too(
    api: httpx.Client, create: Create, state: str
) -> None:
    """A folder of before the clock could be moved doesn't say what was complete once."""
    created = create(api)
    record = api.post(f"/_sandbox/models/{created['id']}", json={"state": state}).json()
    del record["built"], record["week"]
    assert Model.from_record(record).built == (state == "complete")
