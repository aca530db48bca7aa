"""What one run knows of each declaration: which model it has come to, and which it leaves."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.lytics.domain.fields import OnDelete
from providers.lytics.errors import ConflictError


@dataclass
class Declared:
    """What a run knows of one declaration.

    Attributes:
        key: the declaration's key.
        lineage: the lineage that its state keeps, None while it has none.
        current: the id that the resource has come to in this run, None before.
        stays_idle: whether that model is declared not to be live.
        leaves: how it is declared to leave, `on_delete`; None before it is known.
        replaced: ids that this run replaces.
        trained: id -> inputs hash of every model that the state remembers.
    """

    key: str
    lineage: str | None = None
    current: str | None = None
    stays_idle: bool = False
    leaves: OnDelete | None = None
    replaced: set[str] = field(default_factory=set)
    trained: dict[str, str] = field(default_factory=dict)


class Declarations:
    """The declarations of one run, for all threads of the host.

    Attributes:
        stack: the name of the stack that declares, None before anything was checked.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._all: dict[tuple[str, str], Declared] = {}
        self._stored_lineages: dict[str, str] = {}
        self._checked: set[str] = set()
        self._owners: dict[str, str] = {}
        self._policies: dict[str, OnDelete] = {}
        self.stack: str | None = None

    def checked(self, computed: str, stored: str | None, stack: str | None = None) -> str:
        """Return the lineage by which a declaration is known in this run, and note it.

        A resource that was renamed or moved keeps the lineage it was created with, also when it
        is replaced: then the engine checks a second time without the old inputs.
        """
        with self._lock:
            if stored is not None:
                self._stored_lineages[computed] = stored
            self.stack = stack or self.stack
            lineage = self._stored_lineages.get(computed, computed)
            self._checked.add(lineage)
            return lineage

    def is_checked(self, lineage: object) -> bool:
        """Tell whether the program of this run has declared a lineage so far.

        The engine checks what a program declares before it compares or creates it; what it only
        refreshes or deletes it never checks.
        """
        with self._lock:
            return isinstance(lineage, str) and lineage in self._checked

    def get(self, key: str, lineage: str) -> Declared:
        """Return what is known of a declaration, by its key and the lineage that check returned."""
        with self._lock:
            return self._all.setdefault((key, lineage), Declared(key))

    def successor_of(self, key: str, lineage: str) -> Declared | None:
        """Return the declaration of this run that a state was written for.

        Args:
            key: the key in the state, which may be an earlier one.
            lineage: the lineage in the state.
        """
        with self._lock:
            found = [one for one in self._all.values() if one.lineage == lineage]
        return next((one for one in found if one.key == key), found[0] if found else None)

    def of_model(self, model_id: str) -> Declared | None:
        """Return the declaration that has come to a model in this run."""
        with self._lock:
            return next((one for one in self._all.values() if one.current == model_id), None)

    def owner(self, model_id: str) -> str | None:
        """Return the key of the declaration that has come to a model in this run."""
        with self._lock:
            return self._owners.get(model_id)

    def keep(self, declared: Declared, model_id: str) -> None:
        """Note which model a declaration has come to in this run.

        Raises:
            ConflictError: another declaration of this run is that model already.
        """
        with self._lock:
            owner = self._owners.setdefault(model_id, declared.key)
            if owner != declared.key:
                what = (
                    f"'{owner}' and '{declared.key}' both come to model {model_id}. "
                    "Give one of them another name, or other inputs"
                )
                raise ConflictError(what)
            declared.current = model_id
            declared.replaced.discard(model_id)

    def replace(self, declared: Declared, model_id: str, policy: OnDelete) -> None:
        """Note that a declaration's model is to be replaced in this run, and how it leaves.

        After a killed run the state may hold the same model a second time, marked for deletion,
        with the policy of before.
        """
        with self._lock:
            declared.replaced.add(model_id)
            self._policies[model_id] = policy

    def remember(self, declared: Declared, lineage: str, trained: Mapping[str, str]) -> None:
        """Note what the state remembers of a declaration."""
        with self._lock:
            declared.lineage = lineage
            declared.trained.update(trained)

    def policy_of(self, model_id: str) -> OnDelete | None:
        """Return how a model leaves by the state of its resource, None where that isn't known."""
        with self._lock:
            return self._policies.get(model_id)

    def known(self) -> Iterable[Declared]:
        """Return all declarations so far."""
        with self._lock:
            return tuple(self._all.values())


def keep(
    declarations: Declarations, declared: Declared, model_id: str, inputs: Mapping[str, Any]
) -> None:
    """Note which model a declaration has come to, whether it is to be live, and how it leaves.

    Raises:
        ConflictError: another declaration of this run is that model already.
    """
    declarations.keep(declared, model_id)
    declared.stays_idle = inputs.get("is_active") is False
    declared.leaves = inputs.get("on_delete") or "deactivate"
