"""What `lytics-ml show` shows of one model."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.models.rows import Row, fitness_band
from cli.models.table import NONE, shown_number
from cli.screen.terminal import can_show, count, mark, safe, text
from providers.lytics.domain.audiences import named
from providers.lytics.domain.live.judging import number
from providers.lytics.shapes import ErrorMatrix, Feature, Message, Summary

BAR_WIDTH = 20
MOST_FEATURES = 20
WIDE = 120
"""Columns from which the kind of each feature and all parts of its impact are shown."""
_SEVERITY = {"error": "red", "warn": "yellow", "warning": "yellow"}


def model_page(row: Row, console: Console, *, every: bool = False) -> RenderableType:
    """Return one model in full.

    Args:
        row: the model.
        console: where it will be shown; a narrow one gets fewer columns.
        every: whether to show every feature and every message.
    """
    parts: list[RenderableType] = [_title(row), _facts(row)]
    if row.summary is not None:
        parts += _verdict(row.summary.scores.msgs)
        parts += [_heading("Scores"), _scores(row.summary)]
    if row.activation is not None and row.gate:
        parts += [_heading(f"Gate: {row.gate}"), _gate(row)]
    if row.summary is not None:
        parts += _features(row.summary.features, console, every=every)
        parts += _errors(row.summary.scores.error_matrix)
        parts += _messages(row.summary.scores.msgs, every=every)
    if row.problem:
        parts += [Text(), text(f"The numbers can't be read: {row.problem}", "red")]
    return Group(*parts)


def _heading(title: str) -> Text:
    return Text(f"\n{safe(title)}", style="bold")


def _title(row: Row) -> Text:
    title = text(row.key or row.name or row.id, "bold")
    return title.append(f"  {safe(row.label)}", "not bold") if row.label else title


def _facts(row: Row) -> Table:
    outputs = row.resource.outputs if row.resource else {}
    model = row.model
    source = outputs.get("source_name") or (model.source if model else outputs.get("source"))
    target = outputs.get("target_name") or (model.target if model else outputs.get("target"))
    live = NONE if row.live is None else "yes" if row.live else "no"
    facts = {
        "id": row.id or NONE,
        "name": row.name or NONE,
        "state": f"{row.state}, {row.health}" if row.health else row.state,
        "why": model.reason if model is not None and model.is_invalid else "",
        "live": live,
        "used by": _used_by(row),
        "scores whom": source or NONE,
        "who resemble": target or NONE,
        "algorithm": (model.type if model else outputs.get("type")) or "",
        "created": _moment(model.created if model else outputs.get("created")),
        "updated": _moment(model.updated if model else outputs.get("updated")),
        "config": _config(row),
    }
    table = _pairs()
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, "dim"), text(value))
    return table


def _used_by(row: Row) -> str:
    if row.uses is None:
        return ""
    return f"{count(row.audiences or 0, 'audience')}: {named(row.uses)}" if row.uses else "nobody"


def _moment(value: object) -> str:
    """Return a date of the API to the second, as it is if it can't be read."""
    try:
        return datetime.fromisoformat(str(value or "")).isoformat(" ", "seconds")
    except ValueError:
        return str(value or "")


def _config(row: Row) -> str:
    reported = row.model.config.reported() if row.model else {}
    declared: Any = row.resource.outputs.get("config") if row.resource else None
    config = {**(declared if isinstance(declared, dict) else {}), **reported}
    return ", ".join(f"{name} {_plain(value)}" for name, value in sorted(config.items()))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return "+".join(str(item) for item in value) or "none"
    return str(value)


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _verdict(messages: Sequence[Message]) -> Iterator[Text]:
    for message in messages:
        if "verdict" in message.tags:
            yield Text("\n").append(safe(message.text, 2000), "bold")


_SCORE_WORDS = {
    "auc": "area under the ROC curve, 1 is perfect, 0.5 is chance",
    "accuracy": "of 10",
    "reach": "of 10",
    "fitness": "accuracy + reach",
    "rsq": "R squared; Lytics trusts 0.1 to 0.975",
    "mse": "mean squared error",
    "threshold": "from this prediction on a user counts as one of the target",
    "audience_similarity": "Jaccard index of source and target",
}


def _scores(summary: Summary) -> Table:
    table = _pairs()
    table.add_column(overflow="fold")
    for name, words in _SCORE_WORDS.items():
        value = number(summary, name)
        band = f": {fitness_band(value)}" if name == "fitness" and value is not None else ""
        shown = NONE if value is None else shown_number(value)
        table.add_row(Text(name, "dim"), Text(shown), Text(f"{words}{band}", "dim"))
    return table


def _gate(row: Row) -> RenderableType:
    if not row.gate_parts:
        reasons = row.activation.outputs.get("reasons") if row.activation else None
        lines = reasons if isinstance(reasons, list) and reasons else ["not judged yet"]
        return Group(*(text(line) for line in lines))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("", "number", "wanted", "measured"):
        table.add_column(heading, overflow="fold")
    for part in row.gate_parts:
        passed = bool(part.get("passed"))
        sign = Text(mark(passed), "green" if passed else "red")
        table.add_row(
            sign, *(text(part.get(name, "")) for name in ("number", "wanted", "measured"))
        )
    return table


def _features(
    features: Sequence[Feature], console: Console, *, every: bool
) -> Iterator[RenderableType]:
    if not features:
        return
    ranked = sorted(features, key=lambda feature: -(feature.importance or 0.0))
    kept = ranked if every else ranked[:MOST_FEATURES]
    yield _heading("Features")
    wide = console.width >= WIDE
    padding = (0, 2 if wide else 1, 0, 0)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=padding)
    table.add_column("importance", no_wrap=True)
    table.add_column("feature", overflow="fold", min_width=16)
    if wide:
        table.add_column("kind", no_wrap=True)
    # How many users of source and target have the field.
    for heading in ("source", "target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("impact", overflow="fold")
    most = max((feature.importance or 0.0) for feature in kept) or 1.0
    for feature in kept:
        cells = [_bar(feature.importance, most, BAR_WIDTH if wide else BAR_WIDTH // 2)]
        cells.append(text(feature.name))
        if wide:
            cells.append(text(" ".join(part for part in (feature.kind, feature.type) if part)))
        cells += [_share(feature.prevalence.source), _share(feature.prevalence.target)]
        cells.append(text(_impact(feature, every_part=wide)))
        table.add_row(*cells)
    yield table
    if len(kept) < len(ranked):
        yield Text(f"and {len(ranked) - len(kept)} more; --all shows them", "dim")


def _bar(importance: float | None, most: float, width: int) -> Text:
    if importance is None:
        return Text(NONE)
    full = "█" if can_show("█") else "#"
    length = max(0, min(width, round(width * importance / most)))
    return Text(full * length, "cyan").append(" " * (width - length)).append(f" {importance:.3f}")


def _share(value: float | None) -> Text:
    return Text(NONE if value is None else f"{value:.0%}")


def _impact(feature: Feature, *, every_part: bool) -> str:
    impact = feature.impact
    parts = []
    if impact.lift is not None:
        parts.append(f"lift {impact.lift:.3g}")
    if impact.threshold is not None and every_part:
        parts.append(f"threshold {impact.threshold:.4g}")
    if impact.value not in (None, "") and every_part:
        value = impact.value
        parts.append(f"value {f'{value:.4g}' if isinstance(value, float) else value}")
    return ", ".join(parts) or NONE


def _errors(matrix: ErrorMatrix) -> Iterator[RenderableType]:
    counts = (
        matrix.true_positive,
        matrix.false_negative,
        matrix.false_positive,
        matrix.true_negative,
    )
    if all(count is None for count in counts):
        return
    yield _heading("Held-out users")
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("", "predicted target", "predicted not", "right"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("in the target", *_error_cells(counts[0], counts[1], right=counts[0]))
    table.add_row("not in the target", *_error_cells(counts[2], counts[3], right=counts[3]))
    yield table


def _error_cells(yes: int | None, no: int | None, *, right: int | None) -> Iterable[str]:
    total = (yes or 0) + (no or 0)
    share = f"{right / total:.0%}" if right is not None and total else NONE
    return (*(NONE if count is None else str(count) for count in (yes, no)), share)


def _messages(messages: Sequence[Message], *, every: bool) -> Iterator[RenderableType]:
    others = [message for message in messages if "verdict" not in message.tags]
    shown = others if every else [m for m in others if m.severity != "debug"]
    if shown:
        yield _heading("Messages")
    for message in shown:
        line = text(f"{message.severity or 'info'}: ", _SEVERITY.get(message.severity, "dim"))
        yield line.append(safe(message.text, 2000), "default")
    if len(shown) < len(others):
        hidden = len(others) - len(shown)
        yield Text(f"\n{hidden} debug messages more; --all shows them", "dim")


def as_json(row: Row, stack: str, *, problem: str = "") -> dict[str, Any]:
    """Return what `show --json` prints."""
    facts: dict[str, Any] = {"stack": stack, **row.as_dict()}
    facts["problem"] = row.problem or problem or None
    facts["gate"] = {"result": row.gate, "parts": row.gate_parts} if row.gate else None
    if row.model is not None:
        names = ("aid", "source", "target", "type", "created", "updated", "reason")
        facts |= {name: getattr(row.model, name) for name in names}
        facts["config"] = row.model.config.reported()
    if row.uses is not None:
        facts["used_by"] = [use.shown for use in row.uses]
    if row.summary is not None:
        messages = row.summary.scores.msgs
        facts["verdict"] = [m.text for m in messages if "verdict" in m.tags]
        facts["features"] = [feature.model_dump() for feature in row.summary.features]
        facts["error_matrix"] = row.summary.scores.error_matrix.model_dump()
        facts["messages"] = [message.model_dump() for message in messages]
        facts["target_predictions"] = row.summary.scores.target_predictions
        facts["source_predictions"] = row.summary.scores.source_predictions
    return facts
