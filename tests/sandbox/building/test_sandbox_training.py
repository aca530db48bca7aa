# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""Models that were really trained: every number recomputed from held-out users, independently."""

import math
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest

from sandbox.building.features import draw_sample
from sandbox.building.reading import health_of, reach_of
from sandbox.building.summary import area_under_curve, balanced_threshold
from sandbox.errors import CannotBuildError
from sandbox.models import Config
from sandbox.people.population import Population, make_population
from sandbox.server import Handle, serve_in_thread
from sandbox.settings import Settings
from tests.support.training import train

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]

COLLECT = 300
HELD_OUT = COLLECT // 4
SCORES = {"use_scores": True, "collect": COLLECT}
WIDE = {"use_scores": True, "use_content": True, "additional": ["city", "plan", "ltv"]}


@pytest.fixture(scope="module")
def trained() -> Iterator[Handle]:
    """One sandbox that trains, for the whole file."""
    with serve_in_thread(Settings(workers=2)) as handle:
        yield handle


@pytest.fixture(scope="module")
def client(trained: Handle) -> Iterator[httpx.Client]:
    """A client of that sandbox."""
    headers = {"Authorization": "sandbox"}
    with httpx.Client(base_url=trained.root, headers=headers, timeout=120) as client:
        yield client


@dataclass(frozen=True)
class Built:
    """A trained model with all that is known of it."""

    model: Json
    summary: Json
    features: dict[str, Json]
    y: list[int]
    p: list[float]
    values: dict[str, list[Any]]


@pytest.fixture
def build(client: httpx.Client, create: Create, wait_for: WaitFor) -> Callable[..., Built]:
    """Train a model and fetch everything about it."""

    def run(target: str = "high_value", base: str = "/api", **config: object) -> Built:
        model = wait_for(client, create(client, base, target=target, config=config)["id"])
        assert model["state"] == "complete", model["error"]
        shown = client.get(f"/v2/ml/{model['id']}/summary").json()["data"]
        held = client.get(f"/_sandbox/models/{model['id']}/predictions").json()
        features = {feature["name"]: feature for feature in shown["features"]}
        return Built(model, shown["summary"], features, held["y"], held["p"], held["features"])

    return run


@pytest.fixture(scope="module")
def users() -> Population:
    """The population of account 1234."""
    return make_population(1, 1234)


def sides(built: Built) -> tuple[list[float], list[float]]:
    """Return the predictions of target users and of source users."""
    pairs = list(zip(built.y, built.p, strict=True))
    return [p for y, p in pairs if y], [p for y, p in pairs if not y]


def test_every_number_follows_from_the_held_out_predictions(build: Callable[..., Built]) -> None:
    """mse, rsq, auc, error matrix, maps, accuracy, reach and health can be worked out by hand."""
    built = build(**WIDE, collect=COLLECT)
    shown, (target, source) = built.summary, sides(built)
    assert len(target) == len(source) == HELD_OUT
    mse = statistics.fmean((y - p) ** 2 for y, p in zip(built.y, built.p, strict=True))
    assert shown["mse"] == pytest.approx(mse)
    assert shown["rsq"] == pytest.approx(1 - mse / statistics.pvariance(built.y))
    wins = sum((t > s) + (t == s) / 2 for t in target for s in source)
    assert shown["auc"] == pytest.approx(wins / (len(target) * len(source)))
    assert shown["error_matrix"] == {
        "TruePositive": sum(p >= 0.5 for p in target),
        "FalseNegative": sum(p < 0.5 for p in target),
        "FalsePositive": sum(p >= 0.5 for p in source),
        "TrueNegative": sum(p < 0.5 for p in source),
    }
    for name, side in (("target_predictions", target), ("source_predictions", source)):
        keys = [f"{p:.2f}" for p in side]
        assert shown[name] == {key: keys.count(key) for key in keys}
    assert shown["accuracy"] == math.floor(10 * shown["rsq"] + 0.5)
    false_positive_rate = shown["error_matrix"]["FalsePositive"] / len(source)
    assert shown["reach"] == min(10, math.floor(25 * false_positive_rate + 0.5))
    assert shown["model_health"] == "healthy"
    assert 0.1 <= shown["rsq"] <= 0.975
    assert built.model["is_healthy"]


def test_threshold_balances_both_errors(build: Callable[..., Built]) -> None:
    """No hundredth has error rates that are more alike than at the threshold."""
    built = build(**SCORES)
    target, source = sides(built)

    def gap(threshold: float) -> float:
        false_negative = sum(p < threshold for p in target) / len(target)
        false_positive = sum(p >= threshold for p in source) / len(source)
        return abs(false_negative - false_positive)

    best = min(gap(step / 100) for step in range(101))
    assert gap(built.summary["threshold"]) == pytest.approx(best)


def test_features_are_what_the_config_asked_for(build: Callable[..., Built]) -> None:
    """Scores, content and named fields are features, with kinds and types, and no others."""
    built = build(
        base="/v2", **WIDE, collect=COLLECT, blocked=["score_momentum", "lytics_content::News"]
    )
    kinds = [feature["kind"] for feature in built.features.values()]
    assert {kind: kinds.count(kind) for kind in kinds} == {"score": 8, "content": 11, "lql": 3}
    assert not {"score_momentum", "lytics_content::News"} & set(built.features)
    assert built.features["city"]["type"] == "categorical"
    assert built.features["ltv"]["type"] == "numeric"
    weights = [feature["importance"] for feature in built.features.values()]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(100)


def test_each_feature_is_described_by_its_held_out_values(build: Callable[..., Built]) -> None:
    """Prevalence, correlation and lift of each feature can be worked out by hand."""
    built = build(**WIDE, collect=COLLECT)
    y, p = np.array(built.y), np.array(built.p)
    for name, feature in built.features.items():
        known = np.array([value is not None for value in built.values[name]])
        prevalence = feature["field_prevalence"]
        assert prevalence["source"] == pytest.approx(known[y == 0].mean())
        assert prevalence["target"] == pytest.approx(known[y == 1].mean())
        impact = feature["impact"]
        if feature["type"] == "numeric":
            values = np.array(built.values[name], dtype=float)
            expected = np.corrcoef(values[known], y[known])[0, 1]
            chosen = np.nan_to_num(values, nan=-np.inf) >= impact["threshold"]
        else:
            chosen = np.array([value == impact["value"] for value in built.values[name]])
            expected = np.corrcoef(chosen, y)[0, 1]
        assert feature["correlation"] == pytest.approx(expected)
        assert impact["lift"] == pytest.approx(p[chosen].mean() - p[~chosen].mean())


def test_audience_similarity_is_the_jaccard_index(
    build: Callable[..., Built], users: Population
) -> None:
    """Similarity is shared users over all users of both segments."""
    everybody = set(users.members["all_users"].tolist())
    target = set(users.members["dormant"].tolist())
    expected = len(everybody & target) / len(everybody | target)
    built = build("dormant", **SCORES)
    assert built.summary["audience_similarity"] == pytest.approx(expected)


def test_same_config_same_numbers_other_config_other_numbers(build: Callable[..., Built]) -> None:
    """Two models of one declaration have the same numbers; any other declaration has others."""
    configs: list[Json] = [SCORES, SCORES, {**SCORES, "collect": 200}, {**WIDE, "collect": COLLECT}]
    configs.append({**SCORES, "tune_model": True})
    first, again, *others = [build(**config) for config in configs]
    assert first.summary == again.summary
    assert first.model["id"] != again.model["id"]
    numbers = [(one.summary["auc"], one.summary["mse"]) for one in (first, *others)]
    assert len(set(numbers)) == len(numbers)


def test_another_seed_gives_other_numbers_and_the_same_one_the_same(users: Population) -> None:
    """Training and population repeat by their seeds and differ without."""
    config = Config(use_scores=True, collect=COLLECT)

    def mse(population: Population, seed: int) -> float:
        built = train(population, "all_users", "high_value", config, seed)
        return float(built["summary"]["mse"])

    make_again = make_population.__wrapped__
    assert mse(users, 1) == mse(make_again(1, 1234), 1)
    assert len({mse(users, 1), mse(users, 2), mse(make_again(2, 1234), 1)}) == 3


def test_shuffled_labels_cannot_be_predicted(users: Population) -> None:
    """A target drawn by lot has an AUC near one half, an R² near zero, and isn't healthy."""
    lot = np.random.default_rng(5).permutation(20_000)[:4_000]
    members = {**users.members, "lot": np.sort(lot)}
    shuffled = Population(users.fields, users.columns, members)
    config = Config(use_scores=True, use_content=True, collect=2_000)
    summary = train(shuffled, "all_users", "lot", config, 1)["summary"]
    assert abs(summary["auc"] - 0.5) < 0.06
    assert abs(summary["rsq"]) < 0.1
    assert summary["health"] == "unhealthy"
    (verdict,) = [msg["text"] for msg in summary["msgs"] if "verdict" in msg["tags"]]
    assert "sufficient signal" in verdict


def test_easy_and_hard_targets_differ(build: Callable[..., Built]) -> None:
    """Frequent visitors are easy to tell, newsletter subscribers hard: gates have work to do."""
    easy, hard = build("frequent_visitors", **SCORES), build("newsletter_subscribers", **SCORES)
    assert easy.summary["auc"] > 0.9
    assert hard.summary["auc"] < 0.72
    assert (easy.model["is_healthy"], hard.model["is_healthy"]) == (True, False)


def test_auto_tune_searches_all_fields_and_says_what_it_left_out(
    build: Callable[..., Built],
) -> None:
    """With auto_tune no field need be named; noise is left out, and the algorithm is chosen."""
    built = build(auto_tune=True, collect=1_000)
    assert built.model["type"] in {"rf", "gbm", "lr"}
    assert {"score_frequency", "ltv"} <= set(built.features)
    assert not {"lytics_content::Movies", "language"} & set(built.features)
    (left,) = [m for m in built.summary["msgs"] if "target-correlation" in m["tags"]]
    assert "lytics_content::Movies" in left["text"]
    assert left["severity"] == "debug"
    assert built.summary["auc"] > 0.85


def test_no_signal_anywhere_is_invalid(
    client: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """When auto_tune finds nothing, the model is invalid and says so."""
    created = create(client, target="random_holdout", config={"auto_tune": True, "collect": 2_000})
    model = wait_for(client, created["id"])
    assert (model["state"], model["type"]) == ("invalid", "")
    assert "sufficient signal" in model["error"]


def test_sample_holds_nobody_twice(users: Population) -> None:
    """Users of both segments count as target only, and nobody is drawn twice."""
    sample = draw_sample(users, "all_users", "dormant", 400, np.random.default_rng(1))
    assert len(set(sample.users.tolist())) == 800
    inside = np.isin(sample.users, users.members["dormant"])
    assert inside.tolist() == (sample.y == 1).tolist()
    assert sample.held_out[sample.y == 0].sum() == sample.held_out[sample.y == 1].sum() == 100


def test_too_few_users_cannot_be_built(users: Population) -> None:
    """A source that lies within its target leaves nobody to compare with."""
    with pytest.raises(CannotBuildError, match="0 users could be collected of segment dormant"):
        draw_sample(users, "dormant", "all_users", 400, np.random.default_rng(1))


def test_api_stays_quick_while_models_train(
    client: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """Lists don't wait for training: it happens in other processes."""
    heavy = {"auto_tune": True, "tune_model": True, "collect": 3_000}
    ids = [create(client, target=slug, config=heavy)["id"] for slug in ("dormant", "high_value")]
    listed = [client.get("/api/ml").json()["data"] for _ in range(3)]
    shown = {model["id"]: model["state"] for model in listed[-1]}
    assert {shown[model_id] for model_id in ids} == {"building"}, "a list waited for a training"
    assert [wait_for(client, model_id)["state"] for model_id in ids] == ["complete"] * 2


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(
    trained: Handle, client: httpx.Client, create: Create, wait_for: WaitFor
) -> None:
    """A build whose process is killed is done by another one."""
    pool: Any = trained.world.builds._trainer
    config = {"auto_tune": True, "collect": 1_000}
    model_id = create(client, target="email_openers", config=config)["id"]
    with ThreadPoolExecutor() as threads:
        done = threads.submit(wait_for, client, model_id)
        for worker in pool._workers:
            if worker._process:
                worker._process.kill()
        assert done.result()["state"] == "complete"


@pytest.mark.parametrize(
    ("y", "p", "auc"),
    [
        ([0, 1], [0.2, 0.8], 1.0),
        ([0, 1], [0.8, 0.2], 0.0),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.5),
        ([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.9], 0.875),
    ],
)
def test_a_tie_counts_half_in_the_auc(y: list[int], p: list[float], auc: float) -> None:
    """Users of both audiences with one prediction are half a win."""
    assert area_under_curve(np.array(y), np.array(p)) == pytest.approx(auc)


def test_the_lowest_of_several_thresholds_is_taken() -> None:
    """As in the recorded model: divided between 0.66 and 0.74, the threshold is 0.67."""
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.66, 0.74, 1.0])
    assert balanced_threshold(y, p) == pytest.approx(0.67)


@pytest.mark.parametrize(
    ("false_positive_rate", "reach"), [(0.0, 0), (0.0588, 1), (0.069, 2), (0.4, 10), (1.0, 10)]
)
def test_reach_agrees_with_what_was_recorded(false_positive_rate: float, reach: int) -> None:
    """Our formula gives the reach that was recorded for three real models."""
    assert reach_of(false_positive_rate) == reach


@pytest.mark.parametrize(
    ("rsq", "health"),
    [(0.099, "unhealthy"), (0.1, "healthy"), (0.975, "healthy"), (0.976, "unhealthy")],
)
def test_health_is_told_by_rsq(rsq: float, health: str) -> None:
    """Below 0.1 a model is too inaccurate, above 0.975 overfit."""
    assert health_of(rsq) == health
