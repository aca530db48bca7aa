"""A model that moves from one stack's file to another's, as it is."""

from dataclasses import dataclass
from typing import Any

from cli.drift.compare import Observed
from cli.edit.declared import declared_model
from cli.edit.stack_edit import StackEdit
from cli.errors import PROBLEMS, CliError
from cli.promote.evidence import Proving, is_applied
from cli.workspace.project import Project, short_name
from cli.workspace.state import Resource, StackState, read_state, read_state_if_made
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.identity import proof_in
from providers.lytics.stack_file.reader import Stack

# What differs on purpose, or is compared in another way.
_NOT_COMPARED = {"adopt", "take_over", "was", "config", "source", "target"}


@dataclass
class Move:
    """Both files of a move, changed and not yet written.

    Attributes:
        here: the file that the model leaves.
        there: the file that it comes to.
        model: what the state holds of it.
    """

    here: StackEdit
    there: StackEdit
    model: Resource


def plan_move(project: Project, key: str, here: str, there: str) -> Move:
    """Change both files of a move in memory.

    Raises:
        CliError: the model can't be moved, or Pulumi can't tell the states.
        DeclarationError: one of the files can't be used.
    """
    if short_name(here) == short_name(there):
        message = "Name two stacks: the one that has the model, and the one that is to have it."
        raise CliError(message, PROBLEMS)
    edited = StackEdit(project.stack_file(here))
    declared = declared_model(edited.stack, key)
    state = read_state(project, here)
    move = Move(
        here=edited,
        there=StackEdit(project.stack_file(there)),
        model=_owned(state, key),
    )
    _refuse_if_impossible(project, move, key, declared, there)
    _refuse_if_unfinished(edited.stack, state, key)
    lines = move.here.yaml.lines_of(("models", key))
    above = [""] if move.there.stack.models else []
    move.there.yaml.add_block(("models",), [*above, *lines])
    _tie_to_model(move, key)
    _keep_segments(move, key, declared)
    _keep_values(move, key, declared)
    move.here.yaml.remove(("models", key))
    move.here.yaml.set(("removed", key), {"on_delete": "retain"})
    move.here.check()
    return move


def _owned(state: StackState, key: str) -> Resource:
    model = state.model(key)
    if model is None or not model.id:
        message = (
            f"The state of {state.stack} has no model '{key}' yet. Move its lines by hand: there "
            "is no model that would move with them."
        )
        raise CliError(message, PROBLEMS)
    return model


def _refuse_if_impossible(
    project: Project, move: Move, key: str, declared: ModelDeclaration, there: str
) -> None:
    if declared.protect:
        message = (
            f"'{key}' is protected. Set protect: false, run pulumi up, and move it then; "
            "nothing was changed."
        )
        raise CliError(message, PROBLEMS)
    state = read_state_if_made(project, there)
    if key in {*move.there.stack.models, *move.there.stack.removed} or state.model(key):
        message = f"{there} has a '{key}' already. Rename one of the two (was: does that)."
        raise CliError(message, PROBLEMS)


def _refuse_if_unfinished(stack: Stack, state: StackState, key: str) -> None:
    """Refuse what the other stack could not adopt as it is declared, or would leave behind.

    Raises:
        CliError: the last `up` has not come as far as the file.
    """
    is_left = any(one.key == key and one.is_leaving for one in state.models)
    if is_left or not is_applied(Proving(stack, state, Observed({})), key):
        message = (
            f"'{key}' isn't up as {state.stack} declares it, so the other stack couldn't take over "
            f"what is there. Run pulumi up --stack {state.stack}, or go back to what is applied; "
            "move it then. Nothing was changed."
        )
        raise CliError(message, PROBLEMS)


def _tie_to_model(move: Move, key: str) -> None:
    text = move.there.yaml
    text.remove(("models", key, "was"))
    text.set(("models", key, "adopt"), move.model.id)
    if proof_in(str(move.model.outputs.get("name") or "")):
        text.set(("models", key, "take_over"), value=True)


def _keep_segments(move: Move, key: str, declared: ModelDeclaration) -> None:
    """Let source and target mean the same segments in the other file."""
    for side in ("source", "target"):
        wanted = move.here.stack.segment(getattr(declared, side))
        spelling = _spelling(move.there.stack, getattr(declared, side), wanted)
        move.there.yaml.set(
            ("models", key, side), spelling or str(move.model.outputs.get(side) or wanted)
        )


def _spelling(stack: Stack, written: str, wanted: str) -> str | None:
    """Return how a stack file names a slug or id; None if it uses that name for something else."""
    if stack.segments.get(written) == wanted:
        return written
    named = next((name for name, value in stack.segments.items() if value == wanted), None)
    return named or (wanted if wanted not in stack.segments else None)


def _keep_values(move: Move, key: str, declared: ModelDeclaration) -> None:
    """Write what the two files' defaults say differently, so that nothing changes by the move."""
    arrived = move.there.check().models[key]
    for name in sorted(set(ModelDeclaration.model_fields) - _NOT_COMPARED):
        wanted = getattr(declared, name)
        if wanted != getattr(arrived, name):
            move.there.yaml.set(("models", key, name), _plain(wanted))
    before, after = _plain(declared.config) or {}, _plain(arrived.config) or {}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            move.there.yaml.set(("models", key, "config", name), before.get(name))
    move.there.check()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of a declaration
    return value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value
