"""A stack's models as state, stack file and API together show them."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from cli.workspace.state import Resource, StackState
from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.audiences import Use, Uses
from providers.lytics.domain.live.gate import FITNESS_BANDS
from providers.lytics.domain.live.judging import number
from providers.lytics.errors import LyticsError
from providers.lytics.shapes import Model, Summary

SUMMARIES_AT_ONCE = 32
SCORES = ("auc", "accuracy", "reach", "rsq", "mse", "threshold", "audience_similarity")


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        key: the declaration's key; "" for a model that no stack file declares.
        id: the model's id, "" before it is created.
        role: `declared`, `new` (not created yet), `leaving` (replaced, leaves with the next up),
            `undeclared` (in the state only) or `foreign` (in the account only).
        resource: what the state holds of it.
        activation: what the state holds of its gate and its way to being live.
        model: what the API shows, None if it doesn't show it or wasn't asked.
        summary: its numbers, None if there are none.
        problem: why there are no numbers though there should be, "" otherwise.
        is_known: whether the API was asked.
        uses: who uses its score; None where that isn't known.
        last_output: what the last `up` exported of it.
    """

    key: str
    id: str
    role: str
    resource: Resource | None = None
    activation: Resource | None = None
    model: Model | None = None
    summary: Summary | None = None
    problem: str = ""
    is_known: bool = False
    uses: tuple[Use, ...] | None = None
    last_output: Mapping[str, Any] = field(default_factory=dict)

    def _kept(self, name: str) -> Any:  # noqa: ANN401 - JSON
        kept = self.resource.outputs if self.resource else {}
        # What a create keeps is older than what the same run exported at its end.
        if kept.get("state") == "building" and name in self.last_output:
            return self.last_output[name]
        return kept.get(name)

    @property
    def name(self) -> str:
        """The name in Lytics."""
        return self.model.name if self.model else str(self._kept("name") or "")

    @property
    def label(self) -> str:
        """The label in Lytics."""
        return self.model.label if self.model else str(self._kept("label") or "")

    @property
    def state(self) -> str:
        """`building`, `complete`, `invalid`, `gone`, `not created` or what else the API says."""
        if not self.id:
            return "not created"
        if self.model is not None:
            return "complete" if self.model.is_complete else self.model.state or "unknown"
        return "gone" if self.is_known else str(self._kept("state") or "unknown")

    @property
    def _was_complete(self) -> bool:
        """Whether its resource was read when it was trained, so that it knows the health."""
        return self.resource is not None and self.resource.outputs.get("state") == "complete"

    @property
    def live(self) -> bool | None:
        """Whether it is live; None if nothing says so."""
        if self.model is not None:
            return self.model.is_active
        if self.is_known or not self.id:
            return None
        kept = self.activation.outputs.get("live") if self.activation else self._kept("live")
        return bool(kept) if kept is not None else None

    @property
    def health(self) -> str:
        """`healthy`, `unhealthy`, or "" for a model that isn't trained."""
        if self.summary is not None and self.summary.scores.health:
            return self.summary.scores.health
        shown = self.model.is_complete if self.model else self._was_complete
        healthy = self.model.is_healthy if self.model else self._kept("is_healthy")
        if not shown or healthy is None:
            return ""
        return "healthy" if healthy else "unhealthy"

    def number(self, name: str) -> float | None:
        """Return one number of the summary; the last known one where the API wasn't asked."""
        if self.summary is not None:
            return number(self.summary, name)
        scores = self.activation.outputs.get("scores") if self.activation else None
        kept = scores.get(name) if isinstance(scores, Mapping) and not self.is_known else None
        return float(kept) if isinstance(kept, int | float) else None

    @property
    def gate(self) -> str:
        """`passed`, `not passed`, `waits for the build`, or "" without a gate."""
        outputs = self.activation.outputs if self.activation else {}
        if outputs.get("gate") is None:
            return ""
        if outputs.get("pending"):
            return "waits for the build"
        return "passed" if outputs.get("passed") else "not passed"

    @property
    def gate_parts(self) -> list[Mapping[str, Any]]:
        """What the gate wanted and what was measured, part by part."""
        parts = self.activation.outputs.get("parts") if self.activation else None
        return [p for p in parts if isinstance(p, Mapping)] if isinstance(parts, list) else []

    @property
    def audiences(self) -> int | None:
        """How many audiences use its score; None where that isn't known."""
        return None if self.uses is None else len({use.audience.id for use in self.uses})

    def as_dict(self) -> dict[str, Any]:
        """Return what `list --json` shows."""
        return {
            "key": self.key or None,
            "id": self.id or None,
            "name": self.name,
            "label": self.label,
            "role": self.role,
            "state": self.state,
            "live": self.live,
            "health": self.health or None,
            **{name: self.number(name) for name in SCORES},
            "gate": self.gate or None,
            "audiences": self.audiences,
            "problem": self.problem or None,
        }


def rows_of(
    state: StackState, declared: Iterable[str] | None, account: Mapping[str, Model] | None
) -> list[Row]:
    """Return a stack's models, in the stack file's order, then those that it doesn't declare.

    Args:
        state: the stack's state.
        declared: the keys of the stack file; None if it can't be read.
        account: the API's models by id; None if it wasn't asked.
    """
    keys = list(declared) if declared is not None else []
    order = {key: place for place, key in enumerate(keys)}
    rows = [
        _row(resource, state, declared is None or resource.key in order, account)
        for resource in state.models
    ]
    rows += [Row(key, "", "new") for key in keys if state.model(key) is None]
    return sorted(rows, key=lambda row: (order.get(row.key, len(order)), row.role == "leaving"))


def _row(
    resource: Resource,
    state: StackState,
    is_declared: bool,  # noqa: FBT001 - private, one caller
    account: Mapping[str, Model] | None,
) -> Row:
    role = "declared" if is_declared else "undeclared"
    return Row(
        key=resource.key,
        id=resource.id,
        role="leaving" if resource.is_leaving else role,
        resource=resource,
        activation=None if resource.is_leaving else state.activations.get(resource.key),
        model=account.get(resource.id) if account is not None else None,
        is_known=account is not None,
        last_output={} if resource.is_leaving else state.last_output(resource),
    )


def with_uses(rows: Iterable[Row], uses: Uses) -> list[Row]:
    """Return the rows with who uses their scores."""
    return [replace(row, uses=uses.of(row.name) if row.name else ()) for row in rows]


def with_summaries(client: LyticsClient, rows: Iterable[Row]) -> list[Row]:
    """Return the rows with the numbers of the trained models, asked for a few at a time."""
    listed = list(rows)
    with ThreadPoolExecutor(SUMMARIES_AT_ONCE) as pool:
        return list(pool.map(lambda row: with_summary(client, row), listed))


def with_summary(client: LyticsClient, row: Row) -> Row:
    """Return a row with the numbers of its model, or with why there are none."""
    if row.model is None or not row.model.was_once_complete:
        return row
    try:
        return replace(row, summary=client.fetch_summary(row.id))
    except LyticsError as exc:
        return replace(row, problem=str(exc))


def fitness_band(fitness: float) -> str:
    """Return the documentation's word for accuracy + reach."""
    return [name for name, least in FITNESS_BANDS.items() if fitness >= least][-1]
