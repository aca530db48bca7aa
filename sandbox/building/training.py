"""Training one model with scikit-learn. Runs in a worker process, never in the server."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sandbox.audiences.membership import pack
from sandbox.building import reading
from sandbox.building.chosen import chosen_fields, field_messages, no_features_because
from sandbox.building.features import Design, Sample, design, draw_sample, select_fields
from sandbox.building.summary import describe_feature, summarize
from sandbox.errors import CannotBuildError
from sandbox.models import Config
from sandbox.people.fields import FieldPlan, Fields
from sandbox.people.population import Floats, Indices, Population, missing

JsonObject = dict[str, Any]
DEFAULT_KIND = "rf"
"""Without auto_tune; the recorded models and the API page's samples are rf."""
KINDS = ("rf", "gbm", "lr")
"""What auto_tune chooses from (Lytics v2 OpenAPI)."""
PERMUTED_USERS_MAX = 800

SEARCH: dict[str, list[JsonObject]] = {
    "rf": [{}, {"min_samples_leaf": 2}, {"min_samples_leaf": 15}, {"max_features": 0.5}],
    "gbm": [{}, {"learning_rate": 0.05}, {"max_leaf_nodes": 8}, {"l2_regularization": 1.0}],
    "lr": [{}, {"C": 0.01}, {"C": 0.1}, {"C": 10.0}],
}
"""What tune_model tries; the first is what is used without it."""


def make_model(kind: str, options: JsonObject, seed: int) -> Any:  # noqa: ANN401 - scikit-learn is untyped
    """Return an untrained classifier of a kind."""
    if kind == "rf":
        defaults = {"n_estimators": 80, "min_samples_leaf": 5, "random_state": seed}
        return RandomForestClassifier(**{**defaults, **options})
    if kind == "gbm":
        defaults = {"max_iter": 80, "early_stopping": False, "random_state": seed}
        return HistGradientBoostingClassifier(**{**defaults, **options})
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, **options))


def fit(kind: str, options: JsonObject, seed: int, x: Floats, y: Indices) -> Any:  # noqa: ANN401 - scikit-learn is untyped
    """Return a trained classifier."""
    return make_model(kind, options, seed).fit(x, y)


def predict(model: Any, x: Floats) -> Floats:  # noqa: ANN401 - scikit-learn is untyped
    """Return the probability of target per user, 0 to 1, shape (n,)."""
    probabilities: Floats = model.predict_proba(x)[:, 1]
    return probabilities


@dataclass(slots=True)
class _Choice:
    kind: str
    options: JsonObject


def choose(config: Config, seed: int, x: Floats, y: Indices) -> _Choice:
    """Choose algorithm (auto_tune) and hyper-parameters (tune_model) by validation.

    Args:
        config: which of the two is wanted; with neither nothing is tried.
        seed: of the split and of the forests.
        x: training users, shape (n, n_columns).
        y: their labels.
    """
    validation = np.random.default_rng(seed).random(y.size) < 0.25  # noqa: PLR2004 - a quarter

    def loss(kind: str, options: JsonObject) -> float:
        model = fit(kind, options, seed, x[~validation], y[~validation])
        return float(np.mean((y[validation] - predict(model, x[validation])) ** 2))

    kind = DEFAULT_KIND
    if config.auto_tune:
        kind = min(KINDS, key=lambda kind: loss(kind, {}))
    if not config.tune_model:
        return _Choice(kind, {})
    return _Choice(kind, min(SEARCH[kind], key=lambda options: loss(kind, options)))


def train(
    population: Population, source: str, target: str, config: Config, seed: int
) -> JsonObject:
    """Build a model.

    Args:
        population: whose users.
        source: slug of the segment of candidates.
        target: slug of the segment to look like.
        config: what was asked for.
        seed: same seed, same numbers.

    Returns:
        ``summary`` in the sandbox's own words, ``type``, ``predictions``: ``y``, ``p`` and
        ``features`` of the held-out users, and ``scores`` of all users of the source, packed.

    Raises:
        CannotBuildError: no features, no signal, or too few users.
    """
    known = Fields(population.fields, population.withheld)
    if reason := no_features_because(known, config):
        raise CannotBuildError(reason)
    fields = chosen_fields(population.fields, config)
    dice = np.random.default_rng(seed)
    sample = draw_sample(population, source, target, config.collect, dice)
    columns = {field.name: population.columns[field.name][sample.users] for field in fields}
    messages = field_messages(known, config)
    if config.auto_tune:
        fields, told = _tuned(columns, fields, sample)
        messages += told
    scored = population.members[source]
    matrix = _design_of(population, fields, columns, sample, scored)
    used = [field for field in fields if field.name in matrix.groups]
    model, result = _fit_and_measure(matrix, used, columns, sample, config, seed)
    result["summary"]["msgs"] += messages
    scores = np.full(population.size, np.nan)
    scores[scored] = predict(model, matrix.matrix[sample.y.size :])
    return result | {"scores": pack(scores)}


def _design_of(
    population: Population,
    fields: list[FieldPlan],
    columns: JsonObject,
    sample: Sample,
    scored: Indices,
) -> Design:
    """Return the design matrix of the sample's users, with those to be scored behind them."""
    whole = {
        name: np.concatenate([values, population.columns[name][scored]])
        for name, values in columns.items()
    }
    training = np.concatenate([~sample.held_out, np.zeros(scored.size, dtype=bool)])
    return design(whole, fields, training)


def _tuned(
    columns: JsonObject, fields: list[FieldPlan], sample: Sample
) -> tuple[list[FieldPlan], list[JsonObject]]:
    training = ~sample.held_out
    seen = {name: values[training] for name, values in columns.items()}
    chosen = select_fields(seen, fields, sample.y[training])
    if not chosen.kept:
        message = "could not find sufficient signal in any field: try other audiences"
        raise CannotBuildError(message)
    left = {
        "prevalance": ("due to a high number of missing values", chosen.empty),
        "target-correlation": ("as they tell nothing of the target", chosen.silent),
        "correlation": ("due to collinearity", chosen.collinear),
    }
    told = [
        reading.message(
            f"The following features were removed {why}: {', '.join(sorted(names))}",
            "debug",
            *("autotune", "summary", tag),
        )
        for tag, (why, names) in left.items()
        if names
    ]
    return chosen.kept, told


def _fit_and_measure(  # noqa: PLR0913, PLR0917 - one step of train, cut for its length
    matrix: Design,
    fields: list[FieldPlan],
    columns: JsonObject,
    sample: Sample,
    config: Config,
    seed: int,
) -> tuple[Any, JsonObject]:
    held_out, state = sample.held_out, seed % 2**32
    sampled = matrix.matrix[: sample.y.size]
    x, y = sampled[~held_out], sample.y[~held_out]
    choice = choose(config, state, x, y)
    model = fit(choice.kind, choice.options, state, x, y)
    unseen, truth = sampled[held_out], sample.y[held_out]
    p = predict(model, unseen)
    weights = importances(model, unseen, truth, matrix.groups, state)
    values = {field.name: columns[field.name][held_out] for field in fields}
    described = [
        describe_feature(field, values[field.name], truth, p, weights[field.name])
        for field in fields
    ]
    summary = summarize(truth, p, sample.similarity)
    summary["features"] = sorted(described, key=lambda feature: -float(feature["importance"]))
    predictions = {
        "y": truth.tolist(),
        "p": p.tolist(),
        "features": {name: _plain(column) for name, column in values.items()},
    }
    return model, {"summary": summary, "type": choice.kind, "predictions": predictions}


def _plain(column: Any) -> list[Any]:  # noqa: ANN401 - floats or str objects
    gaps = missing(column)
    return [None if gap else value for gap, value in zip(gaps, column.tolist(), strict=True)]


def importances(
    model: Any,  # noqa: ANN401 - scikit-learn is untyped
    x: Floats,
    y: Indices,
    groups: dict[str, list[int]],
    seed: int,
) -> dict[str, float]:
    """Return the relative importance of each field in percent; they add up to 100.

    It is what the mean squared error of held-out users gains when a field's values are shuffled
    among them: the same measure for every kind of model (ours).
    """
    dice = np.random.default_rng(seed)
    some = dice.permutation(y.size)[:PERMUTED_USERS_MAX]
    x, y = x[some], y[some]
    before = np.mean((y - predict(model, x)) ** 2)
    gains = {}
    for name, places in groups.items():
        shuffled = x.copy()
        shuffled[:, places] = x[dice.permutation(y.size)][:, places]
        gains[name] = max(0.0, float(np.mean((y - predict(model, shuffled)) ** 2) - before))
    whole = sum(gains.values())
    if not whole:
        return dict.fromkeys(gains, 100 / len(gains))
    return {name: 100 * gain / whole for name, gain in gains.items()}
