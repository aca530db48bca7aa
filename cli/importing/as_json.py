"""What `lytics-ml import --json` prints."""

from typing import Any

from typing_extensions import TypedDict

from cli.importing.plan import Import


class SkippedJson(TypedDict):
    """A model that isn't declared; `refused`: it can't be, though it isn't yet."""

    id: str
    name: str
    reason: str
    refused: bool


class ImportJson(TypedDict):
    """What an import declares; `ok` is whether the exit code is 0."""

    stack: str
    file: str
    ok: bool
    declared: dict[str, dict[str, Any]]
    skipped: list[SkippedJson]
    notes: list[str]
    diff: str
    written: bool


def as_json(plan: Import, stack: str, file: str, *, diff: str, written: bool) -> ImportJson:
    """Return what is printed.

    Args:
        plan: what the import comes to.
        stack: the stack.
        file: its file, as people name it.
        diff: how the file changes.
        written: whether it was written.
    """
    return {
        "stack": stack,
        "file": file,
        "ok": not plan.named_and_refused,
        "declared": plan.declared,
        "skipped": [
            {
                "id": model.id,
                "name": model.name,
                "reason": reason,
                "refused": model.id in plan.refused,
            }
            for model, reason in plan.skipped
        ],
        "notes": plan.notes,
        "diff": diff,
        "written": written,
    }
