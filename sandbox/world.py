"""Everything that one running sandbox holds. Only the event loop's thread touches it."""

from dataclasses import dataclass, field

from sandbox.api import wire
from sandbox.api.auth import CALLERS, Caller
from sandbox.api.request_log import RequestLog
from sandbox.audiences.sizes import Sizes
from sandbox.building.builds import Builds
from sandbox.clock import Clock
from sandbox.errors import NotFoundError
from sandbox.models import Model, Outcome
from sandbox.segments import Directory
from sandbox.settings import Dialect, Settings
from sandbox.store import Store
from sandbox.turning.behaviour import Behaviour


@dataclass(slots=True)
class World:
    """The parts of a sandbox.

    Attributes:
        settings: what it was told at its start.
        sizes: counts segments with a definition, and knows the scores that they need.
        dialect: wording of /api now.
        behaviour: how the account behaves now.
        outcomes: the results that future builds are to have.
        callers: whose account each key opens.
    """

    settings: Settings
    store: Store
    directory: Directory
    sizes: Sizes
    builds: Builds
    log: RequestLog
    dialect: Dialect
    behaviour: Behaviour
    outcomes: list[Outcome] = field(default_factory=list)
    callers: dict[str, Caller] = field(default_factory=lambda: dict(CALLERS))
    _rendered: dict[tuple[str, Dialect], tuple[int, bytes]] = field(default_factory=dict)

    @property
    def accounts(self) -> tuple[int, ...]:
        """Return the numbers of the accounts that a key opens, the main one first."""
        return tuple(dict.fromkeys(caller.aid for caller in self.callers.values()))

    @property
    def clock(self) -> Clock:
        """Return the sandbox's clock."""
        return self.store.clock

    def behave(self, behaviour: Behaviour) -> None:
        """Behave so from now on."""
        self.behaviour = self.builds.behaviour = behaviour
        self._rendered.clear()

    def model(self, aid: int, model_id: str) -> Model:
        """Find a model of an account.

        Raises:
            NotFoundError: there is none, or it is another account's.
        """
        found = self.store.models.get(model_id)
        if not found or found.aid != aid:
            message = f"ML model not found: {model_id}"
            raise NotFoundError(message)
        return found

    def rendered(self, model: Model, dialect: Dialect) -> bytes:
        """Return a model's JSON, written once per change, so that a long ML List is quick."""
        version = self.store.versions.get(model.id, 0)
        known = self._rendered.get((model.id, dialect))
        if known and known[0] == version:
            return known[1]
        shown = wire.dump(wire.render_model(model, dialect, self.behaviour))
        self._rendered[model.id, dialect] = version, shown
        return shown
