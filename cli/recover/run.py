"""Puts in order what a killed run left behind."""

import json
from dataclasses import dataclass, field

from cli.audiences.ask import ask_for_audiences
from cli.edit.stack_edit import StackEdit
from cli.errors import PROBLEMS, CliError
from cli.importing.plan import Import, plan_import
from cli.importing.run import known_of, written
from cli.recover.locks import Lock, locks_of
from cli.recover.processes import Process, end, left_running
from cli.recover.recovery import Found, Leftover, Pending, find_models, pending_of, without_pending
from cli.workspace.account import client_of, connected, proven, settings_of
from cli.workspace.holdings import holdings_of
from cli.workspace.project import Project
from cli.workspace.pulumi import run_pulumi
from cli.workspace.state import StackState, read_state
from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.audiences import Use, Uses, deletion_refused, users_left
from providers.lytics.domain.fields import EVEN_IF_USED, policy_of
from providers.lytics.domain.live.liveness import to_write
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import AccountError, DeclarationError, LyticsError
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import read_stack_file


@dataclass
class Damage:
    """What there is to put in order.

    Attributes:
        stack: the stack's name.
        state: its state.
        locks: who holds it.
        pending: what was under way.
        found: what the account has of its models; None if it could not be asked.
        account: all models of the account.
        book: the account's segments.
        problem: why lock or account could not be looked at, a line each, "" if they could.
        processes: what a killed run left running on this machine.
    """

    stack: str
    state: StackState
    locks: list[Lock]
    pending: list[Pending]
    found: Found | None = None
    account: list[Model] = field(default_factory=list)
    book: SegmentBook = field(default_factory=lambda: SegmentBook([]))
    problem: str = ""
    processes: list[Process] = field(default_factory=list)

    @property
    def is_any(self) -> bool:
        """Whether a run left something that the next one trips over."""
        return bool(self.locks or self.pending or self.processes)

    @property
    def is_in_use(self) -> bool:
        """Whether a run that holds the lock goes on."""
        return any(lock.is_alive for lock in self.locks)

    @property
    def leftovers(self) -> tuple[Leftover, ...]:
        """Models of the stack that nothing knows any more."""
        return self.found.leftovers if self.found else ()


LOCK_UNSEEN = (
    "recover didn't check whether a run holds the stack: on this backend it has to take the lock "
    "for a moment, as --yes lets it"
)


def assess(project: Project, stack: str, *, may_take_lock: bool) -> Damage:
    """Look at lock, state and account; nothing is changed.

    Args:
        project: where the stack is.
        stack: its name.
        may_take_lock: whether the lock may be taken for a moment, where looking needs that.

    Raises:
        CliError: Pulumi can't tell.
        AccountError: the key is another account's.
    """
    state = read_state(project, stack)
    locks = locks_of(project, stack, may_take=may_take_lock)
    damage = Damage(stack, state, locks or [], pending_of(state))
    problems = [LOCK_UNSEEN] if locks is None else []
    damage.processes = left_running(project.folder)
    try:
        declared = read_stack_file(project.stack_file(stack))
        settings = settings_of(project, stack)
        with connected(settings) as client:
            look = proven(settings, client, state).looks.any()
            damage.account = list(look.models.values())
            damage.book = SegmentBook(client.list_segments())
        theirs = _adopted_elsewhere(project, stack)
        ours = [model for model in damage.account if model.id not in theirs]
        damage.found = find_models(
            project.name, declared, state, ours, damage.book, holdings=holdings_of(project)
        )
    except AccountError:
        raise
    except DeclarationError as exc:
        problems.append(
            f"{exc.title} so its models were not looked for; see bin/lytics-ml validate"
        )
    except (CliError, LyticsError) as exc:
        problems.append(f"The account could not be asked: {exc}")
    damage.problem = "\n".join(problems)
    return damage


def _adopted_elsewhere(project: Project, stack: str) -> set[str]:
    """Return the ids that other stacks of the project adopt: a model that moved is theirs."""
    adopted: set[str] = set()
    for file in project.stack_files():
        if file == project.stack_file(stack):
            continue
        try:
            declared = read_stack_file(file).models.values()
        except DeclarationError:
            continue  # That is the other stack's to say.
        adopted |= {model.adopt for model in declared if model.adopt is not None}
    return adopted


def put_in_order(project: Project, damage: Damage) -> None:
    """End what still runs, free the lock and drop what was under way.

    The next `up` finds out what became of it.

    Raises:
        CliError: Pulumi failed, or the lock has changed since it was reported.
    """
    if damage.locks:
        if locks_of(project, damage.stack, may_take=True) != damage.locks:
            message = (
                "The lock isn't the one that was reported any more: a run has ended or begun "
                "meanwhile. Nothing was changed; run bin/lytics-ml recover again."
            )
            raise CliError(message, PROBLEMS)
        end(damage.processes)  # First: what has no lock any more must not write.
        run_pulumi(project, "cancel", "--yes", "--stack", damage.stack)
    end(damage.processes)
    # What the state said before the lock was free may be old.
    state = read_state(project, damage.stack)
    if state.pending:
        repaired = json.dumps(without_pending(state.exported))
        run_pulumi(project, "stack", "import", "--stack", damage.stack, stdin=repaired)


def looked_anew(project: Project, damage: Damage) -> Damage:
    """Look again at what is left over: somebody took time to answer a question.

    Returns:
        What is left over still, and would leave in the same way.

    Raises:
        CliError: a run has begun meanwhile.
    """
    now = assess(project, damage.stack, may_take_lock=True)
    if now.locks:
        message = (
            f"Stack {damage.stack} is locked by {now.locks[0]}: a run has begun meanwhile. "
            "No model was changed; run bin/lytics-ml recover again once it has ended."
        )
        raise CliError(message, PROBLEMS)
    before = {(one.model.id, one.policy) for one in damage.leftovers}
    same = tuple(one for one in now.leftovers if (one.model.id, one.policy) in before)
    taken_up = now.found.taken_up if now.found else {}
    now.found = Found(taken_up, same)
    return now


def left_alone(before: Damage, now: Damage) -> list[str]:
    """Return a sentence for each model that isn't left over any more."""
    still = {one.model.id for one in now.leftovers}
    return [
        f"'{one.key}': model {one.model.id} isn't left over as it was any more, and stays as it is"
        for one in before.leftovers
        if one.model.id not in still
    ]


def adopt(project: Project, damage: Damage) -> tuple[StackEdit, Import]:
    """Declare leftovers, so that the next `up` adopts them; returns what was written.

    Raises:
        CliError: the file can't be changed.
    """
    edit = StackEdit(project.stack_file(damage.stack))
    known = known_of(project, damage.state, edit, damage.book)
    plan = Import()
    loose = []
    for one in damage.leftovers:
        if not one.is_declared:
            loose.append(one.model)
        else:
            plan.skipped.append((one.model, _why_not_adopted(damage, one)))
    more = plan_import(known, loose, damage.account, named={model.id for model in loose})
    written(edit, more)
    edit.write()
    plan.declared = more.declared
    plan.skipped += more.skipped
    return edit, plan


def _why_not_adopted(damage: Damage, one: Leftover) -> str:
    """Return why a leftover can't be adopted under its key, which is declared."""
    if one.in_state is not None:
        return f"'{one.key}' is model {one.in_state} already"
    taken_up = damage.found.taken_up.get(one.key) if damage.found else None
    if taken_up is not None:
        return f"pulumi up takes up model {taken_up.id} for '{one.key}'"
    if one.model.is_invalid:
        return "its training failed"
    # It was made for other inputs than the declared ones, so `adopt` would be refused.
    return (
        f"'{one.key}' is declared otherwise by now; put the former declaration back to take it "
        "up again, or let it leave with --retire"
    )


def retire(project: Project, damage: Damage) -> list[str]:
    """Let leftovers leave the account by their policies; return a sentence for each.

    Raises:
        LyticsError: the API failed.
    """
    with client_of(project, damage.stack) as client:
        return [_retire(client, one) for one in damage.leftovers]


def _users(client: LyticsClient, model: Model) -> tuple[Use, ...]:
    asked = ask_for_audiences(client)
    return users_left(model.name, model.id, asked.uses or Uses(), client.list_models())


def _retire(client: LyticsClient, one: Leftover) -> str:
    model = one.model
    name = f"'{one.key}': model {model.id}"
    if one.policy == "retain":
        return f"{name} stays as it is (on_delete: retain)"
    if policy_of(one.policy) == "delete":
        if one.policy != EVEN_IF_USED and (users := _users(client, model)):
            return deletion_refused(one.key, model.id, users)
        if client.delete_model(model.id):
            return f"{name} is deleted"
        return f"{name} stays: Lytics says that there is nothing to delete, and shows it"
    if to_write(model, wanted=False) is not None:
        client.update_model(model.id, {"is_active": False})
    return f"{name} stays in the account, deactivated"
