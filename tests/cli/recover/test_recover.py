import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import cli.recover.locks
import cli.recover.run
import cli.workspace.state
from cli.errors import CliError
from cli.recover.locks import Lock, parse_locks
from cli.recover.recovery import Leftover, find_models, pending_of, without_pending
from cli.recover.run import Damage, put_in_order
from cli.workspace.project import Project as PulumiProject
from cli.workspace.pulumi import PulumiError
from cli.workspace.state import parse_state
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.fields import OnDelete
from providers.lytics.domain.finding.ownership import MODEL_TYPE
from providers.lytics.domain.identity import default_name, inputs_hash, lineage
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.shapes import Model, Segment
from providers.lytics.stack_file.reader import read_stack_file
from tests.cli.conftest import Folder, Run
from tests.support.engine.account import Account
from tests.support.engine.project import PROJECT, STACK, Project, kill_tree

Json = dict[str, Any]
A, B = "a" * 32, "b" * 32
BOOK = SegmentBook([Segment(id=A, slug_name="all"), Segment(id=B, slug_name="best")])
FILE = "models: {churn: {source: all, target: best, config: {use_scores: true}}}\n"
CHURN = lineage("x", "test", "churn")


def model(key: str, *, config: Json | None = None, **fields: Any) -> Model:  # noqa: ANN401
    """Return a model of the account that a declaration of stack x/test made."""
    hash_ = inputs_hash(A, B, config or {"use_scores": True}, 1)
    name = default_name(key, lineage("x", "test", key), hash_)
    sides = {"source": A, "target": B}
    return Model(**{"id": "1" * 32, "name": name, "state": "complete", **sides, **fields})


def state(*resources: Json, pending: Json | None = None) -> Json:
    """Return an exported state."""
    operations = [pending] if pending else []
    return {
        "version": 3,
        "deployment": {"resources": list(resources), "pending_operations": operations},
    }


def creating(key: str) -> Json:
    """Return a pending create of a model."""
    inputs = {"key": key, "lineage": lineage("x", "test", key)}
    urn = f"urn:pulumi:test::x::{MODEL_TYPE}::{key}"
    return {"type": "creating", "resource": {"urn": urn, "type": MODEL_TYPE, "inputs": inputs}}


def stored(**outputs: Any) -> Json:  # noqa: ANN401 - JSON
    """Return the state's model of the key churn, as the file declares it unless said otherwise."""
    declared = {"source": A, "target": B, "config": {"use_scores": True}}
    known = {"key": "churn", "lineage": CHURN, **declared, **outputs}
    return {"type": MODEL_TYPE, "id": "1" * 32, "urn": "u::churn", "outputs": known}


def found(folder: Folder, exported: Json, *account: Model) -> tuple[list[str], list[str]]:
    """Return the keys that an `up` takes up, and those of leftovers."""
    stack = read_stack_file(folder.write("test", FILE))
    seen = find_models("x", stack, parse_state("test", exported), account, BOOK)
    return list(seen.taken_up), [left.key for left in seen.leftovers]


def test_what_is_declared_so_is_taken_up(folder: Folder) -> None:
    """A model of the declared inputs is what the next up takes up; a second one is left over."""
    first, second = model("churn"), model("churn", id="2" * 32)
    assert found(folder, state(), first) == (["churn"], [])
    assert found(folder, state(), first, second) == (["churn"], ["churn"])


@pytest.mark.parametrize(
    ("trained", "expected"),
    [({"use_scores": True}, ([], ["churn"])), ({"use_content": True}, (["churn"], []))],
    ids=["as declared", "to be replaced"],
)
def test_twin_of_what_the_state_has_is_left_over(
    folder: Folder, trained: Json, expected: tuple[list[str], list[str]]
) -> None:
    """An up creates nothing where the state has the declared inputs: a second model is no use."""
    known = {"1" * 32: inputs_hash(A, B, trained, 1)}
    resource = stored(trained=known, config=trained)
    account = model("churn", config=trained), model("churn", id="2" * 32)
    assert found(folder, state(resource), *account) == expected


def test_other_inputs_and_other_keys_are_leftovers(folder: Folder) -> None:
    """Models of inputs or keys that the file has no more are left over, others' are nobody's."""
    changed = model("churn", config={"use_content": True})
    pending = state(pending=creating("gone"))
    assert found(folder, pending, changed, model("gone", id="3" * 32)) == ([], ["churn", "gone"])
    assert found(folder, state(), model("stranger"), model("", name="by hand")) == ([], [])


@pytest.mark.parametrize(
    ("shown", "removed", "expected"),
    [
        ({"is_active": True}, False, ["gone"]),
        ({"state": "building"}, False, ["gone"]),
        ({"state": "complete", "type": "rf"}, False, []),
        ({"state": "invalid"}, False, []),
        ({"is_active": True}, True, []),
        ({"state": "building"}, True, []),
    ],
    ids=str,
)
def test_models_of_keys_that_nobody_knows_any_more(
    folder: Folder, shown: Json, *, removed: bool, expected: list[str]
) -> None:
    """What a kill without checkpoints left is found by its name where it is live, or will be.

    A model at rest, or of a key in `removed`, left as it was meant to.
    """
    text = f"{FILE}removed: {{gone: {{on_delete: retain}}}}\n" if removed else FILE
    stack = read_stack_file(folder.write("test", text))
    gone = model("gone", **shown)
    theirs = gone.model_copy(update={"name": default_name("gone", "ffffff", "0" * 8)})
    seen = find_models("x", stack, parse_state("test", state()), [gone], BOOK)
    assert ([left.key for left in seen.leftovers], dict(seen.taken_up)) == (expected, {})
    assert find_models("x", stack, parse_state("test", state()), [theirs], BOOK).leftovers == ()


def test_a_lock_that_changed_since_the_report_is_left_alone(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the lock that was reported is freed: another run's would end that run's hold."""
    ran: list[object] = []
    monkeypatch.setattr(cli.recover.run, "locks_of", lambda *_, **__: [Lock("ci@other")])
    monkeypatch.setattr(cli.recover.run, "run_pulumi", lambda *a, **_: ran.append(a))
    project = PulumiProject(folder.path, "x", folder.path)
    damage = Damage("test", parse_state("test", state()), [Lock("ci@runner")], [])
    with pytest.raises(CliError, match=r"isn't the one that was reported.*Nothing was changed"):
        put_in_order(project, damage)
    assert ran == []


def test_retired_models_are_no_leftovers(folder: Folder) -> None:
    """What the state holds, or remembers of earlier trainings, is accounted for."""
    resource = stored(trained={"2" * 32: "x"})
    old = model("churn", config={"use_content": True}, id="2" * 32)
    assert found(folder, state(resource), model("churn"), old) == ([], [])


@pytest.mark.parametrize(("policy", "left"), [("deactivate", ["churn"]), ("retain", [])])
def test_retired_model_that_is_live_again_is_left_over(
    folder: Folder, policy: str, left: list[str]
) -> None:
    """A killed run may have gone back to it, and the file gone forth again since."""
    current = inputs_hash(A, B, {"use_scores": True}, 1)
    trained = {"1" * 32: current, "2" * 32: "x", "3" * 32: "y"}
    resource = stored(trained=trained, on_delete=policy)
    old = model("churn", config={"use_content": True}, id="2" * 32, is_active=True)
    at_rest = model("churn", config={"use_content": False}, id="3" * 32)
    assert found(folder, state(resource), model("churn"), old, at_rest) == ([], left)


def test_pending_operations_are_dropped_and_nothing_else() -> None:
    """The repaired state is the exported one without what was under way."""
    exported = state({"type": MODEL_TYPE, "id": "1", "urn": "u"}, pending=creating("churn"))
    (one,) = pending_of(parse_state("test", exported))
    assert (str(one), one.lineage) == ("creating model 'churn'", CHURN)
    repaired = without_pending(exported)
    assert repaired["deployment"] == {"resources": exported["deployment"]["resources"]}
    assert repaired["version"] == 3


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            """error: the stack is currently locked by 1 lock(s). Either wait ...
              s3://b/.pulumi/locks/x.json: created by root@host (pid 12) at 2026-11-23T18:40:01Z""",
            ["root@host (process 12), since 2026-11-23 18:40:01Z"],
        ),
        (
            "error: [409] Conflict: Another update is currently in progress.",
            ["[409] Conflict: Another update is currently in progress."],
        ),
        ("error: something else", []),
    ],
)
def test_locks_are_read_from_pulumis_words(said: str, shown: list[str]) -> None:
    """Backends other than files tell their locks in an error."""
    assert [str(lock) for lock in parse_locks(said)] == shown


@pytest.mark.parametrize(
    ("url", "listed", "locks"),
    [
        ("https://app.pulumi.com/me", [{"name": "org/prod", "updateInProgress": True}], 1),
        ("https://app.pulumi.com/me", [{"name": "prod", "updateInProgress": False}], 0),
        ("https://app.pulumi.com/me", [{"name": "dev", "updateInProgress": True}], 0),
        ("s3://b", "error: a stack named prod already exists", 0),
        ("s3://b", "error: x.json: created by root@host (pid 12) at 2026-11-23T18:40:01Z", 1),
    ],
)
def test_locks_are_asked_for_without_an_update(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    listed: str | list[Json],
    locks: int,
) -> None:
    """Nothing that is asked for the locks begins an update, which the history would keep."""
    asked: list[str] = []

    def answer(_: object, *arguments: str) -> str:
        asked.append(" ".join(arguments[:2]))
        if arguments[0] == "whoami":
            return json.dumps({"url": url})
        if isinstance(listed, str):
            raise PulumiError(arguments, listed)
        return json.dumps(listed)

    monkeypatch.setattr(cli.recover.locks, "run_pulumi", answer)
    project = PulumiProject(folder.path, "x", folder.path)
    found = cli.recover.locks.locks_of(project, "org/x/prod", may_take=True)
    assert found is not None
    assert len(found) == locks
    assert set(asked) <= {"whoami --verbose", "stack ls", "stack rename"}


@pytest.mark.parametrize("url", ["s3://b", "gs://b", "azblob://b", "postgres://p/states"])
def test_no_lock_is_taken_unasked(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, run: Run, url: str
) -> None:
    """Where only taking the lock shows it, recover asks first, and says what it didn't look at."""
    asked: list[str] = []
    state = json.dumps({"deployment": {}})

    def answer(_: object, *arguments: str, **__: object) -> str:
        asked.append(" ".join(arguments[:2]))
        return json.dumps({"url": url}) if arguments[0] == "whoami" else state

    for module in (cli.recover.locks, cli.workspace.state):
        monkeypatch.setattr(module, "run_pulumi", answer)
    folder.write("prod", "models: {}\n")
    answered = run("recover", "--stack", "prod")
    assert "stack rename" not in asked
    assert "nothing to recover" not in answered.out
    assert answered.code == 2
    assert cli.recover.run.LOCK_UNSEEN in answered.err
    run("recover", "--stack", "prod", "--yes")
    assert "stack rename" in asked


def stacks_lock(project: Project, **changes: object) -> Path:
    """Lock a stack as a run does."""
    folder = project.folder / "state" / ".pulumi" / "locks" / "organization" / PROJECT / STACK
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "pid": 2**22 + 1,
        "username": "ci",
        "hostname": "runner",
        "timestamp": "2026-11-23T18:40:01.5Z",
        **changes,
    }
    (folder / "id.json").write_text(json.dumps(content))
    return folder


@pytest.mark.engine
def test_nothing_to_recover_changes_nothing(project: Project, run: Run) -> None:
    """In order already, the command says so, and neither state nor account are touched."""
    project.declare({"churn": {"source": "all_users", "target": "dormant", "adopt": A}})
    before = project.state_file.read_bytes()
    answer = run("recover", "--yes", "--adopt", "--stack", STACK)
    assert (answer.code, answer.err) == (0, "")
    assert "nothing to recover" in answer.out
    assert project.state_file.read_bytes() == before
    assert project.account.writes(0) == []


@pytest.mark.engine
def test_what_a_kill_cut_off_beside_the_state_is_removed(project: Project, run: Run) -> None:
    """Pulumi writes a note beside the state in more than one step, and fails on half of one."""
    project.declare({"churn": DECLARED["churn"]})
    project.up()
    note = project.state_file.with_name(f"{project.state_file.name}.attrs")
    other = note.with_name("another.json.attrs")
    for file in (note, other):
        file.write_text("")
    assert "EOF" in project.up(code=None).words

    refused = run("recover", "--stack", STACK)
    assert (refused.code, note.exists()) == (1, True)
    assert f"{note} is cut off" in refused.out.replace("\n", "")
    answer = run("recover", "--yes", "--stack", STACK)
    assert answer.code == 0, answer.err
    assert not note.exists()
    assert other.exists(), "another stack's is none of ours"
    other.unlink()
    project.expect_no_changes()


@pytest.mark.engine
def test_a_lock_is_told_and_freed(project: Project, run: Run) -> None:
    """Who holds the lock, and since when, is said; it is freed only with --yes."""
    project.declare({})
    folder = stacks_lock(project)
    answer = run("recover", "--stack", STACK)
    assert answer.code == 1
    assert "locked by ci@runner (process 4194305), since 2026-11-23 18:40:01" in answer.out
    assert "--yes" in answer.err
    assert list(folder.iterdir())
    assert run("recover", "--yes", "--stack", STACK).code == 0
    assert not folder.exists() or not list(folder.iterdir())
    project.up()


@pytest.mark.engine
def test_a_run_that_goes_on_is_left_alone(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of a process that still runs on this machine is freed only with --force."""
    project.declare({})
    folder = stacks_lock(project, pid=os.getpid(), hostname=socket.gethostname())
    monkeypatch.setattr(cli.recover.locks, "_runs_pulumi", lambda pid: pid == os.getpid())
    answer = run("recover", "--yes", "--stack", STACK)
    assert answer.code == 1
    assert "still going on" in answer.err
    assert list(folder.iterdir())
    assert run("recover", "--yes", "--force", "--stack", STACK).code == 0


DECLARED = {
    key: {"source": "all_users", "target": target, "config": {"use_scores": True}}
    for key, target in (("churn", "dormant"), ("other", "high_value"))
}


def killed_in_a_create(project: Project) -> None:
    """Kill an `up` while its creates are under way and have taken effect."""
    account = project.account
    account.fault(method="POST", path="^/api/ml$", what="hang", when="after", times=None)
    process = project.start_up()
    try:
        account.wait(lambda: len(account.models()) == 2)
    finally:
        kill_tree(process)
    account.handle.world.log.clear()
    httpx.delete(f"{account.handle.root}/_sandbox/faults").raise_for_status()


@pytest.mark.engine
@pytest.mark.slow
def test_a_killed_up_goes_on(project: Project, run: Run) -> None:
    """After a kill in the middle of creates, recover and a plain up end with one model each."""
    account = project.account
    project.declare(DECLARED)
    killed_in_a_create(project)
    assert "currently locked" in project.up(code=1).output
    answer = run("recover", "--yes", "--stack", STACK)
    assert answer.code == 0, answer.err
    assert re.search(r"locked by \S+@\S+ \(process \d+\), since \d", answer.out)
    for key in DECLARED:
        assert f"creating model '{key}': pulumi up takes up" in answer.out
    assert account.writes(0) == []
    up = project.up()
    assert "pending operations" not in up.output
    assert account.creates(0) == []
    assert set(account.models()) == {project.id("churn"), project.id("other")}
    project.expect_no_changes()
    assert "nothing to recover" in run("recover", "--stack", STACK).out


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "policy", "when"),
    [
        ("updating", "retain", "after"),
        ("deleting", "deactivate", "after"),
        ("deleting", "delete", "before"),
    ],
)
def test_a_killed_update_or_delete_goes_on(
    project: Project, run: Run, kind: str, policy: str, when: str
) -> None:
    """After a kill in an update or a delete, taken effect or not, the next up finishes it."""
    account = project.account
    other = {**DECLARED["other"], "label": "old", "is_active": True, "on_delete": policy}
    project.declare({"churn": DECLARED["churn"], "other": other})
    project.up()
    model_id = project.id("other")
    kept = {"other": {**other, "label": "new"}} if kind == "updating" else {}
    project.declare({"churn": DECLARED["churn"], **kept})
    account.fault(path=f"ml/{model_id}$", what="hang", when=when, times=None)
    process = project.start_up()
    try:
        account.wait(lambda: any(e.fault for e in list(account.handle.world.log._entries)))
    finally:
        kill_tree(process)
    httpx.delete(f"{account.handle.root}/_sandbox/faults").raise_for_status()
    answer = run("recover", "--yes", "--stack", STACK)
    assert answer.code == 0, answer.err
    assert f"  - {kind} model 'other': pulumi up finishes it" in answer.out
    assert "pending operations" not in project.up().output
    left = account.models().get(model_id)
    if kind == "updating":
        assert left is not None
        assert left["label"] == "new"
    else:
        assert (left is None) is (policy == "delete")
        assert model_id not in account.live_ids()
    assert len(project.resources()) == 1 + len(kept)
    project.expect_no_changes()


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("how", ["--adopt", "--retire"])
def test_what_a_killed_up_left_can_be_settled(project: Project, run: Run, how: str) -> None:
    """A model whose declaration has gone since is adopted under its key, or deactivated."""
    account = project.account
    project.declare(DECLARED)
    killed_in_a_create(project)
    project.declare({"churn": DECLARED["churn"]})
    answer = run("recover", "--yes", how, "--stack", STACK)
    assert answer.code == 0, answer.err
    assert "made for 'other'" in answer.out
    (left,) = [i for i, m in account.models().items() if m["name"].startswith("other-")]
    project.up()
    if how == "--adopt":
        other = yaml.safe_load(project.stack_file.read_text())["models"]["other"]
        assert other["adopt"] == left
        assert "take_over" not in other
        assert project.id("other") == left
    else:
        assert not account.model(left)["is_active"]
        assert [r["id"] for r in project.resources()] != [left]
    assert account.creates(0) == []
    assert len(account.models()) == 2
    project.expect_no_changes()


@pytest.mark.engine
@pytest.mark.slow
def test_what_is_declared_otherwise_by_now_is_not_adopted(project: Project, run: Run) -> None:
    """A model whose declaration was changed after the kill can't be adopted as it is declared."""
    account = project.account
    project.declare(DECLARED)
    killed_in_a_create(project)
    changed = {**DECLARED, "other": {**DECLARED["other"], "config": {"use_content": True}}}
    project.declare(changed)
    before = project.stack_file.read_text()
    answer = run("recover", "--yes", "--adopt", "--stack", STACK)
    assert answer.code == 0, answer.err
    assert "creating model 'other': it is in the account, and no longer declared" in answer.out
    assert "'other' is declared otherwise by now" in answer.err.replace("\n", " ")
    assert project.stack_file.read_text() == before
    project.up()
    assert len(account.creates(0)) == 1
    (left,) = [i for i in account.models() if i not in {project.id(key) for key in DECLARED}]

    answer = run("recover", "--yes", "--retire", "--stack", STACK)
    assert answer.code == 0, answer.err
    assert f"'other': model {left} stays in the account, deactivated" in answer.out
    assert account.live_ids() == {project.id(key) for key in DECLARED}
    project.expect_no_changes()


@pytest.mark.engine
def test_a_model_that_another_stack_adopts_is_that_ones(project: Project, run: Run) -> None:
    """A live model of a key that nobody knows is named, unless it has moved to another stack."""
    account = project.account
    name = default_name("gone", lineage(PROJECT, STACK, "gone"), "0" * 8)
    there = account.create(name=name)
    account.wait(account.live_ids)
    project.declare({})
    answer = run("recover", "--stack", STACK)
    assert f"{there} " in answer.out
    assert "made for 'gone', complete, live" in answer.out

    stacks = project.stack_file.parent
    (stacks / "broken.yaml").write_text("models: 1\n")
    declared = yaml.safe_dump({"models": {"gone": {**DECLARED["churn"], "adopt": there}}})
    (stacks / "other.yaml").write_text(declared)
    mark = account.mark()
    answer = run("recover", "--yes", "--retire", "--stack", STACK)
    assert "nothing to recover" in answer.out
    assert account.writes(mark) == []


@pytest.mark.engine
def test_key_of_another_account_recovers_nothing(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the key of another account nothing is freed, dropped or called lost."""
    project.declare({"churn": DECLARED["churn"]})
    project.up()
    folder = stacks_lock(project)
    before = project.state_file.read_bytes()
    monkeypatch.setenv("LIOKEY", "sandbox-other")
    answer = run("recover", "--yes", "--retire", "--stack", STACK)
    assert answer.code == 2
    assert "belongs to account" in answer.err.replace("\n", " ")
    assert list(folder.iterdir())
    assert project.state_file.read_bytes() == before


@pytest.mark.parametrize("policy", ["delete", "delete_even_if_used"])
def test_a_used_leftover_is_deleted_only_where_that_is_declared(
    folder: Folder, account: Account, policy: OnDelete
) -> None:
    """As an up does: the audiences are named, and the model stays."""
    assert folder.path
    made = account.create(name="left_over")
    account.wait(lambda: not account.building())
    account.audience("likely", "segment_prediction.left_over > 0.7")
    with LyticsClient(Settings(api_url=account.url, api_key="sandbox")) as client:
        (model,) = client.list_models()
        leftover = Leftover(model, "churn", None, is_declared=False, policy=policy)
        said = cli.recover.run._retire(client, leftover)
    assert (made in account.models()) is (policy == "delete")
    assert ("used by audience likely" in said) is (policy == "delete")
