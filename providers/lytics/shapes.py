"""The API's objects as this package sees them, whatever spelling they arrive in.

Fields and meanings are the API page's ("Machine Learning", object attributes and samples); where
Lytics' v2 OpenAPI or recorded replies spell a field differently, every spelling is read. Unknown
fields are ignored and documented ones may be missing: no reply in the wild has all of them.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from providers.lytics.errors import ConflictError


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else value


def _reason(value: object) -> object:
    # v2 writes this while a model is being built; it is no error.
    return "" if value == "building" else _text(value)


def _reference(value: object) -> object:
    # SegmentML, and perhaps others, show a whole segment where the API page shows its id.
    if isinstance(value, dict) and "id" in value:
        return _text(value["id"])
    return _text(value)


def _flag(value: object) -> object:
    # The API page writes flags into URLs as words: "false" must not be read as true.
    return False if value is None or value == "" else value


def _list(value: object) -> object:
    return [] if value is None else value


def _table(value: object) -> object:
    return {} if value is None else value


def _counts(value: object) -> object:
    # The API page's table has a list with a count per hundredth, its samples and all else a map.
    if isinstance(value, list):
        return {f"{step / 100:.2f}": count for step, count in enumerate(value) if count}
    return _table(value)


Text = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
SegmentId = Annotated[str, BeforeValidator(_reference)]


class WireShape(BaseModel):
    """A shape of the API: read-only, tolerant of fields that nobody documented."""

    # Built when first used: most runs see no summary.
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, defer_build=True)


class WireConfig(WireShape):
    """A model's config as the API echoes it; None is "not reported"."""

    collect: int | None = None
    use_scores: bool | None = None
    use_content: bool | None = None
    build_only: bool | None = None
    auto_tune: bool | None = None
    tune_model: bool | None = None
    re_run: bool | None = None
    additional: list[str] | None = None
    blocked: list[str] | None = None

    @property
    def is_reported(self) -> bool:
        """Whether the echo says anything.

        Models built through the older SegmentML API are listed with every value zeroed (recorded
        in go-lytics' mock data). No model trains on 0 samples, so `collect` gives it away.
        """
        return bool(self.collect)

    def reported(self) -> dict[str, Any]:
        """Return the values that the API reports, {} for a zeroed echo."""
        return self.model_dump(exclude_none=True) if self.is_reported else {}


class Model(WireShape):
    """One lookalike model as ML List, Fetch, Create and Update return it.

    `unreadable` names the fields whose values fit no document; they are left empty here. Such a
    model still counts as one, but nothing is decided about it.
    """

    id: str
    aid: int | None = None
    name: Text = ""
    label: Text = ""
    state: Text = ""
    source: SegmentId = ""
    target: SegmentId = ""
    type: Text = ""
    is_healthy: Flag = False
    is_active: Flag = False
    # v2 alone: not shown to people in Lytics.
    hidden: Flag = False
    created: Text = ""
    updated: Text = ""
    config: Annotated[WireConfig, BeforeValidator(_table)] = WireConfig()
    # "error" in API v2 ("building" while it trains), "reason" in SegmentML.
    reason: Annotated[str, BeforeValidator(_reason)] = Field(
        default="", validation_alias=AliasChoices("reason", "error")
    )
    unreadable: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: object) -> Self:
        """Read a model, without the fields that can't be read.

        One odd model of somebody else's must not keep all the others from being read.

        Raises:
            ValidationError: it has no id.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as exc:
            odd = {str(error["loc"][0]) for error in exc.errors() if error["loc"]}
            if not isinstance(data, dict) or "id" in odd:
                raise
        if "reason" in odd:
            odd.add("error")
        model = cls.model_validate({key: data[key] for key in data if key not in odd})
        needed = odd - {"reason", "error", "type", "updated"}
        return model.model_copy(update={"unreadable": tuple(sorted(needed))})

    def require_readable(self) -> None:
        """Refuse to decide anything about this model if a part of it can't be read.

        Raises:
            ConflictError: it holds fields that can't be read.
        """
        if self.unreadable:
            what = (
                f"what Lytics shows as {', '.join(self.unreadable)} of model {self.id} can't be "
                "read, so nothing is done with it. Correct it in Lytics"
            )
            raise ConflictError(what)

    @property
    def is_complete(self) -> bool:
        """Whether it is trained; the page's table says `completed`, its samples `complete`."""
        return self.state in {"complete", "completed"}

    @property
    def is_invalid(self) -> bool:
        """Whether its training failed for good."""
        return self.state == "invalid"

    @property
    def was_once_complete(self) -> bool:
        """Whether it has been trained at least once.

        While a model is built for the first time it is neither active nor healthy and has no
        type (recorded in go-lytics' mock data); a weekly retrain leaves these standing.
        """
        return self.is_complete or self.is_active or self.is_healthy or bool(self.type)

    @property
    def age_key(self) -> tuple[float, str]:
        """Sort key: the earliest `created` first, then the lowest id; unreadable dates last."""
        try:
            return (datetime.fromisoformat(self.created).timestamp(), self.id)
        except ValueError:
            return (float("inf"), self.id)


class Segment(WireShape):
    """A segment (audience) of the account."""

    id: str
    aid: int | None = None
    name: Text = ""
    slug_name: Text = ""
    table: Text = "user"
    kind: Text = ""
    size: int | None = None
    invalid: Flag = False
    invalid_reason: Text = ""
    deleted: Flag = False
    # Its definition: FilterQL, in API v2 also as a tree.
    segment_ql: Text = ""
    ast: Any = None


class Share(WireShape):
    """How many users of source and of target have a field, each 0 to 1."""

    source: float | None = None
    target: float | None = None


class Impact(WireShape):
    """What a feature does to the prediction; `threshold` only for numeric fields."""

    lift: float | None = None
    threshold: float | None = None
    value: str | float | None = None


class Feature(WireShape):
    """One feature of a trained model."""

    kind: Text = ""
    type: Text = Field(default="", validation_alias=AliasChoices("type", "fieldtype"))
    name: Text = ""
    importance: float | None = None
    correlation: float | None = None
    # "prevalance" is how the API page spells it.
    prevalence: Annotated[Share, BeforeValidator(_table)] = Field(
        default=Share(),
        validation_alias=AliasChoices("prevalance", "field_prevalence", "prevalence"),
    )
    impact: Annotated[Impact, BeforeValidator(_table)] = Impact()


class Message(WireShape):
    """What Lytics tells the user about a model; the sentence worth showing is tagged `verdict`."""

    text: Text = ""
    tags: Annotated[list[str], BeforeValidator(_list)] = []
    severity: Text = ""


class ErrorMatrix(WireShape):
    """Counts of held-out users; "positive" is "in the target segment".

    The API page's table has the meanings of false_positive and false_negative swapped; recorded
    replies prove these (FP + TN is the number of source users).
    """

    true_positive: int | None = Field(default=None, validation_alias="TruePositive")
    false_positive: int | None = Field(default=None, validation_alias="FalsePositive")
    true_negative: int | None = Field(default=None, validation_alias="TrueNegative")
    false_negative: int | None = Field(default=None, validation_alias="FalseNegative")


Counts = Annotated[dict[str, int], BeforeValidator(_counts)]


class Scores(WireShape):
    """The numbers of a trained model; None where the API gives none.

    mse >= 0; rsq <= 1; auc, threshold and audience_similarity 0 to 1; accuracy and reach 0 to 10.
    """

    mse: float | None = None
    rsq: float | None = None
    auc: float | None = None
    threshold: float | None = None
    accuracy: float | None = None
    reach: float | None = None
    audience_similarity: float | None = None
    health: Text = Field(default="", validation_alias=AliasChoices("health", "model_health"))
    error_matrix: Annotated[ErrorMatrix, BeforeValidator(_table)] = Field(
        default=ErrorMatrix(), validation_alias=AliasChoices("error_matrix", "conf")
    )
    # Predictions ("0.00" to "1.00", two decimals, zeros left out) -> number of users.
    target_predictions: Counts = Field(
        default={}, validation_alias=AliasChoices("target_predictions", "success")
    )
    source_predictions: Counts = Field(
        default={}, validation_alias=AliasChoices("source_predictions", "fail", "failure")
    )
    msgs: Annotated[list[Message], BeforeValidator(_list)] = []

    @model_validator(mode="before")
    @classmethod
    def _gather_error_matrix(cls, value: object) -> object:
        """Gather the counts, which the API page has beside the other numbers."""
        if not isinstance(value, dict) or "conf" in value or "error_matrix" in value:
            return value
        return {**value, "conf": {n: value[n] for n in ErrorMatrix.model_fields if n in value}}


class Summary(WireShape):
    """What ML Summary returns; `scores` is empty for a model that isn't trained.

    The API page has no field that says why a model is invalid; only its messages may say it.
    """

    id: Text = ""
    name: Text = ""
    state: Text = ""
    scores: Annotated[Scores, BeforeValidator(_table)] = Field(
        default=Scores(), validation_alias="summary"
    )
    features: Annotated[list[Feature], BeforeValidator(_list)] = []

    @property
    def complaint(self) -> str:
        """The message that says why a model is no good: an error, else the verdict, else ""."""
        errors = [message.text for message in self.scores.msgs if message.severity == "error"]
        verdicts = [message.text for message in self.scores.msgs if "verdict" in message.tags]
        return next((text for text in [*errors, *verdicts] if text), "")
