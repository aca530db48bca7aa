"""Adds to the stack's history what an `up` set live, stopped, or didn't let live."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from providers.lytics.domain.live.judging import Part
from providers.lytics.domain.live.watch import Watch, lowest
from providers.lytics.errors import HistoryError
from providers.lytics.history.store import append, history_file, now, read_history, stamp
from providers.lytics.history.timeline import Seen, Timeline, news
from providers.lytics.program.ending.outcomes import Failure
from providers.lytics.program.later import settled
from providers.lytics.program.program import Program
from providers.lytics.program.resources.activation import MlModelActivation
from providers.lytics.program.resources.model import MlModel

_ASKED = ("model_id", "passed", "pending", "parts", "live", "live_model_id", "scores")


@dataclass(frozen=True)
class Kept:
    """A declaration of which the history is kept.

    Attributes:
        key: its key.
        model: the model.
        activation: what sets it live.
        wanted: what it has to keep once it is live.
    """

    key: str
    model: MlModel
    activation: MlModelActivation
    wanted: Watch


async def keep_history(
    program: Program, folder: Path, declared: Iterable[Kept]
) -> tuple[Failure, ...]:
    """Add what became of the models to the history, once it is known; never a failure.

    Args:
        program: what this run shares.
        folder: the project's folder.
        declared: the declarations with an activation.
    """
    known = []
    for one in declared:
        outputs = [one.model.name, *(getattr(one.activation, name) for name in _ASKED)]
        values = await settled(outputs)
        if values is not None:
            name, *rest = values
            known.append((one, str(name), dict(zip(_ASKED, rest, strict=True))))
    if known:
        file = history_file(folder, pulumi.get_stack())
        try:
            await asyncio.to_thread(_add, program, file, known)
        except HistoryError as exc:
            pulumi.log.warn(f"{exc}. What went live is not kept there")
    return ()


def _add(program: Program, file: Path, known: list[tuple[Kept, str, dict[str, Any]]]) -> None:
    timeline = Timeline(read_history(file).records)
    seen = [
        shown
        for one, name, outputs in known
        for shown in seen_by_up(one.key, name, outputs, one.wanted, timeline)
    ]
    append(file, news(timeline, seen, stamp(now(program.timing))))


def seen_by_up(
    key: str, name: str, outputs: Mapping[str, Any], wanted: Watch, timeline: Timeline
) -> Iterator[Seen]:
    """Yield what an activation shows of the models of its declaration; pure.

    Of a model that was live before, the outputs know the numbers of then: those stay out.

    Args:
        key: the declaration's key.
        name: the model's name in Lytics.
        outputs: the activation's outputs.
        wanted: what the model has to keep once it is live.
        timeline: the history so far.
    """
    model_id, live_id = str(outputs["model_id"]), outputs.get("live_model_id")
    is_live = bool(outputs.get("live")) and model_id == live_id
    was_live = timeline.live(model_id)
    scores = {str(n): float(v) for n, v in (outputs.get("scores") or {}).items()}
    if is_live and was_live is not None and was_live.key == key:
        yield Seen(key, model_id, name, live=True)
    elif not outputs.get("pending"):
        parts = tuple(Part(**part) for part in outputs.get("parts") or [])
        bounds = lowest(wanted, scores)
        yield Seen(key, model_id, name, is_live, scores, parts=parts, bounds=bounds)
    for other in timeline.live_ids(key):
        period = timeline.live(other)
        if other != model_id and period is not None:
            yield Seen(key, other, period.name, live=other == live_id)
