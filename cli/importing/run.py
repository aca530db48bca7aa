"""What an import reads and writes."""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from cli.edit.stack_edit import StackEdit
from cli.edit.yaml_text import block
from cli.errors import CliError
from cli.importing.plan import Import, Known
from cli.workspace.project import Project
from cli.workspace.state import StackState
from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import ForbiddenError, NotFoundError
from providers.lytics.shapes import Model

HEADING = "# Taken over from the account by lytics-ml import."


def chosen(
    account: Collection[Model], ids: Sequence[str], *, match: str | None, active: bool
) -> list[Model]:
    """Return the models that are to be imported.

    Args:
        account: all models of the account.
        ids: those that are named, all if none.
        match: a pattern with * and ? for name or label, None fits all.
        active: whether to leave out what isn't live.

    Raises:
        CliError: the account has no model of an id.
    """
    by_id = {model.id.lower(): model for model in account}
    unknown = [wanted for wanted in ids if wanted.lower() not in by_id]
    if unknown:
        message = f"The account has no model {', '.join(unknown)}. See bin/lytics-ml show ID."
        raise CliError(message)
    models = [by_id[wanted.lower()] for wanted in dict.fromkeys(ids)] if ids else list(account)
    return [
        model
        for model in models
        if (model.is_active or not active) and (match is None or _fits(model, match.lower()))
    ]


def _fits(model: Model, pattern: str) -> bool:
    return any(fnmatchcase(text.lower(), pattern) for text in (model.name, model.label))


def segments_of(client: LyticsClient) -> tuple[SegmentBook, str]:
    """Return an account's segments; where the key may not see them none, and a sentence.

    Raises:
        LyticsError: the API failed.
    """
    try:
        return SegmentBook(client.list_segments()), ""
    except (ForbiddenError, NotFoundError):
        return SegmentBook([]), (
            "segments are declared by their ids, as this key may not see the account's audiences; "
            "slugs need the permission Audience View"
        )


def known_of(project: Project, state: StackState, edit: StackEdit, book: SegmentBook) -> Known:
    """Return what is there already, in a stack's file and its state."""
    models = [model for model in state.models if model.id]
    return Known(
        project=project.name,
        name=state.stack,
        stack=edit.stack,
        defaults=edit.yaml.data().get("defaults") or {},
        book=book,
        in_state={model.id: model.key for model in models},
        lineages={str(model.outputs.get("lineage")): model.key for model in models},
    )


def written(edit: StackEdit, plan: Import) -> None:
    """Put the new declarations at the end of the models of a stack file."""
    if not plan.declared:
        return
    lines = [HEADING]
    for key, declared in plan.declared.items():
        lines += [*block({key: declared}), ""]
    above = [""] if edit.stack.models else []
    edit.yaml.add_block(("models",), [*above, *lines[:-1]])
