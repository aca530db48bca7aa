"""What is known besides a preview: the state, and what the API said. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cli.audiences.ask import Audiences
from cli.drift.compare import Drift
from cli.workspace.state import Resource, StackState
from providers.lytics.api.account_profile import AccountProfile
from providers.lytics.domain.audiences import Uses
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.identity import NameIndex, listed_as
from providers.lytics.domain.record import inputs_from
from providers.lytics.errors import LyticsError
from providers.lytics.shapes import Model, Summary


@dataclass(frozen=True)
class Known:
    """What is known besides the preview.

    Attributes:
        state: the stack's state.
        account: the account's models by id; None if the API wasn't asked or didn't answer.
        summaries: numbers of models, by id.
        removals: how the stack file lets models go that it no longer declares.
        why_unknown: why the API wasn't asked, "" if it was.
        audiences: who uses the account's models.
        excepted: by key, why a change may leave audiences without scores.
        drifts: what somebody changed in Lytics since the last `up`.
        holdings: asks which models the states of the project's stacks have.
        segment_problems: by id, why no model can be trained on a segment.
        file: the stack file, as people name it.
        profile: what a doctor found out about the account, None if no profile is named.
    """

    state: StackState
    account: Mapping[str, Model] | None = None
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    removals: Mapping[str, str] = field(default_factory=dict)
    why_unknown: str = ""
    audiences: Audiences = field(default_factory=Audiences)
    excepted: Mapping[str, str] = field(default_factory=dict)
    drifts: tuple[Drift, ...] = ()
    holdings: Callable[[], Iterable[Holding]] = tuple
    segment_problems: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    profile: AccountProfile | None = None

    @property
    def uses(self) -> Uses | None:
        """Who uses which model; None if that isn't known."""
        return self.audiences.uses

    @property
    def can_delete(self) -> bool:
        """Whether the account is not known to have no delete."""
        return self.profile is None or self.profile.delete is not False

    def listed_as(self, sent: str) -> str:
        """Return the name under which the account will list a model.

        The stack's own models tell; where it has none yet, a profile does.
        """
        if not self.made_of_names and self.profile is not None:
            return self.profile.listed_as(sent) or sent
        return listed_as(sent, self.made_of_names)

    @cached_property
    def made_of_names(self) -> tuple[tuple[str, str], ...]:
        """What the account made of the names that it was sent, the newest model's first."""
        kept = sorted(self.state.models, key=lambda one: str(one.outputs.get("created")))
        return tuple(pair for one in reversed(kept) if (pair := _sent_and_listed(one)) is not None)

    @cached_property
    def names(self) -> NameIndex:
        """Finds the account's models by name."""
        return NameIndex((model.id, model.name) for model in (self.account or {}).values())


def _sent_and_listed(resource: Resource) -> tuple[str, str] | None:
    """Return the name that a create sent and the one that it got; None where none did."""
    try:
        inputs = inputs_from(resource.outputs)
    except (ValueError, LyticsError):
        return None
    if inputs.adopt == resource.id:
        return None
    return Wanted(inputs).name, str(resource.outputs.get("name") or "")
