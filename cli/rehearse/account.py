"""The copy of an account: its models, segments and numbers, as far as an `up` can see them.

Lytics gets GETs only.
"""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from cli.models.rows import SUMMARIES_AT_ONCE
from cli.workspace.account import connected, proven
from cli.workspace.kinship import is_of_stack
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.audiences import Uses, uses_in
from providers.lytics.domain.live.judging import scores_of
from providers.lytics.errors import ForbiddenError, LyticsError
from providers.lytics.shapes import Segment, Summary
from providers.lytics.stack_file.reader import Stack

Json = dict[str, Any]
FALLBACK_AID = 1234
_ID = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Copy:
    """What an account holds.

    Attributes:
        aid: its number.
        models: as ML List shows them, with the numbers of those that may matter.
        segments: as the segment list shows them.
        fields: names of user fields that models are declared with.
        uses: who uses which score; None where audiences can't be seen.
        building: ids of the models that are being built for the first time.
    """

    aid: int
    models: tuple[Json, ...] = ()
    segments: tuple[Json, ...] = ()
    fields: tuple[str, ...] = ()
    uses: Uses | None = None
    building: frozenset[str] = field(default_factory=frozenset)


def copy_account(
    project: Project, settings: Settings, state: StackState, stack: Stack | None
) -> Copy:
    """Return a copy of a stack's account; sends GETs only.

    Raises:
        AccountError: the key is another account's than that of the stack's models.
        LyticsError: the API failed.
    """
    with connected(settings) as client:
        proven(settings, client, state)
        models = [one for one in client.models_as_sent() if isinstance(one, dict)]
        segments, is_seen = _segments(client, stack)
        wanted = _worth_asking(models, project, state, stack)
        numbers = _numbers(client, wanted)
    shown = [_sent(one) for one in segments]
    return Copy(
        aid=_aid([*models, *segments], settings),
        models=tuple({**one, **numbers.get(str(one.get("id")), {})} for one in models),
        segments=tuple(sorted(shown, key=lambda one: bool(one["deleted"]))),
        fields=_fields(stack),
        uses=uses_in(Segment.model_validate(one) for one in segments) if is_seen else None,
        building=frozenset(str(one["id"]) for one in models if _is_first_build(one)),
    )


def _segments(client: LyticsClient, stack: Stack | None) -> tuple[list[Json], bool]:
    """Return the account's segments, and those of other tables that a declaration names.

    A key that may not see them is no error: then those that are declared by their ids are taken
    to be there. The second value says whether they were seen.
    """
    try:
        found = [one for one in client.segments_as_sent() if isinstance(one, dict)]
    except ForbiddenError:
        ids = [one.lower() for one in _references(stack) if _ID.fullmatch(one)]
        return [{"id": one, "slug_name": one, "name": one} for one in ids], False
    known = {one.get(name) for one in found for name in ("id", "slug_name")}
    for reference in _references(stack):
        if reference in known:
            continue
        other = client.fetch_segment(reference)
        if other is not None and other.id not in known:
            found.append(other.model_dump())
    return found, True


def _references(stack: Stack | None) -> list[str]:
    if stack is None:
        return []
    named = [ref for model in stack.models.values() for ref in (model.source, model.target)]
    return list(dict.fromkeys(stack.segment(reference) for reference in named))


def _fields(stack: Stack | None) -> tuple[str, ...]:
    if stack is None:
        return ()
    configs = [model.config for model in stack.models.values() if model.config is not None]
    return tuple(dict.fromkeys(name for one in configs for name in one.additional or ()))


def _aid(shown: Iterable[Json], settings: Settings) -> int:
    found = next((one["aid"] for one in shown if isinstance(one.get("aid"), int)), None)
    return found if found is not None else settings.account_id or FALLBACK_AID


def _sent(segment: Json) -> Json:
    """Return a segment as a copy takes it."""
    one = Segment.model_validate(segment)
    told: Json = {
        "id": one.id,
        "slug_name": one.slug_name,
        "name": one.name,
        "segment_ql": one.segment_ql,
        "table": one.table,
        "kind": one.kind or "segment",
        "invalid_reason": one.invalid_reason or ("invalid" if one.invalid else ""),
        "deleted": one.deleted,
    }
    if one.ast is not None:
        told["ast"] = one.ast
    if one.size is not None:
        told["size"] = one.size
    return told


def _is_first_build(model: Json) -> bool:
    is_built = model.get("is_active") or model.get("is_healthy") or model.get("type")
    return model.get("state") == "building" and not is_built


def _worth_asking(
    models: Iterable[Json], project: Project, state: StackState, stack: Stack | None
) -> list[str]:
    """Return the ids of the trained models whose numbers an `up` may ask for.

    Those of the stack, those that it adopts, and those that it may take up again by their names.
    """
    declared = stack.models.values() if stack else ()
    ids = {one.id for one in state.models} | {one.adopt for one in declared if one.adopt}
    ids |= {str(one.outputs.get("live_model_id")) for one in state.activations.values()}
    names = {one.name for one in declared if one.name}
    lineages = {str(one.outputs.get("lineage")) for one in state.models}

    def matters(model: Json) -> bool:
        name = str(model.get("name") or "")
        is_ours = model.get("id") in ids or name in names
        return is_ours or is_of_stack(name, project.name, state.stack, lineages)

    return [str(one["id"]) for one in models if "id" in one and matters(one)]


def _numbers(client: LyticsClient, ids: list[str]) -> dict[str, Json]:
    def one(model_id: str) -> Summary | None:
        try:
            return client.fetch_summary(model_id)
        except LyticsError:
            return None  # One that isn't trained has none.

    with ThreadPoolExecutor(SUMMARIES_AT_ONCE) as pool:
        found = dict(zip(ids, pool.map(one, ids), strict=True))
    return {i: {"summary": _told(summary)} for i, summary in found.items() if summary is not None}


def _told(summary: Summary) -> Json:
    health = {"health": summary.scores.health} if summary.scores.health else {}
    return {**scores_of(summary), **health}


def placed(copy: Copy, scores: Mapping[str, Any]) -> Json:
    """Return what the sandbox is given: the account with every build at its end.

    Args:
        copy: the account.
        scores: what a model that is being built comes to.
    """

    def one(model: Json) -> Json:
        if model.get("id") not in copy.building:
            return {key: value for key, value in model.items() if value != {} or key != "summary"}
        config = model.get("config") or {}
        live = not config.get("build_only", False)
        return {**model, "state": "complete", "is_active": live, "summary": dict(scores)}

    return {
        "aid": copy.aid,
        "models": [one(model) for model in copy.models],
        "segments": list(copy.segments),
        "fields": list(copy.fields),
    }
