"""Reads `stacks/rules.yaml`: which rules hold for a stack, every mistake with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from providers.lytics.domain.explain import Place, ending_for, explain
from providers.lytics.domain.rulebook import (
    LOSES_SCORES,
    ActiveRule,
    Facts,
    Level,
    Need,
    Places,
    Rule,
    Verdict,
    judge,
)
from providers.lytics.domain.rules import builtin_rules
from providers.lytics.domain.rules.proved_in import ProvedIn
from providers.lytics.errors import DeclarationError, FileLine, Problem
from providers.lytics.stack_file.checkout import checkout_of
from providers.lytics.stack_file.own_rules import own_rules
from providers.lytics.stack_file.reader import EXCEPT, Stack
from providers.lytics.stack_file.unproved import declared_otherwise
from providers.lytics.stack_file.yaml_reader import RULES_FILE, Mark, YamlReader, load, where
from providers.lytics.text import shown

STACKS = "stacks"
_LEVELS = "off, warn or error"


@dataclass(frozen=True)
class StackRules:
    """The rules that hold for one stack.

    Attributes:
        stack: its declarations.
        active: the rules that `rules.yaml` speaks of, those that are off too.
        known: every rule that there is, by id.
    """

    stack: Stack
    active: tuple[ActiveRule, ...]
    known: Mapping[str, type[Rule]]

    @property
    def needs(self) -> frozenset[Need]:
        """What must be known besides the stack file to check them all."""
        checked = [one.rule.needs for one in self.active if one.level is not Level.OFF]
        return frozenset().union(*checked)

    def rule(self, wanted: type[Rule]) -> Rule | None:
        """Return a rule with the values that hold here, None if it is off."""
        on = (one.rule for one in self.active if one.level is not Level.OFF)
        return next((rule for rule in on if isinstance(rule, wanted)), None)

    def facts(self, **known: Any) -> Facts:  # noqa: ANN401 - the fields of Facts
        """Return what the rules are told: the stack file, and what else is known."""
        return Facts(self.stack.path.stem, self.stack.models, self.stack.removed, **known)

    def known_offline(self, *, applies: bool) -> dict[str, Any]:
        """Return what the files and git tell, as far as a rule needs it.

        Args:
            applies: whether the change is carried out now.
        """
        known: dict[str, Any] = {}
        if "git" in self.needs:
            known["checkout"] = checkout_of(self.stack.path.parent, applies=applies)
        if isinstance(proved := self.rule(ProvedIn), ProvedIn):
            known["unproved"] = {proved.stack: declared_otherwise(self.stack, proved.stack)}
        return known

    def judge(self, facts: Facts, *, of_account: bool | None = None) -> Verdict:
        """Return what they say; see `rulebook.judge`."""
        return judge(self.active, facts, self._places(), of_account=of_account)

    def _places(self) -> Places:
        file = shown(self.stack.path)
        keys = {**self.stack.lines, **self.stack.removed_lines}
        return Places(
            {key: FileLine(file, line) for key, line in keys.items()},
            {
                key: {rule: FileLine(file, one.line) for rule, one in told.items()}
                for key, told in self.stack.exceptions.items()
            },
        )


def rules_of(stack: Stack) -> StackRules:
    """Return the rules that hold for a stack.

    Raises:
        DeclarationError: the file of the rules, a team's own rule, or an exception can't be used.
    """
    folder = stack.path.parent
    known = {**builtin_rules(), **own_rules(folder)}
    path = folder / RULES_FILE
    active = _read(path, stack.path.stem, known) if path.is_file() else ()
    _refuse_unknown_exceptions(stack, known)
    return StackRules(stack, active, known)


def _refuse_unknown_exceptions(stack: Stack, known: Mapping[str, type[Rule]]) -> None:
    ids = [*known, LOSES_SCORES]
    problems = [
        Problem(
            where(stack.path, Mark(one.line, one.column)),
            f"{key}.{EXCEPT}.{_unknown(rule, ids)}",
        )
        for key, told in stack.exceptions.items()
        for rule, one in told.items()
        if rule not in ids
    ]
    if problems:
        title = f"{shown(stack.path)} can't be used:"
        raise DeclarationError(title, problems)


def _unknown(rule: str, known: list[str]) -> str:
    return f"{rule}: unknown rule{ending_for(rule, sorted(known))}"


class _File:
    """One reading of a file of rules.

    Args:
        path: the file.
        known: every rule that there is.
    """

    def __init__(self, path: Path, known: Mapping[str, type[Rule]]) -> None:
        self.path = path
        self._known = known
        self._reader = YamlReader()
        data = load(path, self._reader)
        self._problems = list(self._reader.problems)
        # The rules stand at the top, or under a heading of their own.
        self._everywhere = {
            **self._entries(("rules",), data.get("rules")),
            **self._entries((), {k: v for k, v in data.items() if k not in {"rules", STACKS}}),
        }
        self.stacks = {
            name: self._entries((STACKS, name), entries)
            for name, entries in self._mapping((STACKS,), data.get(STACKS)).items()
        }

    def _mapping(self, place: Place, value: object) -> dict[str, Any]:
        if value is None or isinstance(value, dict):
            return value or {}
        self._note(place, "expected a mapping of keys to values")
        return {}

    def _note(self, place: Place, sentence: str) -> None:
        text = ".".join(map(str, place))
        self._problems.append((self._reader.mark(place), f"{text}: {sentence}"))

    def _entries(self, place: Place, value: object) -> dict[str, tuple[Place, dict[str, Any]]]:
        """Return what stands of each rule: its place, and its values with its level."""
        entries = {}
        for rule, raw in self._mapping(place, value).items():
            if rule not in self._known:
                self._note((*place, rule), f"unknown rule{ending_for(rule, sorted(self._known))}")
                continue
            # YAML 1.1 reads `off` as false.
            values = dict(raw) if isinstance(raw, dict) else {"level": raw}
            level = "off" if values.get("level") is False else values.get("level")
            if "level" in values and level not in set(Level):
                inner = ("level",) if isinstance(raw, dict) else ()
                self._note((*place, rule, *inner), f"expected {_LEVELS}, got {level}")
                continue
            if "level" in values:
                values["level"] = level
            entries[rule] = ((*place, rule), values)
        return entries

    def active(self, stack: str | None) -> Iterator[ActiveRule]:
        """Yield the rules of a stack, or those that hold where a stack says nothing else."""
        own = self.stacks.get(stack or "", {})
        for rule in sorted({**self._everywhere, **own}):
            place, values = self._everywhere.get(rule, ((), {}))
            mine, more = own.get(rule, (place, {}))
            merged = {**values, **more}
            if "level" not in merged:
                self._note(mine, f"level is missing: {_LEVELS}")
                continue
            level = Level(merged.pop("level"))
            if made := self._made(rule, mine, merged, level):
                at = FileLine(shown(self.path), self._reader.mark(mine).line)
                yield ActiveRule(made, level, at)

    def _made(self, rule: str, place: Place, values: dict[str, Any], level: Level) -> Rule | None:
        shape = self._known[rule]
        try:
            return shape.model_validate(values, strict=True)
        except ValidationError as exc:
            # What is off needs no values.
            if level is not Level.OFF:
                for inner, sentence in explain(exc, shape):
                    self._note((*place, *inner), sentence)
        return None

    def refuse_problems(self) -> None:
        """Raise every mistake at once, in the order of the file; each once."""
        told = sorted(set(self._problems), key=lambda one: (one[0].line, one[0].column))
        if told:
            title = f"{shown(self.path)} can't be used:"
            raise DeclarationError(title, [Problem(where(self.path, m), what) for m, what in told])


def _read(path: Path, stack: str, known: Mapping[str, type[Rule]]) -> tuple[ActiveRule, ...]:
    file = _File(path, known)
    active = {name: tuple(file.active(name)) for name in (None, *file.stacks)}
    file.refuse_problems()
    return active.get(stack, active[None])
