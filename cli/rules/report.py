"""What `lytics-ml rules` shows."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from cli.rules.check import Judged
from cli.screen.markdown import plain
from cli.screen.terminal import text
from providers.lytics.domain.rulebook import ActiveRule, Breach, Level, Rule

_STYLES = {Level.ERROR: "red", Level.WARN: "yellow", Level.OFF: "dim"}


def as_screen(judged: Judged) -> RenderableType:
    """Return every rule with what it means, its level here, and who breaks it."""
    active = {one.rule.id: one for one in judged.rules.active}
    lines: list[RenderableType] = []
    for rule_id, rule in sorted(judged.rules.known.items()):
        level = active[rule_id].level if rule_id in active else Level.OFF
        title = text(rule_id, "bold").append(f"  {level}", f"not bold {_STYLES[level]}")
        lines.append(title.append(_values(active.get(rule_id)), "not bold dim"))
        lines.append(text(f"  {rule.means()}", ""))
        lines += _breaches(judged, rule_id)
    return Group(*lines)


def _values(active: ActiveRule | None) -> str:
    given = active.rule.model_dump(exclude_unset=True) if active else {}
    return "".join(f"  {name}: {plain(value)}" for name, value in given.items())


def _breaches(judged: Judged, rule_id: str) -> Iterator[Text]:
    verdict = judged.verdict
    for breach in verdict.breaches:
        if breach.rule == rule_id:
            yield text(f"  - {breach.where.short}: {breach.what}", _STYLES[breach.level])
    excepted = {one.key: one.where for one in verdict.excepted if one.rule == rule_id}
    for key, where in excepted.items():
        reason = judged.rules.stack.exceptions[key][rule_id].reason
        yield text(f"  - {where.short}: {key} is excepted: {reason}", "dim")


def as_dict(judged: Judged) -> dict[str, Any]:
    """Return what `rules --json` shows."""
    active = {one.rule.id: one for one in judged.rules.active}
    return {
        "stack": judged.rules.stack.path.stem,
        "rules": [
            _rule(rule_id, rule, active.get(rule_id), judged)
            for rule_id, rule in sorted(judged.rules.known.items())
        ],
        "notes": list(judged.notes),
    }


def _rule(
    rule_id: str, rule: type[Rule], active: ActiveRule | None, judged: Judged
) -> dict[str, Any]:
    return {
        "id": rule_id,
        "means": rule.means(),
        "level": str(active.level if active else Level.OFF),
        "values": active.rule.model_dump(exclude_unset=True) if active else {},
        "broken": [_breach(one) for one in judged.verdict.breaches if one.rule == rule_id],
        "excepted": [_breach(one) for one in judged.verdict.excepted if one.rule == rule_id],
    }


def _breach(breach: Breach) -> dict[str, Any]:
    return {
        "key": breach.key or None,
        "level": str(breach.level),
        "where": breach.where.short,
        "message": breach.what,
    }
