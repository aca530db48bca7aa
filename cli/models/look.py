"""One look at a stack: its state, its stack file, and the API."""

from dataclasses import dataclass, field, replace

from cli.audiences.ask import Audiences, ask_for_audiences
from cli.errors import CliError
from cli.models.rows import Row, rows_of, with_summaries, with_summary, with_uses
from cli.screen.terminal import count
from cli.workspace.account import client_of, connected, proven, readable, settings_of
from cli.workspace.project import Project, find_project
from cli.workspace.state import StackState, read_state
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.errors import AccountError, DeclarationError, LyticsError
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import read_stack_file
from providers.lytics.text import shown


@dataclass
class StackView:
    """What is known of a stack.

    Attributes:
        project: where the stack is.
        state: its state.
        file: its stack file, as people name it.
        rows: its models.
        account: the API's models by id; None if it didn't answer.
        problem: why the API didn't answer, "" if it did.
        notes: what else could not be read.
        audiences: who uses the account's models, where that was asked for.
    """

    project: Project
    state: StackState
    file: str
    rows: list[Row] = field(default_factory=list)
    account: dict[str, Model] | None = None
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    audiences: Audiences = field(default_factory=Audiences)

    @property
    def told(self) -> str:
        """What stands below the models where they are shown all the same, "" if all is known."""
        if self.problem and self.account is None:
            return f"This is what the last run left in the state. {self.problem}"
        return self.problem


def look_at(stack: str | None, *, summaries: bool = True, audiences: bool = True) -> StackView:
    """Look at a stack; an API that doesn't answer leaves what the state knows.

    Args:
        stack: its name; None is the one that is selected.
        summaries: whether to ask for the models' numbers too, a request each.
        audiences: whether to ask who uses the models, one request.

    Raises:
        CliError: there is no such stack.
        AccountError: the key is another account's than that of the stack's models.
    """
    project = find_project()
    state = read_state(project, stack)
    path = project.stack_file(state.stack)
    look = StackView(project, state, shown(path))
    declared: list[str] | None = None
    try:
        declared = list(read_stack_file(path).models)
    except DeclarationError as exc:
        look.notes.append(f"{exc.title} only the state is shown; see bin/lytics-ml validate")
    try:
        settings = settings_of(project, state.stack)
        with connected(settings) as client:
            found = proven(settings, client, state).looks.any().models
            look.account = readable(found.values(), state)
            look.rows = rows_of(state, declared, look.account)
            if audiences:
                look.audiences = ask_for_audiences(client)
            if look.audiences.uses is not None:
                look.rows = with_uses(look.rows, look.audiences.uses)
            if look.audiences.why_unknown:
                look.notes.append(look.audiences.why_unknown)
            if summaries:
                look.rows = with_summaries(client, look.rows)
                look.problem = _missing_numbers(look.rows)
    except AccountError:
        raise  # With another account's key every model would look gone.
    except (CliError, LyticsError) as exc:
        look.problem = f"The account can't be read: {exc}"
        look.rows = rows_of(state, declared, None)
    return look


def _missing_numbers(rows: list[Row]) -> str:
    problems = [row.problem for row in rows if row.problem]
    if not problems:
        return ""
    return f"The numbers of {count(len(problems), 'model')} can't be read: {problems[0]}"


SHORTEST_ID = 4
"""Digits of an id that has been cut short."""


def find_model(look: StackView, wanted: str) -> Row:
    """Return the model of a key or an id, with its numbers.

    Args:
        look: a look at the stack.
        wanted: a key of the stack, or an id of any model of the account, maybe cut short.

    Raises:
        CliError: there is none, or several ids begin so.
    """
    row = find_row(look, wanted)
    if row.model is None:
        return row
    try:
        with client_of(look.project, look.state.stack) as client:
            return with_summary(client, row)
    except (CliError, LyticsError) as exc:
        return replace(row, problem=str(exc))


def find_row(look: StackView, wanted: str) -> Row:
    """Return the model of a key or an id, as the look shows it; as `find_model`."""
    row = _by_key(look.rows, wanted) or _by_id(look, wanted)
    if row is None:
        raise CliError(_unknown(look, wanted))
    return row


def _by_key(rows: list[Row], key: str) -> Row | None:
    return next((row for row in rows if row.key == key and row.role != "leaving"), None)


def _by_id(look: StackView, wanted: str) -> Row | None:
    start = wanted.lower()
    if len(start) < SHORTEST_ID:
        return None
    ids = {row.id for row in look.rows if row.id} | set(look.account or {})
    found = sorted(model_id for model_id in ids if model_id.lower().startswith(start))
    if len(found) > 1:
        message = f"{len(found)} ids begin with {wanted}: {', '.join(found[:5])}. Give more of one."
        raise CliError(message)
    if not found:
        return None
    own = next((row for row in look.rows if row.id == found[0]), None)
    model = (look.account or {}).get(found[0])
    uses = look.audiences.uses
    users = uses.of(model.name) if uses is not None and model is not None else None
    return own or Row("", found[0], "foreign", model=model, is_known=True, uses=users)


def _unknown(look: StackView, wanted: str) -> str:
    keys = sorted({row.key for row in look.rows})
    hint = did_you_mean(wanted, keys) or f" Keys: {', '.join(keys[:20]) or 'none'}."
    return f'Neither stack {look.state.stack} nor its account has a model "{wanted}".{hint}'
