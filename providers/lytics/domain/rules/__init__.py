"""The rules: one class a file, found by being here."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from providers.lytics.domain.rulebook import Rule


@cache
def builtin_rules() -> dict[str, type[Rule]]:
    """Return the rules of this folder by id."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    found = [rule for module in modules for rule in rules_in(module)]
    return {rule.id: rule for rule in sorted(found, key=lambda rule: rule.id)}


def rules_in(module: object) -> list[type[Rule]]:
    """Return the rules that a module defines."""
    name = getattr(module, "__name__", "")
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name
    ]
