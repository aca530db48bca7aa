"""Carries a change out on copies, side by side, and says what came of each."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CliError
from cli.rehearse import program as copies
from cli.rehearse.account import Copy, copy_account, placed
from cli.rehearse.program import Program
from cli.rehearse.rehearsal import Rehearsal
from cli.rehearse.room import Room, opened
from cli.rehearse.sandbox import Sandbox
from cli.rehearse.scores import Gates, Given, outcomes_for, parse_scores, scores_for
from cli.rehearse.state import state_to_copy, states_beside
from cli.rehearse.timeline import Seen, rehearsal_of
from cli.workspace.account import settings_of
from cli.workspace.names import names_made
from cli.workspace.project import Project, read_yaml
from cli.workspace.state import StackState
from providers.lytics.api.settings import Settings
from providers.lytics.domain.identity import prefix_of
from providers.lytics.stack_file.reader import Stack, read_stack_file

PROFILE_SETTING = "lytics:account"


@dataclass(frozen=True)
class Rehearsed:
    """All rehearsals of a stack.

    Attributes:
        stack: its name.
        rehearsals: what each came to.
        notes: what could not be told, a sentence each.
    """

    stack: str
    rehearsals: tuple[Rehearsal, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Play:
    """What every rehearsal begins with."""

    settings: Settings
    state: StackState
    stack: Stack | None
    account: Copy
    given: Given
    like: Path | None
    env: Mapping[str, str]


def rehearse(project: Project, name: str | None, written: list[str]) -> Rehearsed:
    """Rehearse a stack's change: every gate passes, none does, and once more with given scores.

    Args:
        project: where.
        name: the stack; None is the one that is selected.
        written: what `--scores` was given.

    Raises:
        CliError: it can't be rehearsed.
        DeclarationError: the stack file has mistakes.
        LyticsError: the account can't be read.
    """
    state = state_to_copy(project, name)
    file = project.stack_file(state.stack)
    stack = read_stack_file(file) if file.is_file() else None
    given = parse_scores(written, stack.models if stack else {})
    settings = settings_of(project, name or state.stack)
    config = copies.settings_to_copy(project, name or state.stack)
    beside = states_beside(project, state)
    account = copy_account(project, settings, state, stack)
    env = copies.clean_environment(settings.api_key)
    play = _Play(settings, state, stack, account, given, _profile(project, state.stack), env)
    wanted: list[Gates] = ["pass", "fail", *(["given"] if given else [])]  # type: ignore[list-item]
    with opened() as room:
        first = Program(room, "first", state.stack, env)
        first.make(project, state, config, beside)
        with ThreadPoolExecutor(len(wanted)) as pool:
            running = [pool.submit(_one, room, first, play, gates) for gates in wanted]
            try:
                found = tuple(one.result() for one in running)
            except BaseException:
                # Whoever waits for a process goes on once it is ended.
                room.close()
                raise
    return Rehearsed(state.stack, found, tuple(_notes(account)))


def _notes(account: Copy) -> list[str]:
    notes = []
    if account.uses is None:
        notes.append("Which audiences lose their scores isn't known: this key may not see them")
    if account.building:
        models = "model is" if len(account.building) == 1 else "models are"
        notes.append(
            f"{len(account.building)} {models} being built in the account; here, each is trained"
        )
    return notes


def _one(room: Room, first: Program, play: _Play, gates: Gates) -> Rehearsal:
    program = first.copied(gates)
    sandbox = Sandbox.start(room, f"sandbox-{gates}", play.like, play.env)
    try:
        declared = play.stack.models if play.stack else {}
        names = {key: one.name for key, one in declared.items()}
        account = placed(play.account, scores_for(gates))
        sandbox.place(account, outcomes_for(gates, play.given, names))
        # The stack's own models tell what becomes of a name, with a profile and without.
        sandbox.name_as(prefix_of(names_made(play.state)))
        program.connect(sandbox.url, play.settings)
        before = sandbox.models()
        ran = program.up()
        log, models, state = sandbox.writes(), sandbox.models(), program.state()
        program.up()
        second = sandbox.writes()[len(log) :]
    finally:
        sandbox.close()
    return rehearsal_of(
        Seen(
            gates=gates,
            exit=ran.exit,
            output=ran.output,
            before=play.state,
            after=state,
            models_before=before,
            models_after=models,
            log=log,
            second_log=second,
            declared=declared,
            uses=play.account.uses,
        )
    )


def _profile(project: Project, stack: str) -> Path | None:
    """Return where the account's profile is, if the stack's settings name one.

    Raises:
        CliError: it isn't there.
    """
    file = project.config_file(stack)
    config = (read_yaml(file).get("config") or {}) if file.is_file() else {}
    named = config.get(PROFILE_SETTING)
    if named is None:
        return None
    path = project.folder / str(named)
    if not path.is_file():
        message = f"{PROFILE_SETTING} of stack {stack} names {named}, which isn't there"
        raise CliError(message)
    return path
