"""Rules of a team: what a rule is, what it is told, and who breaks it. Pure.

A rule is one class in `domain/rules/`, or in a team's own `stacks/rules/`: its fields are the
values that `stacks/rules.yaml` gives it, its docstring says what it means.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from providers.lytics.domain.audiences import Use, Uses
from providers.lytics.domain.declaration import ModelDeclaration, Removal
from providers.lytics.domain.identity import proof_in, same_name
from providers.lytics.domain.live.liveness import joins, way_of
from providers.lytics.errors import FileLine
from providers.lytics.shapes import Model

Need = Literal["git", "account", "audiences", "proof"]
"""What a rule must know besides the stack file; where it isn't known the rule isn't checked."""

OF_ACCOUNT: frozenset[Need] = frozenset({"account", "audiences"})

LOSES_SCORES = "audiences-lose-scores"
"""What `except:` calls a change by which audiences lose their scores: reviews refuse it."""


class Level(StrEnum):
    """How much a broken rule matters."""

    OFF = "off"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Checkout:
    """The git checkout that a stack file is in.

    Attributes:
        branches: the branches that its commit counts as being on; none if that can't be told.
        changed: files that differ from the commit, or that it doesn't know.
        problem: why nothing can be told, "" if it can.
    """

    branches: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class AccountFacts:
    """What the account shows.

    Attributes:
        live: how many of its models are live.
        joining: how many more will go live, by what is declared.
        uses: by key, who uses the models of a declaration; None where audiences aren't known.
    """

    live: int = 0
    joining: int = 0
    uses: Mapping[str, tuple[Use, ...]] | None = None


@dataclass(frozen=True)
class Facts:
    """What rules are told.

    Attributes:
        stack: the stack's name.
        models: its declarations by key.
        removed: how models that are no longer declared leave.
        api: the generation of the API that it uses, `v1` or `v2`.
        checkout: where its file is from; None where nobody looked.
        account: what the account shows; None where nobody asked.
        unproved: by stack and key, why a model isn't proved there; without an entry for a stack
            nobody looked.
    """

    stack: str
    models: Mapping[str, ModelDeclaration]
    removed: Mapping[str, Removal] = field(default_factory=dict)
    api: str = "v1"
    checkout: Checkout | None = None
    account: AccountFacts | None = None
    unproved: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def knows(self, need: Need) -> bool:
        """Tell whether what a rule needs is known."""
        match need:
            case "git":
                return self.checkout is not None
            case "account":
                return self.account is not None
            case "audiences":
                return self.account is not None and self.account.uses is not None
            case "proof":
                return bool(self.unproved)


class Found(NamedTuple):
    """One place where a rule is broken.

    `key` is that of the model, or of the removal; None where it is the stack as a whole.
    """

    what: str
    key: str | None = None


class Rule(BaseModel):
    """A rule; the first line of a subclass's docstring says what must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()

    @classmethod
    def means(cls) -> str:
        """What must hold, a sentence."""
        return (cls.__doc__ or "").strip().split("\n", maxsplit=1)[0]

    def check(self, facts: Facts) -> Iterator[Found]:
        """Yield each place where the rule is broken; by default each model's."""
        for key, model in facts.models.items():
            for what in self.check_model(key, model, facts):
                yield Found(what, key)

    def check_model(self, key: str, model: ModelDeclaration, facts: Facts) -> Iterator[str]:
        """Yield how one model breaks the rule, a sentence each."""
        del key, model, facts
        yield from ()


@dataclass(frozen=True)
class ActiveRule:
    """A rule that holds for a stack, and where `stacks/rules.yaml` says so."""

    rule: Rule
    level: Level
    where: FileLine


@dataclass(frozen=True)
class Breach:
    """A broken rule.

    Attributes:
        rule: its id.
        level: how much it matters.
        where: the line of the model, or of the rule.
        what: a sentence.
        key: the model's key; "" where it is the stack as a whole.
    """

    rule: str
    level: Level
    where: FileLine
    what: str
    key: str = ""

    def __str__(self) -> str:
        return f"[{self.rule}] {self.where.short}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """What the rules say of a stack.

    Attributes:
        breaches: who breaks which, errors first.
        excepted: what would be breaches but for an exception.
        unchecked: ids of rules that need what isn't known here.
    """

    breaches: tuple[Breach, ...] = ()
    excepted: tuple[Breach, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Breach, ...]:
        """The breaches that stop a run: the errors."""
        return tuple(one for one in self.breaches if one.level is Level.ERROR)

    @property
    def warnings(self) -> tuple[Breach, ...]:
        """The breaches that are only reported: the warnings."""
        return tuple(one for one in self.breaches if one.level is Level.WARN)


@dataclass(frozen=True)
class Places:
    """Where things stand.

    Attributes:
        keys: of models and removals.
        exceptions: by key and rule, of what `except:` says.
    """

    keys: Mapping[str, FileLine] = field(default_factory=dict)
    exceptions: Mapping[str, Mapping[str, FileLine]] = field(default_factory=dict)


def judge(
    rules: Iterable[ActiveRule], facts: Facts, places: Places, *, of_account: bool | None = None
) -> Verdict:
    """Return what the rules say of a stack.

    An exception that is no longer needed, in neither generation of the API, is reported as a
    warning of its rule: to speak the other one changes no file.

    Args:
        rules: those of the stack.
        facts: what they are told.
        places: where things stand.
        of_account: True judges only the rules that need the account, False only the others.
    """
    breaches: list[Breach] = []
    excepted: list[Breach] = []
    unchecked = []
    # Nothing needs an exception from a rule that is off or not set.
    judged = {rule for told in places.exceptions.values() for rule in told} - {LOSES_SCORES}
    needed = set()
    for active in rules:
        rule = active.rule
        if active.level is Level.OFF:
            continue
        is_wanted = of_account is None or of_account == bool(rule.needs & OF_ACCOUNT)
        if not is_wanted or not all(facts.knows(need) for need in rule.needs):
            judged.discard(rule.id)
            unchecked += [rule.id] if is_wanted else []
            continue
        for found in _checked(rule, facts):
            where = places.keys.get(found.key or "", active.where)
            breach = Breach(rule.id, active.level, where, found.what, found.key or "")
            is_excepted = rule.id in places.exceptions.get(breach.key, {})
            (excepted if is_excepted else breaches).append(breach)
        if any(rule.id in told for told in places.exceptions.values()):
            for api in ("v1", "v2"):
                found_there = _checked(rule, replace(facts, api=api))
                needed |= {(found.key or "", rule.id) for found in found_there}
    if not of_account:
        breaches += _unneeded(places, judged, needed)
    breaches.sort(key=lambda one: one.level is not Level.ERROR)
    return Verdict(tuple(breaches), tuple(excepted), tuple(unchecked))


def _unneeded(places: Places, judged: set[str], needed: set[tuple[str, str]]) -> Iterator[Breach]:
    for key, told in places.exceptions.items():
        for rule, where in told.items():
            if rule in judged and (key, rule) not in needed:
                what = f"{key} is excepted and doesn't break it: take the exception out"
                yield Breach(rule, Level.WARN, where, what, key)


def _checked(rule: Rule, facts: Facts) -> list[Found]:
    try:
        return list(rule.check(facts))
    except Exception as exc:  # noqa: BLE001 - a team's own rule may do anything
        return [Found(f"can't be checked, its class fails: {type(exc).__name__}: {exc}")]


@dataclass(frozen=True)
class Declared:
    """One declaration, and what tells its models in an account.

    Attributes:
        model: the declaration.
        lineages: those that its models' default names prove.
        ids: of models that are known to be its own.
    """

    model: ModelDeclaration
    lineages: Collection[str] = ()
    ids: Collection[str] = ()

    def is_its_own(self, model: Model) -> bool:
        """Tell whether a model of the account is of this declaration."""
        if model.id in self.ids or model.id == self.model.adopt:
            return True
        if self.model.name is not None:
            return same_name(self.model.name, model.name)
        proof = proof_in(model.name)
        return proof is not None and proof[0] in self.lineages


def account_facts(
    declared: Mapping[str, Declared], models: Iterable[Model], uses: Uses | None
) -> AccountFacts:
    """Return what an account shows of a stack's declarations.

    Args:
        declared: the declarations by key.
        models: all models of the account.
        uses: who uses what; None where the key may not see audiences.
    """
    account = list(models)
    found = {key: [m for m in account if one.is_its_own(m)] for key, one in declared.items()}
    own = {key: [model for model in its if model.is_active] for key, its in found.items()}
    live = [model for model in account if model.is_active]
    joining = sum(
        joins(way_of(one.model.settings), is_new=not found[key], has_live=bool(own[key]))
        for key, one in declared.items()
    )
    if uses is None:
        return AccountFacts(len(live), joining)
    return AccountFacts(len(live), joining, {k: _users(its, uses) for k, its in own.items()})


def _users(models: Iterable[Model], uses: Uses) -> tuple[Use, ...]:
    return tuple(dict.fromkeys(use for model in models for use in uses.of(model.name)))


def is_pattern(value: str) -> str:
    """Return a regular expression as it is.

    Raises:
        ValueError: it isn't one.
    """
    try:
        re.compile(value)
    except re.error as exc:
        what = f"expected a regular expression, for example ^growth-: {exc}"
        raise ValueError(what) from exc
    return value
