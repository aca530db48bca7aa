"""What `__main__.py` does: a stack file in, resources and outputs out."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.output import UNKNOWN

from providers.lytics.api.settings import STATE_WRITES_PAY_FROM
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.identity import lineage
from providers.lytics.domain.live.watch import watch_of
from providers.lytics.domain.renaming import renames_of
from providers.lytics.domain.segments import is_id
from providers.lytics.errors import DeclarationError, FileLine, Problem
from providers.lytics.program.ending.history import Kept, keep_history
from providers.lytics.program.ending.outcomes import Failure
from providers.lytics.program.later import awaited
from providers.lytics.program.preview_notes import Planned, note
from providers.lytics.program.program import Program, this_program
from providers.lytics.program.resources.activation import MlModelActivation
from providers.lytics.program.resources.model import MlModel, Spelled
from providers.lytics.program.rules import check_in_account
from providers.lytics.program.segment_lookup import resolve_all
from providers.lytics.program.stack_outputs import Declared
from providers.lytics.program.start import told_to_the_user
from providers.lytics.program.used_notes import warn_of_deletions
from providers.lytics.stack_file.reader import Stack
from providers.lytics.states import ask_holdings


def declare(stack: Stack) -> dict[str, Declared]:
    """Declare every model of a stack, and what sets it live once it is trained.

    Returns:
        The resources of each declaration, by key.
    """
    program = this_program()
    with told_to_the_user():
        check_in_account(program, stack)
        _hint_at_state_writes(program, stack)
        segment = _segments(program, stack)
        aliases = _aliases(stack)
        declared = {}
        with program.outcomes.declaring():
            for key, model in stack.models.items():
                declared[key] = _declare(stack, key, model, segment, aliases.get(key))
            if program.waits:
                program.outcomes.expect(_history(program, stack, declared))
    if pulumi.runtime.is_dry_run() and program.has_key:
        planned = [_planned(stack, key, one, segment) for key, one in declared.items()]
        awaited(note(program, planned))
        awaited(warn_of_deletions(program, stack.removed))
    return declared


def _hint_at_state_writes(program: Program, stack: Stack) -> None:
    """Tell the user of a long run how to make the next one quicker."""
    is_large = len(stack.models) >= STATE_WRITES_PAY_FROM
    after_each_step = "PULUMI_SKIP_CHECKPOINTS" not in os.environ
    if is_large and program.waits and after_each_step and program.settings.state_writes == "step":
        pulumi.log.info(
            f"Pulumi writes the state of {len(stack.models)} models after every step. "
            "It is quicker to write it once a run: bin/pulumi config set lytics:stateWrites end"
        )


def _history(
    program: Program, stack: Stack, declared: Mapping[str, Declared]
) -> Awaitable[Sequence[Failure]]:
    kept = [
        Kept(
            key,
            one.model,
            one.activation,
            watch_of(stack.models[key].gate, stack.models[key].watch),
        )
        for key, one in declared.items()
        if one.activation is not None
    ]
    return keep_history(program, stack.path.parent.parent, kept)


def _segments(program: Program, stack: Stack) -> Callable[[str], pulumi.Input[str]]:
    """Return what turns a declared segment into its id, after one look-up for all of them."""
    sides = ("source", "target")
    references = {
        f"{stack.path}, line {stack.lines[key]}, {key}.{side}": stack.segment(getattr(model, side))
        for key, model in stack.models.items()
        for side in sides
    }
    slugs = {place: name for place, name in references.items() if not is_id(name)}
    book = program.segments.fetch_book() if slugs else None
    if stack.models and program.waits:
        # An API that fails does so here once, not once a model.
        program.watcher.look_first(program.ahead.models())
    if slugs and book is None:
        pulumi.log.warn(
            "No API key: segments are not looked up, and this preview can't say which models "
            "exist already. Set LIOKEY to know"
        )
    ids = resolve_all(slugs, book, program.client.fetch_segment) if book else {}
    for trouble in sorted({book.trouble(name) for name in slugs.values()} if book else ()):
        if trouble:
            # A trained model no longer needs its segment, so this is only a warning.
            pulumi.log.warn(f"{trouble}; a model that is trained from it now won't succeed")
    by_name = {slugs[place]: segment_id for place, segment_id in ids.items()}

    def segment(reference: str) -> pulumi.Input[str]:
        name = stack.segment(reference)
        if is_id(name):
            return name.lower()
        return by_name.get(name) or pulumi.Output.from_input(cast("str", UNKNOWN))

    return segment


class _DeclaredModel(MlModel, module="lytics", name="MlModel"):
    """A model of a stack file, which says besides how it spells the segments."""

    def __init__(self, key: str, spelled: Spelled, **fields: Any) -> None:  # noqa: ANN401 - MlModel's
        self._spelled = spelled
        super().__init__(key, **fields)


def _declare(
    stack: Stack,
    key: str,
    model: ModelDeclaration,
    segment: Callable[[str], pulumi.Input[str]],
    alias: str | None,
) -> Declared:
    aliases = [pulumi.Alias(name=alias)] if alias is not None else None
    options = pulumi.ResourceOptions(protect=model.protect, aliases=aliases)
    resource = _DeclaredModel(
        key,
        Spelled(_spelling(stack, model.source), _spelling(stack, model.target)),
        source=segment(model.source),
        target=segment(model.target),
        opts=options,
        **model.settings,
    )
    if model.activation is None:
        return Declared(resource)
    gate: Any = model.gate.model_dump(exclude_none=True) if model.gate else None
    activation = MlModelActivation(key, model=resource, gate=gate, swap=model.swap, opts=options)
    return Declared(resource, activation)


def _planned(
    stack: Stack, key: str, one: Declared, segment: Callable[[str], pulumi.Input[str]]
) -> Planned:
    model = stack.models[key]
    source, target = segment(model.source), segment(model.target)
    inputs = None
    if isinstance(source, str) and isinstance(target, str):
        project, name = pulumi.get_project(), pulumi.get_stack()
        inputs = model.inputs(
            key=key,
            stack=name,
            lineage=lineage(project, name, key),
            source=source,
            target=target,
        )
    return Planned(one.model, inputs, was=model.was)


def _aliases(stack: Stack) -> dict[str, str]:
    """Return the keys by which the state may know models that were renamed.

    Raises:
        DeclarationError: a rename can't be carried out together with what else is declared.
    """
    name = pulumi.get_stack()

    def in_state() -> set[str]:
        held = ask_holdings()
        return {one.key for one in held if one.stack == name and not one.is_leaving}

    renames = renames_of(stack.models, in_state)
    if renames.refused:
        problems = [
            Problem(FileLine(str(stack.path), stack.lines[key]), f"models.{key}.was: {what}")
            for key, what in renames.refused.items()
        ]
        title = f"{stack.path} can't be brought up as it is:"
        raise DeclarationError(title, problems)
    return dict(renames.aliases)


def _spelling(stack: Stack, reference: str) -> str | None:
    """Return the slug behind a reference, None where an id is declared."""
    name = stack.segment(reference)
    return None if is_id(name) else name
