"""What is known besides a preview: the state, and what the API said. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cli.audiences.ask import Audiences
from cli.drift.compare import Drift
from cli.workspace.names import names_made
from cli.workspace.state import StackState
from providers.lytics.api.account_profile import AccountProfile
from providers.lytics.domain.audiences import Uses
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.identity import NameIndex, listed_as, to_send
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

    def to_send(self, listed: str) -> str:
        """Return the name to declare so that the account lists a model under a name."""
        return to_send(listed, self.made_of_names)

    @cached_property
    def made_of_names(self) -> tuple[tuple[str, str], ...]:
        """What the account made of the names that it was sent, the newest model's first."""
        return names_made(self.state)

    @cached_property
    def names(self) -> NameIndex:
        """Finds the account's models by name."""
        return NameIndex((model.id, model.name) for model in (self.account or {}).values())
