"""Asks the API what drift needs: one ML List and one segment list."""

from cli.drift.compare import Observed
from cli.workspace.account import connected, proven, settings_of
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.api.settings import Settings
from providers.lytics.domain.audiences import uses_in
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import ForbiddenError


def observe(project: Project, state: StackState, settings: Settings | None = None) -> Observed:
    """Ask what a stack's account shows; sends GETs only.

    Args:
        project: where the stack is.
        state: its state.
        settings: address and key; None is those of the stack.

    Raises:
        AccountError: the key is another account's, or nothing proves whose it is.
        SettingsError: there is no key.
        RequestError: the API failed.
    """
    settings = settings or settings_of(project, state.stack)
    with connected(settings) as client:
        run = proven(settings, client, state)
        look = run.looks.any()
        models, gone = dict(look.models), set()
        for resource in state.models:
            found = run.find(resource.id, look)
            if found is None:
                gone.add(resource.id)
            else:
                models[found.id] = found
        spelled = any(
            resource.outputs.get(f"{side}_name")
            for resource in state.models
            for side in ("source", "target")
        )
        try:
            segments = client.list_segments()
        except ForbiddenError:
            if spelled:
                raise
            return Observed(models, frozenset(gone))
    book = SegmentBook(segments) if spelled else None
    return Observed(models, frozenset(gone), book, uses_in(segments))
