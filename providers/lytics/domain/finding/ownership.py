"""Which stack a model belongs to. Pure.

A model belongs to the stack whose state has it. Its name proves only for which declaration it was
made: a stack that is renamed takes its models with it, a model that is moved takes its name with
it, and a key can be declared anew after a rename. So a model that is found by its name is taken up
only if no other declaration has it, in whatever stack of the project; `docs/concepts/ownership.md`
has the rule in full.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.lytics.domain.fields import OnDelete
from providers.lytics.domain.identity import is_same_lineage

MODEL_TYPE = "pulumi-python:dynamic/lytics:MlModel"
ACTIVATION_TYPE = f"{MODEL_TYPE}Activation"


@dataclass(frozen=True)
class Holding:
    """One model as a stack's state has it.

    Attributes:
        stack: the stack's name, without organisation.
        key: the declaration's key.
        id: the model's id.
        lineage: the lineage that the declaration keeps.
        trained: id -> inputs hash of what the state remembers of earlier models.
        is_leaving: whether it was replaced and leaves with the next `up`.
        on_delete: how it was last declared to leave, None for the default.
    """

    stack: str
    key: str
    id: str
    lineage: str = ""
    trained: Mapping[str, str] = field(default_factory=dict)
    is_leaving: bool = False
    on_delete: OnDelete | None = None

    def __str__(self) -> str:
        return f"'{self.key}' of stack {self.stack}"


def holdings_in(stack: str, exported: Mapping[str, Any]) -> list[Holding]:
    """Return the models that an exported state has.

    Args:
        stack: the stack's name.
        exported: what `pulumi stack export` shows of it.
    """
    resources = (exported.get("deployment") or {}).get("resources") or []
    return [_holding(stack, one) for one in resources if str(one.get("type")).endswith(MODEL_TYPE)]


def _holding(stack: str, resource: Mapping[str, Any]) -> Holding:
    outputs = resource.get("outputs") or {}
    trained = outputs.get("trained")
    return Holding(
        stack=stack.rsplit("/", 1)[-1],
        key=str(resource.get("urn", "")).rsplit("::", 1)[-1],
        id=str(resource.get("id", "")),
        lineage=str(outputs.get("lineage") or ""),
        trained=dict(trained) if isinstance(trained, Mapping) else {},
        is_leaving=bool(resource.get("delete")),
        on_delete=outputs.get("on_delete"),
    )


def policy_of_live(holdings: Iterable[Holding], model_id: str) -> OnDelete | None:
    """Return how the resource that has a model now lets it leave, None where none has it.

    A run that goes back to an earlier model, and ends before it deletes, leaves that model in the
    state twice: as the resource's own, and marked for deletion with the policy of before.
    """
    live = (one for one in holdings if one.id == model_id and not one.is_leaving)
    return next((one.on_delete or "deactivate" for one in live), None)


def stack_having(holdings: Iterable[Holding], model_id: str) -> str | None:
    """Return the name of the stack that has a model, None where none has it."""
    return next((one.stack for one in holdings if one.id == model_id), None)


class Others:
    """What the other declarations of a project have: those of other stacks, and of other keys.

    Args:
        holdings: what the states of the project's stacks have.
        stack: the stack whose declaration asks.
        key: its key.
        lineage: the lineage that its state keeps, None if it has none: while it is renamed, the
            state has it under its earlier key.
    """

    def __init__(
        self,
        holdings: Iterable[Holding],
        stack: str | None,
        key: str,
        lineage: str | None = None,
    ) -> None:
        self._holdings = [
            one
            for one in holdings
            if one.stack != stack
            or (one.key != key and (lineage is None or one.lineage != lineage))
        ]

    def having(self, model_id: str) -> Holding | None:
        """Return the declaration whose model this is now."""
        return next((one for one in self._holdings if one.id == model_id), None)

    def remembering(self, model_id: str) -> Holding | None:
        """Return the declaration whose model this is, or was: it may go back to it."""
        found = (one for one in self._holdings if model_id in one.trained)
        return self.having(model_id) or next(found, None)

    def using(self, lineage: str, ids: Collection[str]) -> Holding | None:
        """Return the declaration that has a lineage, or one of the models that were made for it."""
        return next(
            (
                one
                for one in self._holdings
                if (one.lineage and is_same_lineage(one.lineage, lineage))
                or not {one.id, *one.trained}.isdisjoint(ids)
            ),
            None,
        )
