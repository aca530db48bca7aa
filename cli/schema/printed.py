"""What looking commands print with `--json`; every test that prints some holds it."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

from cli.prune.report import RetiredJson

Scores = dict[str, float]
"""auc, accuracy, reach and so on, those that are known."""


class FindingJson(TypedDict):
    """One problem, and where it is."""

    file: str
    line: int | None
    column: int | None
    message: str


class ValidatedJson(TypedDict):
    """One stack file. `models` is null where it can't be read."""

    stack: str
    file: str
    models: int | None
    problems: list[FindingJson]
    unchecked: list[str]
    notes: list[str]


class ValidateJson(TypedDict):
    """Every problem of the stack files."""

    ok: bool
    stacks: list[ValidatedJson]


class KnownJson(TypedDict):
    """What `list` and `show` know of a model. What isn't known is null."""

    key: str | None
    id: str | None
    name: str
    label: str
    role: str
    state: str
    live: bool | None
    health: str | None
    auc: float | None
    accuracy: float | None
    reach: float | None
    rsq: float | None
    mse: float | None
    threshold: float | None
    audience_similarity: float | None
    audiences: int | None
    problem: str | None


class RowJson(KnownJson):
    """One model. What isn't known is null."""

    gate: str | None


class ListJson(TypedDict):
    """A stack's models; `problem` says why the API didn't answer."""

    stack: str
    problem: str | None
    models: list[RowJson]


class RetiredModelsJson(TypedDict):
    """Models that successors have retired, with `--retired`."""

    stack: str
    retired: list[RetiredJson]


class ShownGateJson(TypedDict):
    """A gate: what came of it, and its parts."""

    result: str
    parts: list[dict[str, Any]]


class ShowJson(KnownJson):
    """One model in full; what the API doesn't tell is left out."""

    stack: str
    gate: ShownGateJson | None
    aid: NotRequired[int | None]
    source: NotRequired[str]
    target: NotRequired[str]
    type: NotRequired[str]
    created: NotRequired[str]
    updated: NotRequired[str]
    reason: NotRequired[str]
    config: NotRequired[dict[str, Any]]
    used_by: NotRequired[list[str]]
    verdict: NotRequired[list[str]]
    features: NotRequired[list[dict[str, Any]]]
    error_matrix: NotRequired[dict[str, Any]]
    messages: NotRequired[list[dict[str, Any]]]
    target_predictions: NotRequired[dict[str, int]]
    source_predictions: NotRequired[dict[str, int]]


class AudienceJson(TypedDict):
    """An audience that uses a score, or that can't be read; then `where` says why."""

    slug: str
    id: str
    name: str
    through: list[str]
    reads: str | None
    where: str
    readable: bool


class UsedJson(TypedDict):
    """A model and who uses it.

    A score that no model writes has no id; audiences that can't be read stand where all is null.
    """

    key: str | None
    id: str | None
    name: str | None
    live: bool | None
    audiences: list[AudienceJson]


class BrokenJson(TypedDict):
    """Where a rule is broken, or an exception holds."""

    key: str | None
    level: str
    where: str
    message: str


class RuleJson(TypedDict):
    """One rule, its level here, and who breaks it."""

    id: str
    means: str
    level: str
    values: dict[str, Any]
    broken: list[BrokenJson]
    excepted: list[BrokenJson]


class RulesJson(TypedDict):
    """Every rule."""

    stack: str
    rules: list[RuleJson]
    notes: list[str]


class DriftedJson(TypedDict):
    """One thing that isn't as it was applied. Kind is `differs`, `gone` or `undeclared`."""

    kind: str
    key: str
    model_id: str
    name: str
    property: str
    declared: str
    actual: str
    advice: str


class UnwrittenJson(TypedDict):
    """A score that audiences use and that no live model writes."""

    name: str
    audiences: list[str]


class DriftJson(TypedDict):
    """What the account shows otherwise than it was applied."""

    stack: str
    models: int
    drift: list[DriftedJson]
    notes: list[str]
    unwritten: list[UnwrittenJson]


class CheckJson(TypedDict):
    """One question; `safe` is null where it couldn't be told."""

    id: str
    question: str
    seen: str
    means: str
    safe: bool | None


class DoctorJson(TypedDict):
    """What an account does; `left` are the ids of probes that could not be removed."""

    stack: str
    api: str
    checks: list[CheckJson]
    left: list[str]


class ShortfallJson(TypedDict):
    """What a model fell short of."""

    what: str
    wanted: str
    measured: str


class SinceJson(TypedDict):
    """When a model was first seen live, and what it scored then."""

    at: str
    scores: Scores


class WatchedJson(TypedDict):
    """One live model."""

    key: str
    id: str
    name: str
    updated: str
    scores: Scores
    since: SinceJson
    fell_short: list[ShortfallJson]


class WatchJson(TypedDict):
    """Whether live models score what they should."""

    stack: str
    at: str
    models: list[WatchedJson]


# `from` is a word of Python's own.
PeriodJson = TypedDict(
    "PeriodJson", {"id": str, "name": str, "from": str, "to": str | None, "scores": Scores}
)
PeriodJson.__doc__ = "When a model was live; `to` is null while it is."


class RecordJson(TypedDict):
    """One line of a history: `live`, `not live`, `retrained` or `judged`."""

    at: str
    key: str
    id: str
    name: str
    event: str
    scores: Scores
    verdict: dict[str, Any] | None
    updated: NotRequired[str]
    health: NotRequired[str]
    bounds: NotRequired[dict[str, Any]]
    held_out: NotRequired[dict[str, int]]


class PastJson(TypedDict):
    """The past of one declaration."""

    key: str
    live: list[PeriodJson]
    records: list[RecordJson]


class HistoryJson(TypedDict):
    """What was live when."""

    stack: str
    models: list[PastJson]


class ContenderJson(TypedDict):
    """One of the models that are compared; a day of the history has no features."""

    title: str
    id: str
    name: str
    state: str
    health: str
    scores: Scores
    held_out: dict[str, int]
    features: dict[str, float] | None


class MarginJson(TypedDict):
    """By how much `model` is better than `over`, between `low` and `high` with 95 % confidence."""

    model: str
    over: str
    name: str
    by: float
    low: float
    high: float
    users: list[int]


class FeatureJson(TypedDict):
    """One feature in each model; `change` is `gained` or `vanished`."""

    name: str
    importance: list[float | None]
    change: str | None


class CompareJson(TypedDict):
    """Models side by side."""

    stack: str
    models: list[ContenderJson]
    margins: list[MarginJson]
    features: list[FeatureJson]


class WriteJson(TypedDict):
    """One request that would be sent."""

    at: int
    method: str
    path: str
    key: str
    what: str


class MomentJson(TypedDict):
    """Which models are live after a request: ids by key."""

    after: int
    keys: dict[str, list[str]]


class GapJson(TypedDict):
    """From one request to another, nothing of a key is live."""

    key: str
    after: int
    until: int | None


class PeakJson(TypedDict):
    """A request that would make more models live than Lytics allows."""

    key: str
    after: int
    live: int


class LeftJson(TypedDict):
    """A model that stays in the account and that the stack no longer has."""

    key: str
    id: str
    name: str
    live: bool


class RehearsalJson(TypedDict):
    """One rehearsal: how its gates came out, and what happened."""

    gates: str
    exit: int
    writes: list[WriteJson]
    live: list[MomentJson]
    gaps: list[GapJson]
    over_limit: list[PeakJson]
    left_behind: list[LeftJson]
    second_up_writes: int | None


class RehearseJson(TypedDict):
    """Every rehearsal of a change."""

    rehearsals: list[RehearsalJson]
