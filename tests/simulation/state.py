"""What the engine keeps of a stack, and what the program hands it."""

from dataclasses import dataclass, field
from typing import Any

from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.identity import lineage
from sandbox.segments import segment_id
from tests.simulation.account import AID
from tests.support.engine.project import ACTIVATION, MODEL, PROJECT
from tests.support.lab import through_engine

Json = dict[str, Any]
TYPES = {"model": MODEL, "activation": ACTIVATION}


@dataclass
class Stored:
    """One resource in the state; `leaves` marks what was replaced and isn't deleted yet."""

    kind: str
    key: str
    id: str
    inputs: Json
    outputs: Json
    leaves: bool = False
    protect: bool = False


@dataclass(frozen=True)
class Left:
    """A model that the engine has let go."""

    key: str
    id: str
    policy: str
    lineage: str


@dataclass(frozen=True, order=True)
class Done:
    """One operation: `create`, `update`, `replace`, `delete` of a model or an activation."""

    what: str
    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.what} {self.kind} {self.key}"


@dataclass
class State:
    """A stack's state.

    Attributes:
        stack: the stack's name.
        resources: what it has.
        pending: what was being created when a run died: kind, key and inputs.
        left: the models that have left the stack.
    """

    stack: str
    resources: list[Stored] = field(default_factory=list)
    pending: list[tuple[str, str, Json]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def find(self, kind: str, key: str) -> Stored | None:
        """Return the resource of a key that isn't leaving."""
        return next(
            (o for o in self.resources if (o.kind, o.key, o.leaves) == (kind, key, False)), None
        )

    def heir(self, key: str, lineage: object) -> str:
        """Return the key of a lineage now: what leaves keeps the one of before a rename."""
        heirs = (
            one.key
            for one in self.resources
            if one.kind == "model" and not one.leaves and one.outputs.get("lineage") == lineage
        )
        return next(heirs, key)

    @property
    def model_ids(self) -> list[str]:
        """The ids of its models, those that are leaving too."""
        return [one.id for one in self.resources if one.kind == "model"]

    def exported(self) -> Json:
        """Return the state as `pulumi stack export` shows it, as far as lytics-ml reads it."""
        resources = [
            {
                "urn": self._urn(one.kind, one.key),
                "type": TYPES[one.kind],
                "id": one.id,
                "inputs": one.inputs,
                "outputs": one.outputs,
                "delete": one.leaves,
            }
            for one in self.resources
        ]
        pending = [
            {
                "type": "creating",
                "resource": {
                    "urn": self._urn(kind, key),
                    "type": TYPES[kind],
                    "inputs": inputs,
                },
            }
            for kind, key, inputs in self.pending
        ]
        return {"deployment": {"resources": resources, "pending_operations": pending}}

    def _urn(self, kind: str, key: str) -> str:
        return f"urn:pulumi:{self.stack}::{PROJECT}::{TYPES[kind]}::{key}"


def model_inputs(key: str, declared: ModelDeclaration, stack: str) -> Json:
    """Return a model's inputs as the program hands them to the engine."""
    sides = {side: _id_of(getattr(declared, side)) for side in ("source", "target")}
    inputs = declared.inputs(key=key, stack=stack, lineage=lineage(PROJECT, stack, key), **sides)
    spelled = {
        f"{side}_name": getattr(declared, side)
        for side, known in sides.items()
        if getattr(declared, side) != known
    }
    handed: Json = through_engine({**inputs.model_dump(exclude_none=True), **spelled})
    return handed


def _id_of(segment: str) -> str:
    return segment if len(segment) == 32 else segment_id(AID, segment)


def activation_inputs(key: str, declared: ModelDeclaration, model_id: str) -> Json:
    """Return an activation's inputs as the program hands them to the engine."""
    gate = declared.gate.model_dump(exclude_none=True) if declared.gate else None
    inputs: Json = through_engine(
        {
            "key": key,
            "model_id": model_id,
            "activate": declared.activation == "swap",
            "gate": gate,
            "swap": declared.swap,
        }
    )
    return inputs
