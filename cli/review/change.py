"""What a change does, as a value: everything that a reviewer is shown, before any markup."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cli.review.words import Words
from providers.lytics.domain.audiences import Use
from providers.lytics.domain.rulebook import Breach, Level

# What a campaign notices most comes first.
ACTIONS = (
    "removed",
    "retrained",
    "taken up again",
    "deactivated",
    "created",
    "adopted",
    "activated",
    "judged again",
    "relabelled",
    "renamed",
    "settings",
    "left over",
)


@dataclass(frozen=True)
class Property:
    """One property that changes.

    Attributes:
        name: for example `label` or `config.collect`.
        old: its value so far, in words; "" for a new model.
        new: its value from now on, in words.
        retrains: whether it is the reason why a new model is needed.
    """

    name: str
    old: str
    new: str
    retrains: bool = False


@dataclass(frozen=True)
class Numbers:
    """What a trained model scores.

    Attributes:
        scores: auc, accuracy, reach and so on, those that it has.
        features: its most important features with their importance, in percent.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    features: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Subject:
    """A model that exists.

    Attributes:
        id: its id.
        name: its name: the key under which profiles hold its score.
        live: whether it is live; None if that isn't known.
        numbers: what it scores; None if that isn't known.
    """

    id: str
    name: str
    live: bool | None = None
    numbers: Numbers | None = None


@dataclass(frozen=True)
class GatePart:
    """One part of a gate that applies.

    Attributes:
        number: what is asked about.
        wanted: the bound, in words.
        measured: what the model measures, "" while it isn't trained.
        passed: whether that is enough; None while it isn't trained.
    """

    number: str
    wanted: str
    measured: str = ""
    passed: bool | None = None


@dataclass(frozen=True)
class Loss:
    """Audiences that get no new scores after a change.

    Attributes:
        name: the name by which they find the score.
        uses: who they are.
        how: what happens to the model, the end of a sentence.
        offer: what would keep them, a sentence, or empty.
        excepted: the reason that the declaration gives for it, "" without one.
    """

    name: str
    uses: tuple[Use, ...]
    how: Words
    offer: Words = ()
    excepted: str = ""


@dataclass(frozen=True)
class Change:
    """What happens to one model.

    Attributes:
        key: the declaration's key.
        actions: what happens, of `ACTIONS`.
        properties: what differs, old and new.
        live: the model of this declaration that is live today.
        old: the model that the state holds, live or not.
        new: an existing model that it comes to: adopted, taken up again, or judged again.
        effects: what that means, a sentence each.
        gate: the parts of the gate that applies.
        left_behind: what stays in the account, a sentence, or empty.
        problems: why it can't be carried out as declared.
        loss: the audiences that lose their scores by it, None if none do.
        uses: who uses the model of today.
        source: whom it scores, as people name it.
        joins: whether the account has one more live model then.
        sets_live: whether a gate that fails ends the `up` with an error: it decides what is live.
    """

    key: str
    actions: tuple[str, ...]
    properties: tuple[Property, ...] = ()
    live: Subject | None = None
    old: Subject | None = None
    new: Subject | None = None
    effects: tuple[Words, ...] = ()
    gate: tuple[GatePart, ...] = ()
    left_behind: Words = ()
    problems: tuple[Words, ...] = ()
    loss: Loss | None = None
    uses: tuple[Use, ...] = ()
    source: str = ""
    joins: bool = False
    sets_live: bool = False

    @property
    def live_today(self) -> Subject | None:
        """The model that is live today: this declaration's, or one that it takes over."""
        return self.live or (self.new if self.new is not None and self.new.live else None)

    @property
    def failing(self) -> tuple[GatePart, ...]:
        """The parts of the gate that the model, which is trained, doesn't pass today."""
        return tuple(part for part in self.gate if part.passed is False)

    @property
    def touches_live(self) -> bool:
        """Whether a model that is live today is replaced, removed or stopped."""
        ends = {"removed", "retrained", "taken up again", "deactivated", "left over"}
        return self.live is not None and (bool(ends & set(self.actions)) or self.swaps)

    @property
    def swaps(self) -> bool:
        """Whether a model that is there already is set live in the place of another one.

        An earlier run trained it, and failed its gate or was killed before its swap was done.
        """
        sets_live = self.sets_live and {"judged again", "activated"} & set(self.actions)
        is_other = self.live is not None and self.old is not None and self.live.id != self.old.id
        return bool(sets_live) and is_other and not self.failing

    @property
    def order(self) -> tuple[bool, bool, bool, int, str]:
        """Sort key: who loses scores, what ends a live model, what is live, then by action."""
        first = min((ACTIONS.index(action) for action in self.actions), default=len(ACTIONS))
        is_live = self.live_today is not None
        return (self.loss is None, not self.touches_live, not is_live, first, self.key)


@dataclass(frozen=True)
class Review:
    """What a preview comes to.

    Attributes:
        stack: the stack's name.
        changes: the models that change, what matters most first.
        existing: how many models the stack has today.
        unchanged: how many stay as they are.
        refusals: why the change is more than the limits allow.
        forced: whether the limits were overruled.
        notes: what else there is to know.
        breaches: rules that are broken; with an error there is no preview.
        held_back: that `up` will end with an error over a gate, and what waits then; a sentence,
            or empty.
    """

    stack: str
    changes: tuple[Change, ...] = ()
    existing: int = 0
    unchanged: int = 0
    refusals: tuple[Words, ...] = ()
    forced: bool = False
    notes: tuple[Words, ...] = ()
    breaches: tuple[Breach, ...] = ()
    held_back: Words = ()

    @property
    def losing(self) -> list[tuple[str, Loss]]:
        """The models by whose change audiences lose their scores, by key."""
        return [(change.key, change.loss) for change in self.changes if change.loss is not None]

    @property
    def is_refused(self) -> bool:
        """Whether it may not be carried out: over a limit, or at the cost of audiences."""
        lost = any(not loss.excepted for _, loss in self.losing)
        return bool(self.refusals or lost) and not self.forced

    @property
    def is_stuck(self) -> bool:
        """Whether it can't be carried out, forced or not."""
        broken = any(breach.level is Level.ERROR for breach in self.breaches)
        return broken or any(change.problems for change in self.changes)

    def count(self, action: str) -> int:
        """Return how many models an action happens to."""
        return sum(action in change.actions for change in self.changes)

    @property
    def replaced(self) -> int:
        """How many models are replaced by another one."""
        return sum(
            change.old is not None and bool({"retrained", "taken up again"} & set(change.actions))
            for change in self.changes
        )

    @property
    def counts(self) -> list[tuple[int, str]]:
        """How many models each action happens to, without those that nothing happens to."""
        told = {"settings": "with other settings"}
        found = [(self.count(action), told.get(action, action)) for action in ACTIONS]
        return [(number, word) for number, word in found if number]

    @property
    def summary(self) -> str:
        """The words after the stack's name that say it all."""
        if not self.changes and self.is_stuck:
            return "forbidden by the rules, so nothing was previewed"
        if not self.changes:
            return f"no changes, {_models(self.unchanged)} as declared"
        told = ", ".join(f"{number} {word}" for number, word in self.counts)
        touched = sum(change.touches_live for change in self.changes)
        live = (
            f"{touched} live {'model is' if touched == 1 else 'models are'} affected"
            if touched
            else "no live model is affected"
        )
        models = _models(len(self.changes))
        what = f"{models} to change ({told}), {self.unchanged} unchanged; {live}"
        lost = len({use.audience.id for _, one in self.losing for use in one.uses})
        be = "audience loses its" if lost == 1 else "audiences lose their"
        return f"{lost} {be} scores. {what}" if lost else what


def _models(number: int) -> str:
    return f"{number} model{'' if number == 1 else 's'}"
