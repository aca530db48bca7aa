"""What may change while a question waits for its answer, and what a kill leaves running."""

import os
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest

import cli.recover.locks
from cli.errors import CliError
from cli.recover import run as recovering
from cli.recover.locks import Lock, parse_locks
from cli.recover.processes import Process, end, left_running, orphans
from cli.recover.recovery import Found, Leftover
from cli.recover.report import report
from cli.recover.run import Damage, left_alone, looked_anew
from cli.workspace.project import Project as PulumiProject
from tests.cli.conftest import Run
from tests.cli.recover.test_recover import stacks_lock
from tests.support.engine.project import Project
from tests.support.review.shapes import inputs_of, model_of, state_of

A, B = "a" * 32, "b" * 32


@pytest.mark.parametrize(
    ("machine", "runs", "alive", "ended"),
    [("here", 12, True, False), ("here", 13, False, True), ("runner", 12, False, False)],
)
def test_a_run_on_this_machine_holds_any_backends_lock(
    monkeypatch: pytest.MonkeyPatch, machine: str, runs: int, *, alive: bool, ended: bool
) -> None:
    """PostgreSQL and S3 tell a holder in words: whether it lives is looked up there too.

    A run that has ended is reported as such, and one on another machine as neither.
    """
    monkeypatch.setattr(cli.recover.locks, "_runs_pulumi", lambda pid: pid == runs)
    host = socket.gethostname() if machine == "here" else machine
    said = f"error: currently locked by 1 lock(s)\n x: created by me@{host} (pid 12) at 2026-11-23"
    (lock,) = parse_locks(said)
    assert (lock.is_alive, lock.has_ended) == (alive, ended)
    (told,) = report(damage_of(locks=(lock,)))
    assert told.endswith("; that run has ended") is ended


def left_over(model_id: str, policy: str = "delete") -> Leftover:
    """Return a model that nothing knows any more."""
    model = model_of(inputs_of("grow"), model_id)
    return Leftover(model, "grow", None, is_declared=False, policy=policy)  # type: ignore[arg-type]


def damage_of(*leftovers: Leftover, locks: tuple[Lock, ...] = ()) -> Damage:
    """Return what a look comes to."""
    return Damage("test", state_of(), list(locks), [], Found({}, leftovers))


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        ((left_over(A), left_over(B)), [A, B]),
        ((left_over(A),), [A]),
        ((left_over(A), left_over(B, "retain")), [A]),
        ((left_over("c" * 32),), []),
    ],
    ids=["as before", "one was adopted", "one is retained now", "another one"],
)
def test_only_what_is_left_over_still_leaves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, now: tuple[Leftover, ...], kept: list[str]
) -> None:
    """The list is read anew after the question: what was asked about and is as it was, no more."""
    before = damage_of(left_over(A), left_over(B))
    monkeypatch.setattr(recovering, "assess", lambda *_, **__: damage_of(*now))
    anew = looked_anew(PulumiProject(tmp_path, "x", tmp_path), before)
    assert [one.model.id for one in anew.leftovers] == kept
    assert len(left_alone(before, anew)) == 2 - len(kept)


def test_no_model_leaves_while_a_run_holds_the_lock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run that began while the question waited may have taken the models up."""
    monkeypatch.setattr(
        recovering, "assess", lambda *_, **__: damage_of(left_over(A), locks=(Lock("me@here"),))
    )
    with pytest.raises(CliError, match="a run has begun meanwhile"):
        looked_anew(PulumiProject(tmp_path, "x", tmp_path), damage_of(left_over(A)))


def test_only_processes_without_an_engine_in_this_folder_are_left_over() -> None:
    """What a living Pulumi has started, or another project's, is none of recover's."""
    engine = Process(2, 1, ("/x/pulumi", "up"), "/p")
    under_way = Process(3, 2, ("/x/pulumi-language-python", "127.0.0.1:1"), "/p")
    its_program = Process(4, 3, ("python", "/x/pulumi-language-python-exec"), "/p")
    orphan = replace(under_way, pid=5, parent=1)
    its_child = replace(its_program, pid=6, parent=5)
    provider = Process(7, 1, ("python", "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"), "/p")
    elsewhere = replace(provider, pid=8, folder="/q")
    other = Process(9, 1, ("python", "app.py"), "/p")
    every = [engine, under_way, its_program, orphan, its_child, provider, elsewhere, other]
    assert [one.pid for one in orphans(every, "/p")] == [5, 6, 7]
    assert str(orphan) == "5 (pulumi-language-python)"


@pytest.mark.engine
def test_what_kill_9_leaves_running_is_named_and_ended(project: Project, run: Run) -> None:
    """After a kill of Pulumi alone its language host and provider go on; recover ends them."""
    project.declare(
        {"grow": {"source": "all_users", "target": "dormant", "config": {"use_scores": True}}}
    )
    project.account.fault(method="POST", path="^/api/ml$", what="hang", when="before", times=None)
    mark = project.account.mark()
    process = project.start_up()
    project.account.wait(lambda: project.account.hit(mark))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = left_running(project.folder)
    try:
        assert left, "nothing is left running"
        told = run("recover", "--stack", "test")
        assert told.code == 1
        assert "Left running by a run that was killed" in told.out
        # What was about to end by itself may have done so meanwhile.
        still = left_running(project.folder)
        assert still
        assert all(str(one.pid) in told.out for one in still)
        done = run("recover", "--yes", "--stack", "test")
        assert done.code == 0, done.err
        assert left_running(project.folder) == []
    finally:
        end(left)
        assert process.stdout is not None
        process.stdout.close()
        project.account.mend()


@pytest.mark.engine
def test_pulumis_own_words_of_a_lock_are_followed_by_what_helps(project: Project) -> None:
    """An `up` that meets a lock says that `recover` looks, and frees it."""
    project.declare({})
    stacks_lock(project)
    ran = project.up(code=None)
    assert ran.code != 0
    assert "lytics-ml recover" in ran.words, str(ran)
