"""The declaration of the model that was live before, out of the stack file's history in git.

The state knows which model was live and a hash of what it was trained from, git knows the text.
Neither is enough alone: a commit may never have been applied, and a hash can't be turned back.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.drift.compare import Observed
from cli.errors import PROBLEMS, CliError
from cli.workspace.state import StackState
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.watch import Watch, judge_numbers
from providers.lytics.domain.record import hash_of
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import DeclarationError
from providers.lytics.shapes import Summary
from providers.lytics.stack_file.reader import Stack, read_stack_file
from providers.lytics.text import shown

MOST_COMMITS = 500


@dataclass(frozen=True)
class Earlier:
    """A declaration whose model was live before.

    Attributes:
        model_id: the model.
        commit: the commit of the stack file that declares it.
        declaration: the declaration.
    """

    model_id: str
    commit: str
    declaration: ModelDeclaration


def live_before(
    path: Path, key: str, state: StackState, observed: Observed, book: SegmentBook
) -> Earlier:
    """Return the declaration of the model that was live before the one in the state.

    Raises:
        CliError: there is none, or the history doesn't show how it was declared.
    """
    wanted = _earlier_models(key, state, observed)
    if not wanted:
        message = f"No other model of {key} that was live before is still in the account."
        raise CliError(message, PROBLEMS)
    model_id, trained_from = wanted[0]
    for commit in _commits(path):
        stack = _at(path, commit)
        declared = stack.models.get(key) if stack else None
        if stack is None or declared is None:
            continue
        if _hash(stack, declared, book) == trained_from:
            return Earlier(model_id, commit, declared)
    message = (
        f"Model {model_id} of {key} was live before, but no commit of {shown(path)} "
        "declares what it was trained from"
    )
    raise CliError(message, PROBLEMS)


def refuse_unless_passed(earlier: Earlier, summary: Summary, wanted: Watch) -> None:
    """Refuse to go back to a model that doesn't score today what a live model has to keep.

    Raises:
        CliError: it names what falls short.
    """
    short = [str(part) for part in judge_numbers(wanted, summary) if not part.passed]
    if short:
        title = f"Model {earlier.model_id} was live before and doesn't pass today:"
        raise CliError("\n  - ".join([title, *short]), PROBLEMS)


def _earlier_models(key: str, state: StackState, observed: Observed) -> list[tuple[str, str]]:
    """Return id and hash of earlier models that can still be taken up, the newest first."""
    resource, activation = state.model(key), state.activations.get(key)
    if resource is None:
        message = f"Stack {state.stack} has no model {key}"
        raise CliError(message, PROBLEMS)
    trained = resource.outputs.get("trained") or {}
    models = observed.models
    # The engine sorts a state's keys, so that only what an activation lists has an order.
    by_age = sorted(trained, key=lambda i: models[i].age_key if i in models else (0.0, i))
    ids = list(activation.outputs.get("earned") or []) if activation else by_age
    usable = [i for i in ids if i in models and not models[i].is_invalid and i in trained]
    # After a failed gate the state holds the one that failed, which never was live.
    return [(i, str(trained[i])) for i in reversed(usable) if i != resource.id]


def _hash(stack: Stack, declared: ModelDeclaration, book: SegmentBook) -> str | None:
    ids = [book.id_of(stack.segment(side)) for side in (declared.source, declared.target)]
    source, target = ids
    if source is None or target is None:
        return None
    return hash_of(declared.inputs(key="-", lineage="-", source=source, target=target))


def _commits(path: Path) -> Iterator[str]:
    listed = _git(path, "log", f"-{MOST_COMMITS}", "--format=%H", "--", path.name)
    yield from listed.split()


def _at(path: Path, commit: str) -> Stack | None:
    try:
        text = _git(path, "show", f"{commit}:./{path.name}")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            copy.write_text(text, encoding="utf-8")
            return read_stack_file(copy)
    except (CliError, DeclarationError):
        return None  # A commit that declared nothing usable declared no live model either.


def _git(path: Path, *arguments: str) -> str:
    command = ["git", "-C", str(path.resolve().parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as exc:
        message = "A rollback reads the stack file's history, and git isn't installed"
        raise CliError(message) from exc
    if done.returncode:
        said = done.stderr.strip().splitlines()
        message = f"A rollback reads the stack file's history: {said[-1] if said else 'git failed'}"
        raise CliError(message)
    return done.stdout
