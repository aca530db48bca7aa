"""Loads a team's own rules: Python files in `stacks/rules/`, each with a class or more."""

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from providers.lytics.domain.rulebook import Rule
from providers.lytics.domain.rules import builtin_rules, rules_in
from providers.lytics.errors import DeclarationError, Problem
from providers.lytics.text import shown

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def own_rules(folder: Path) -> dict[str, type[Rule]]:
    """Return the rules of a team by id.

    Args:
        folder: where the stack files are; `rules/` is below it.

    Raises:
        DeclarationError: a file can't be loaded, or defines what is no rule; all of them.
    """
    found: dict[str, type[Rule]] = {}
    problems: list[Problem] = []
    for file in sorted((folder / "rules").glob("*.py")):
        try:
            rules = _rules_in_file(file)
        except Exception as exc:  # noqa: BLE001 - somebody else's code
            problems.append(Problem(shown(file), f"can't be loaded: {type(exc).__name__}: {exc}"))
            continue
        if not rules:
            problems.append(Problem(shown(file), "defines no rule: a class that is a Rule"))
        for rule in rules:
            what = _wrong(rule, found)
            if what:
                problems.append(Problem(f"{shown(file)}, class {rule.__name__}", what))
            else:
                found[rule.id] = rule
    if problems:
        title = f"{shown(folder / 'rules')} can't be used:"
        raise DeclarationError(title, problems)
    return found


def _rules_in_file(file: Path) -> list[type[Rule]]:
    name = f"lytics_ml_own_rules_{file.stem}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:  # pragma: no cover - a file that ends with .py has one
        return []
    module = module_from_spec(spec)
    # pydantic looks a class's module up by its name.
    sys.modules[name] = module
    # Compiled files beside the rules would be changes that nobody has committed.
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return rules_in(module)


def _wrong(rule: type[Rule], found: dict[str, type[Rule]]) -> str:
    rule_id = getattr(rule, "id", None)
    if not isinstance(rule_id, str) or not _ID.fullmatch(rule_id):
        return 'expected an id in small letters, for example: id = "no-trials-in-prod"'
    if rule_id in builtin_rules():
        return f"{rule_id} is a rule of lytics-ml; give it another id"
    if rule_id in found:
        return f"{rule_id} is the id of another class as well"
    return "" if rule.means() else "has no docstring: its first line says what must hold"
