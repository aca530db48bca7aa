"""`lytics-ml rules`, and what validate says of rules."""

import subprocess
from pathlib import Path

import pytest

import cli.rules.command
from cli.errors import CliError
from cli.promote.evidence import Evidence
from cli.promote.work import Checked
from cli.workspace.state import NoStackError, StackState, parse_state
from tests.cli.conftest import Folder, Run
from tests.support.engine.account import Account

STACK = """\
models:
  grow:
    source: all_users
    target: high_value
    is_active: true
    config: {use_scores: true}
"""
RULES = """\
live-needs-gate: error
label-required: warn
stacks:
  quiet: {live-needs-gate: off}
"""


@pytest.fixture
def state(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack `test` that has been made, with nothing in it."""

    def read(_project: object, stack: str | None) -> StackState:
        return parse_state(stack or "test", {})

    monkeypatch.setattr(cli.rules.command, "read_state", read, raising=False)
    monkeypatch.setattr("cli.workspace.state.read_state", read)
    folder.write("test", STACK)


def write_rules(folder: Folder, text: str = RULES) -> Path:
    """Write the rules."""
    path = folder.path / "stacks" / "rules.yaml"
    path.write_text(text)
    return path


def test_validate_ends_with_1_where_an_error_level_rule_is_broken(folder: Folder, run: Run) -> None:
    """Each message has the rule and the place; a warning ends nothing."""
    folder.write("prod", STACK)
    folder.write("quiet", STACK)
    write_rules(folder)
    answer = run("validate")

    assert answer.code == 1
    assert (
        "[live-needs-gate] stacks/prod.yaml:2: grow goes live whatever it scores: give it a gate, "
        "or say is_active: false" in answer.out.splitlines()
    )
    assert "prod: [label-required] stacks/prod.yaml:2: grow has no label" in answer.out
    assert "1 problem in 1 of 2 files" in answer.out
    assert run("validate", "quiet").code == 0
    found = run("validate", "--json").json()["stacks"][0]["problems"]
    assert [(one["file"], one["line"]) for one in found] == [("stacks/prod.yaml", 2)]
    assert found[0]["message"].startswith("[live-needs-gate] ")


def test_validate_tells_a_mistake_in_the_rules(folder: Folder, run: Run) -> None:
    """With its place in rules.yaml, which is no stack file itself."""
    folder.write("prod", STACK)
    write_rules(folder, "live-need-gate: error\n")
    answer = run("validate")

    assert answer.code == 1
    assert "stacks/rules.yaml:1:1: live-need-gate: unknown rule, did you mean" in answer.out


def test_validate_checks_the_branch(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a checkout, detached or not."""
    folder.write("prod", STACK)
    write_rules(folder, "only-from-branch: {level: error, branch: main}\n")
    for name in ("GITHUB_REF", "GITHUB_BASE_REF", "CI_COMMIT_BRANCH"):
        monkeypatch.delenv(name, raising=False)
    for command in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *command], check=True, capture_output=True)

    assert run("validate").code == 0
    subprocess.run(["git", "checkout", "-q", "--detach"], check=True, capture_output=True)
    assert run("validate").code == 0
    subprocess.run(["git", "switch", "-qc", "topic"], check=True, capture_output=True)
    subprocess.run(["git", "branch", "-D", "main"], check=True, capture_output=True)
    answer = run("validate")
    assert answer.code == 1
    assert "[only-from-branch] stacks/rules.yaml:1: prod changes only from main" in answer.out


@pytest.mark.usefixtures("state", "account")
def test_rules_lists_each_with_its_meaning_its_level_and_who_breaks_it(
    folder: Folder, run: Run
) -> None:
    """Also what is off, and who is excepted with which reason."""
    write_rules(folder)
    answer = run("rules", "--stack", "test")
    lines = answer.out.splitlines()

    assert answer.code == 1, answer.err
    assert "live-needs-gate  error" in lines
    assert "  A model that goes live has a gate." in lines
    assert any(line.startswith("  - stacks/test.yaml:2: grow goes live") for line in lines)
    assert "no-delete  off" in lines
    folder.write("test", f"{STACK}    except: {{live-needs-gate: trial until March}}\n")
    excepted = run("rules", "--stack", "test")
    assert excepted.code == 0
    assert "grow is excepted: trial until March" in excepted.out


@pytest.mark.usefixtures("state")
def test_rules_asks_the_account_what_only_it_can_tell(
    folder: Folder, account: Account, run: Run
) -> None:
    """How many models are live, and which audiences use them."""
    adopted = account.create(name="grow_by_hand", config={"use_scores": True})
    account.wait(lambda: not account.building())
    account.change(adopted, is_active=True)
    account.audience("likely", "segment_prediction.grow_by_hand > 0.7")
    folder.write("test", f"{STACK}    adopt: {adopted}\n")
    write_rules(folder, "used-name-declared: error\nlive-slots-left: {level: warn, count: 20}\n")
    found = {one["id"]: one for one in run("rules", "-s", "test", "--json").json()["rules"]}

    assert "audience likely" in found["used-name-declared"]["broken"][0]["message"]
    assert "19 of 20 places stay free" in found["live-slots-left"]["broken"][0]["message"]
    account.fault(method="GET", path="^/api/segment$", status=403)
    answer = run("rules", "-s", "test")
    assert answer.code == 2
    assert "[used-name-declared] not checked: this key may not see" in answer.err


@pytest.mark.usefixtures("state")
def test_an_account_that_no_rule_needs_is_not_asked(
    folder: Folder, account: Account, run: Run
) -> None:
    """Without a rule of the account, `rules` waits for no API and complains of none."""
    write_rules(folder, "label-required: warn\n")
    account.handle.stop()
    answer = run("rules", "-s", "test")
    assert (answer.code, answer.err) == (0, "")


def test_rules_of_a_stack_that_nobody_has_made_are_judged_by_its_files(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new environment's file can be written against the rules before it is up."""

    def read(*_: object) -> StackState:
        message = "no stack"
        raise NoStackError(message)

    assert issubclass(NoStackError, CliError)
    monkeypatch.setattr("cli.workspace.state.read_state", read)
    folder.write("test", STACK)
    write_rules(folder)
    assert run("rules", "--stack", "test").code == 1


def test_validate_online_asks_the_account_for_the_rules_that_need_it(
    folder: Folder, account: Account, run: Run
) -> None:
    """Offline they are left out; a v2 stack is checked for what auto_tune may choose."""
    assert account.models() == {}
    folder.write("test", STACK.replace("use_scores: true", "auto_tune: true"))
    write_rules(
        folder,
        "live-slots-left: {level: error, count: 20}\n"
        "forbidden-fields: {level: error, fields: [email]}\n",
    )
    assert run("validate").code == 0
    online = run("validate", "--online")
    assert online.code == 1
    assert "[live-slots-left] stacks/rules.yaml:1: 0 models of the account are live" in online.out
    folder.configure("test", **{"lytics:api": "v2"})
    assert "[forbidden-fields] stacks/test.yaml:2: grow lets auto_tune" in run("validate").out


@pytest.mark.usefixtures("state")
def test_what_promote_check_says_is_what_proved_in_says(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the other stack can't be asked, its file is compared alone, and that is told."""

    class Promotion:
        def __init__(self, _project: object, there: str, here: str) -> None:
            assert (there, here) == ("staging", "test")

        def check(self, *, pending: bool) -> list[Checked]:
            assert pending
            evidence = Evidence("grow", reasons=("it is still being trained",))
            return [Checked("grow", evidence, ("label",))]

    folder.write("staging", STACK)
    write_rules(folder, "proved-in: {level: error, stack: staging}\n")
    unasked = run("rules", "-s", "test")
    assert unasked.code == 2
    assert "[proved-in] only the files are compared" in unasked.err

    monkeypatch.setattr("cli.promote.work.Promotion", Promotion)
    answer = run("rules", "-s", "test")
    assert answer.code == 1
    assert "grow isn't proved in staging: label differs" in answer.out
    assert "grow isn't proved in staging: it is still being trained" in answer.out
