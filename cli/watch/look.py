"""One look at a stack's live models: asks the API, and adds what is new to the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.watch.subjects import subjects
from cli.watch.watching import Watching, watch
from cli.workspace.account import connected, proven, settings_of
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.errors import DeclarationError, HistoryError
from providers.lytics.history.store import append, history_file, now, read_history, stamp
from providers.lytics.history.timeline import Seen, Timeline, news
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import read_stack_file


@dataclass(frozen=True)
class LiveView:
    """What a look at live models came to.

    Attributes:
        watching: the models and how they do.
        timeline: the history, this look included.
        before: the history without it.
        notes: what else there is to know, a sentence each.
    """

    watching: Watching
    timeline: Timeline
    before: Timeline
    notes: tuple[str, ...] = ()


def look_at_live_models(project: Project, state: StackState) -> LiveView:
    """Judge a stack's live models; sends GETs only, and writes nothing but the history.

    Raises:
        CliError: the stack's config can't be read.
        LyticsError: the API failed, or the key is another account's.
    """
    notes: list[str] = []
    declared = _declared(project.stack_file(state.stack), notes)
    file = history_file(project.folder, state.stack)
    records = list(read_history(file).records)
    before = Timeline(records)
    settings = settings_of(project, state.stack)
    moment = now()
    with connected(settings) as client:
        run = proven(settings, client, state)
        look = run.looks.any()
        models = dict(look.models)
        for resource in state.models:
            if (found := run.find(resource.id, look)) is not None:
                models[found.id] = found
        found_subjects = subjects(state, declared, models, before)
        watching = watch(state.stack, found_subjects, before, client.fetch_summary, moment)
    notes += [f"{o.subject.key}: {o.problem}" for o in watching.models if o.problem]
    seen = [one.as_seen() for one in watching.models]
    seen += _no_longer_watched(before, models, {one.id for one in seen})
    new = news(before, seen, stamp(moment))
    try:
        append(file, new)
    except HistoryError as exc:
        notes.append(f"{exc}. What was seen is not kept")
    timeline = Timeline(sorted([*records, *new], key=lambda record: record.order))
    return LiveView(watching, timeline, before, tuple(notes))


def _declared(path: Path, notes: list[str]) -> Mapping[str, ModelDeclaration]:
    try:
        return read_stack_file(path).models
    except DeclarationError as exc:
        notes.append(f"{exc.title} models are judged by the gates in the state")
        return {}


def _no_longer_watched(
    timeline: Timeline, models: dict[str, Model], watched: set[str]
) -> list[Seen]:
    """Return the models that the history has as live and that are not this stack's any more."""
    found = []
    for model_id in timeline.live_ids():
        period, model = timeline.live(model_id), models.get(model_id)
        if model_id not in watched and period is not None:
            live = model is not None and model.is_active
            found.append(Seen(period.key, model_id, period.name, live))
    return found
