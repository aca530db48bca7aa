"""The rules of `stacks/rules.yaml`, before anything is declared: a broken one ends the program."""

import os
from typing import TYPE_CHECKING

import pulumi

from providers.lytics.errors import ForbiddenError
from providers.lytics.pages import page
from providers.lytics.program.ending.exit import end_program

if TYPE_CHECKING:
    from pathlib import Path

    from providers.lytics.domain.audiences import Uses
    from providers.lytics.domain.rulebook import AccountFacts, Verdict
    from providers.lytics.program.program import Program
    from providers.lytics.stack_file.reader import Stack
    from providers.lytics.stack_file.rules_file import StackRules


# `stack_file.yaml_reader.RULES_FILE`, which isn't loaded yet when this is asked.
_RULES_FILE = "rules.yaml"
REHEARSAL_VARIABLE = "LYTICS_ML_REHEARSAL"
"""Set where `lytics-ml rehearse` runs a program on a copy."""


def has_rules(folder: "Path") -> bool:
    """Tell whether a team has rules: where not, nothing of theirs is even loaded."""
    return (folder / _RULES_FILE).is_file()


def check_offline(program: "Program", stack: "Stack") -> None:
    """Check the rules that the files and git can tell; sends nothing.

    Raises:
        DeclarationError: the rules can't be used.
    """
    if has_rules(stack.path.parent):
        rules = _rules(stack)
        # A rehearsal changes nothing. That of a pull request counts as one on the target branch.
        is_tried = pulumi.runtime.is_dry_run() or bool(os.environ.get(REHEARSAL_VARIABLE))
        known = rules.known_offline(applies=not is_tried)
        facts = rules.facts(**known, api=program.settings.api)
        _tell(rules.judge(facts, of_account=False))


def check_in_account(program: "Program", stack: "Stack") -> None:
    """Check the rules for which the account must be asked; GETs only, and only if there are any.

    Raises:
        DeclarationError: the rules can't be used.
        RequestError: the API failed.
    """
    if not has_rules(stack.path.parent):
        return
    rules = _rules(stack)
    asked = rules.needs & {"account", "audiences"}
    if not asked:
        return
    if not program.has_key:
        pulumi.log.warn("No API key: rules for which the account must be asked are not checked")
        return
    account = _account(program, stack, audiences="audiences" in asked)
    verdict = rules.judge(rules.facts(account=account), of_account=True)
    for rule in verdict.unchecked:
        pulumi.log.warn(f"[{rule}] not checked: this key may not see the account's audiences")
    _tell(verdict)


def _rules(stack: "Stack") -> "StackRules":
    from providers.lytics.stack_file.rules_file import rules_of  # noqa: PLC0415 - few have rules

    return rules_of(stack)


def _account(program: "Program", stack: "Stack", *, audiences: bool) -> "AccountFacts":
    from providers.lytics.domain.identity import lineages_of  # noqa: PLC0415 - as above
    from providers.lytics.domain.rulebook import (  # noqa: PLC0415 - as above
        Declared,
        account_facts,
    )

    project, name = pulumi.get_project(), pulumi.get_stack()
    declared = {
        key: Declared(
            model,
            lineages_of(project, name, key) | lineages_of(project, name, model.was or key),
        )
        for key, model in stack.models.items()
    }
    uses = _uses(program) if audiences else None
    return account_facts(declared, program.ahead.models(), uses)


def _uses(program: "Program") -> "Uses | None":
    from providers.lytics.domain.audiences import uses_in  # noqa: PLC0415 - as above

    try:
        return uses_in(program.ahead.segments())
    except ForbiddenError:
        return None


def _tell(verdict: "Verdict") -> None:
    """Warn of what is only to be told, and end the program over what is an error."""
    for breach in verdict.warnings:
        pulumi.log.warn(str(breach))
    if verdict.errors:
        told = "\n".join(f"  - {breach}" for breach in verdict.errors)
        end_program(
            f"The rules of this project forbid it; nothing was changed:\n{told}\n"
            f"How to except a model from a rule: {page('guides/rules#exceptions')}"
        )
