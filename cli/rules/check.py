"""Checks the rules of a stack: offline, or with what its account and another stack show."""

from dataclasses import dataclass, field
from typing import Any

from cli.errors import CliError
from cli.workspace.account import generation_of
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.domain.audiences import Uses
from providers.lytics.domain.identity import forms, lineages_of
from providers.lytics.domain.rulebook import AccountFacts, Declared, Verdict, account_facts
from providers.lytics.domain.rules.proved_in import ProvedIn
from providers.lytics.errors import LyticsError
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import Stack
from providers.lytics.stack_file.rules_file import StackRules, rules_of


@dataclass(frozen=True)
class Asked:
    """What the account of a stack showed.

    Attributes:
        models: its models.
        uses: who uses them; None where the key may not see audiences.
    """

    models: tuple[Model, ...]
    uses: Uses | None = None


@dataclass(frozen=True)
class Judged:
    """What the rules say of a stack, and what hindered them.

    Attributes:
        rules: the rules.
        verdict: what they say.
        notes: why something could not be checked, a sentence each.
    """

    rules: StackRules
    verdict: Verdict
    notes: tuple[str, ...] = field(default=())


def judge_offline(project: Project, stack: Stack) -> Judged:
    """Judge a stack by its files and git alone.

    Raises:
        DeclarationError: the rules can't be used.
    """
    rules = rules_of(stack)
    known = _known_offline(project, rules)
    return Judged(rules, rules.judge(rules.facts(**known), of_account=False))


def judge_account(project: Project, stack: Stack, asked: Asked) -> Judged:
    """Judge a stack that may have no state by the rules for which its account is asked.

    Raises:
        DeclarationError: the rules can't be used.
    """
    rules = rules_of(stack)
    account = _account(project, stack, StackState(stack.path.stem), asked)
    verdict = rules.judge(rules.facts(account=account), of_account=True)
    notes = tuple(f"[{rule}] {_why_not(asked)}" for rule in verdict.unchecked)
    return Judged(rules, verdict, notes)


def _known_offline(project: Project, rules: StackRules) -> dict[str, Any]:
    known = rules.known_offline(applies=False)
    return {**known, "api": generation_of(project, rules.stack.path.stem)}


def judge_all(project: Project, stack: Stack, state: StackState, asked: Asked | None) -> Judged:
    """Judge a stack by all that can be known.

    Args:
        project: where it is.
        stack: its declarations.
        state: its state.
        asked: what its account showed; None if that could not be asked.

    Raises:
        DeclarationError: the rules can't be used.
    """
    rules = rules_of(stack)
    known = _known_offline(project, rules)
    notes = []
    proved = rules.rule(ProvedIn)
    if isinstance(proved, ProvedIn):
        try:
            unproved = _unproved(project, proved.stack, state.stack)
        except (CliError, LyticsError) as exc:
            notes.append(f"[proved-in] only the files are compared: {exc}")
        else:
            known["unproved"] = {proved.stack: unproved}
    if asked is not None:
        known["account"] = _account(project, stack, state, asked)
    verdict = rules.judge(rules.facts(**known))
    notes += [f"[{rule}] not checked: {_why_not(asked)}" for rule in verdict.unchecked]
    return Judged(rules, verdict, tuple(notes))


def _why_not(asked: Asked | None) -> str:
    if asked is None:
        return "the account could not be asked"
    return "this key may not see the account's audiences"


def _unproved(project: Project, there: str, here: str) -> dict[str, tuple[str, ...]]:
    """Return by key what `promote --check --pending` says against a model."""
    from cli.promote.work import Promotion  # noqa: PLC0415 - only where this rule is set

    return {
        one.key: (
            *(f"{name} differs" for name in one.differing),
            *(one.evidence.reasons if one.evidence else ()),
        )
        for one in Promotion(project, there, here).check(pending=True)
        if not one.is_right
    }


def _account(project: Project, stack: Stack, state: StackState, asked: Asked) -> AccountFacts:
    kept = {one.key: one for one in state.models if not one.is_leaving}
    declared = {}
    for key, model in stack.models.items():
        own = kept.get(key) or kept.get(model.was or "")
        lineages = lineages_of(project.name, state.stack, key)
        if own is not None and own.outputs.get("lineage"):
            lineages = frozenset(forms(str(own.outputs["lineage"])))
        declared[key] = Declared(model, lineages, {own.id} if own is not None else ())
    return account_facts(declared, asked.models, asked.uses)
