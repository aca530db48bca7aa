import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Folder, Run
from tests.support.engine.account import Account

GOOD = """\
models:
  churn:
    source: all_users
    target: high_value
    config: {use_scores: true}
"""


def test_good_files_are_no_problem(folder: Folder, run: Run) -> None:
    """Files without mistakes end with 0 and one line that counts them."""
    folder.write("dev", GOOD)
    folder.write("prod", GOOD)
    answer = run("validate")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("2 files, 2 models: no problems")


def test_all_problems_of_all_files_are_told_with_their_places(folder: Folder, run: Run) -> None:
    """Each mistake of each file has file, line, column and what would be right."""
    folder.write("dev", GOOD.replace("use_scores", "use_score"))
    folder.write("prod", GOOD + "    is_active: perhaps\n    generation: 0\n")
    answer = run("validate")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert any(
        line.startswith("stacks/dev.yaml:5:14: models.churn.config.use_score: unknown key")
        and "did you mean use_scores?" in line
        for line in lines
    )
    assert any(
        line.startswith("stacks/prod.yaml:6:5: models.churn.is_active: expected true or false")
        for line in lines
    )
    assert any(line.startswith("stacks/prod.yaml:7:5: models.churn.generation") for line in lines)
    assert lines[-1] == f"{len(lines) - 1} problems in 2 of 2 files"


def test_what_the_generation_of_the_api_cannot_do_is_told(folder: Folder, run: Run) -> None:
    """A preview would refuse it, so validate does; with the other generation all is well."""
    hidden = "    on_delete: hide\nremoved: {old: {on_delete: hide}}\n"
    folder.write("dev", GOOD.replace("true}", "true, blocked: [email]}") + hidden)
    answer = run("validate")
    assert answer.code == 1
    assert [line.split(": v1 of")[0] for line in answer.out.splitlines()[:-1]] == [
        "stacks/dev.yaml:2: models.churn.config.blocked",
        "stacks/dev.yaml:2: models.churn.on_delete",
        "stacks/dev.yaml:7: removed.old.on_delete",
    ]
    folder.configure("dev", **{"lytics:api": "v2"})
    assert run("validate").code == 0


def test_settings_of_pulumi_and_the_schema_are_no_stack_files(folder: Folder, run: Run) -> None:
    """Pulumi's own files and schema.json aren't read as declarations."""
    folder.write("dev", GOOD)
    folder.configure("dev")
    (folder.path / "stacks" / "schema.json").write_text("{}")
    assert run("validate").out.startswith("1 file, 1 model:")


@pytest.mark.parametrize("name", ["prod", "stacks/prod.yaml"])
def test_one_stack_can_be_named(folder: Folder, run: Run, name: str) -> None:
    """A stack's name, or its file's path as a commit hook passes it, limits what is read."""
    folder.write("dev", "models: nonsense\n")
    folder.write("prod", GOOD)
    assert run("validate", name).code == 0


def test_a_stack_without_a_file_could_not_be_checked(folder: Folder, run: Run) -> None:
    """A name without a file ends with 2 and says which stacks there are."""
    folder.write("dev", GOOD)
    answer = run("validate", "prd")
    assert answer.code == 2
    assert "Stacks here: dev." in answer.err
    assert "There is no file else/prod.yaml." in run("validate", "else/prod.yaml").err


def test_nothing_to_read_could_not_be_checked(folder: Folder, run: Run) -> None:
    """A folder without stack files ends with 2 and says what writes one."""
    answer = run("validate")
    assert answer.code == 2
    assert "lytics-ml init" in answer.err
    assert folder.path.is_dir()


def test_json_is_all_that_stdout_has(folder: Folder, run: Run) -> None:
    """--json prints places as numbers and nothing else."""
    folder.write("dev", GOOD.replace("source: all_users", "source: 7"))
    answer = run("validate", "--json")
    assert answer.code == 1
    (stack,) = answer.json()["stacks"]
    (problem,) = stack["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("stacks/dev.yaml", 3, 5)
    assert not answer.json()["ok"]


def test_github_gets_annotations(folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In GitHub Actions each problem is an annotation, escaped as GitHub reads it."""
    folder.write("50%,a:b", GOOD.replace("target: high_value", "target: 7"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder.path.parent))
    answer = run("validate")
    place = f"file={folder.path.name}/stacks/50%25%2Ca%3Ab.yaml,line=4,col=5"
    assert answer.out.startswith(f"::error {place}::models.churn.target: expected text")
    quiet = run("validate", "--json")
    assert "::error" in quiet.err
    assert not quiet.json()["ok"]


def test_hostile_text_is_shown_as_text(folder: Folder, run: Run) -> None:
    """A key with control characters or markup neither colours nor breaks the output."""
    folder.write("dev", 'models: {"[red]a\\e[31m\\nb": {source: a, target: b}}')
    answer = run("validate")
    assert answer.code == 1
    assert "[red]a" in answer.out
    assert "\x1b" not in answer.out


def test_online_needs_a_key(folder: Folder, run: Run) -> None:
    """Without a key nothing can be asked, which is 2 and not 1."""
    folder.write("dev", GOOD)
    answer = run("validate", "--online")
    assert answer.code == 2
    assert "no API key" in answer.err


def test_online_finds_nothing_wrong(folder: Folder, run: Run, account: Account) -> None:
    """Segments that are there, of a key that may write, are no problem; no model is written."""
    folder.write("dev", GOOD)
    answer = run("validate", "--online")
    assert (answer.code, answer.err) == (0, "")
    assert "1 of 20 live models, once this is up" in answer.out, "it goes live by itself"
    assert (
        "whether this key may write models isn't known: Lytics tells it only for a key"
        in answer.out
    )
    assert account.models() == {}
    sizes = [r for r in account.requests() if r["path"] == "/api/segment/sizes"]
    assert len(sizes) == 1


SEGMENTS = """\
segments:
  small: too_small
models:
  a: {source: all_user, target: high_value, config: {use_scores: true}}
  b: {source: all_users, target: articles, config: {use_scores: true}}
  c: {source: all_users, target: retired_campaign, config: {use_scores: true}}
  d: {source: small, target: f0000000000000000000000000000001, config: {use_scores: true}}
  e: {source: small, target: dormant, adopt: f0000000000000000000000000000002}
"""


def test_online_judges_segments_and_adopted_ids(folder: Folder, run: Run, account: Account) -> None:
    """Unknown, invalid, small segments, those of other tables and unknown ids have their places."""
    folder.write("dev", SEGMENTS)
    answer = run("validate", "--online")
    assert answer.code == 1
    expected = """\
stacks/dev.yaml:4:7: models.a.source: unknown segment "all_user", did you mean all_users?
stacks/dev.yaml:5:26: models.b.target: segment articles is of table content; a model needs one of users
stacks/dev.yaml:6:26: models.c.target: segment retired_campaign is invalid: field campaign_2019 no longer exists
stacks/dev.yaml:2:3: segments.small: segment too_small has 19 users; Lytics takes 25 to 20000000
stacks/dev.yaml:7:22: models.d.target: the account has no segment f0000000000000000000000000000001
stacks/dev.yaml:8:39: models.e.adopt: the account has no model f0000000000000000000000000000002
"""  # noqa: E501 - lines as they are shown
    assert answer.out.splitlines()[:-3] == expected.splitlines()
    assert account.models() == {}


def test_online_sends_nothing_that_writes(
    folder: Folder, run: Run, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that can only read is enough, as the job of a pull request has it."""
    folder.write("dev", GOOD)
    monkeypatch.setenv("LIOKEY", "sandbox-readonly")
    assert run("validate", "--online").code == 0
    assert account.writes(0) == []
    assert account.models() == {}


def test_online_counts_live_models(folder: Folder, run: Run, account: Account) -> None:
    """More than 20 live models, others' included, are a problem; models of one's own count once."""
    own = [account.create(name=f"live {number}") for number in range(20)][-1]
    account.wait(lambda: len(account.live_ids()) == 20)
    adopting = GOOD + f"    is_active: true\n    adopt: {own}\n"
    folder.write("dev", adopting)
    assert run("validate", "--online").code == 0
    other = GOOD.removeprefix("models:\n").replace("churn", "other")
    folder.write("dev", f"{adopting}{other}    is_active: false\n")
    assert run("validate", "--online").code == 0
    for told in ("", "    is_active: true\n"):
        folder.write("dev", f"{adopting}{other}{told}")
        answer = run("validate", "--online")
        assert answer.code == 1, told
        assert "20 models of the account are live and 1 more will go live" in answer.out


def test_online_says_when_the_api_is_down(folder: Folder, run: Run, account: Account) -> None:
    """An API that doesn't answer leaves things unchecked, which is 2."""
    folder.write("dev", GOOD)
    folder.configure("dev", **{"lytics:patienceSeconds": 0.3})
    account.handle.stop()
    answer = run("validate", "--online")
    assert answer.code == 2
    assert "not checked" in answer.err


def test_online_asks_nothing_of_files_with_mistakes(
    folder: Folder, run: Run, account: Account
) -> None:
    """A file that can't be used isn't asked about."""
    folder.write("dev", "models: {a: {}}\n")
    assert run("validate", "--online").code == 1
    assert account.requests() == []


def test_outside_of_a_project_the_tools_own_is_read(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any folder without a project the stacks of this repository are meant."""
    monkeypatch.chdir(tmp_path)
    assert run("validate").code == 0


def test_one_model_is_adopted_by_one_stack(folder: Folder, run: Run) -> None:
    """Two stack files that adopt one id are refused, also where only one of them was named."""
    adopting = GOOD + f"    adopt: {'a' * 32}\n"
    folder.write("dev", adopting)
    folder.write("prod", adopting.replace("churn", "lost"))
    both, one = run("validate"), run("validate", "prod")
    assert both.code == one.code == 1
    assert "stacks/dev.yaml:6:5: models.churn.adopt: lost of stack prod adopts" in both.out
    assert "stacks/prod.yaml:6:5: models.lost.adopt: churn of stack dev adopts" in both.out
    assert "stacks/dev.yaml" not in one.out
    assert "churn of stack dev adopts" in one.out


def test_online_says_what_differs_in_an_adopted_model(
    folder: Folder, run: Run, account: Account
) -> None:
    """What `up` would refuse is told before, with its place; what fits is no problem."""
    theirs = account.create(name="theirs", config={"use_scores": True, "collect": 1000})
    adopting = GOOD + f"    adopt: {theirs}\n"
    folder.write("dev", adopting)
    answer = run("validate", "--online")
    assert answer.code == 1
    place = "stacks/dev.yaml:6:5: models.churn.adopt: "
    assert f"{place}config.collect: declared 5000, the model has 1000" in answer.out
    fits = adopting.replace("{use_scores: true}", "{use_scores: true, collect: 1000}")
    folder.write("dev", fits)
    assert run("validate", "--online").code == 0


def test_online_never_says_no_problems_of_another_account(
    folder: Folder, run: Run, account: Account
) -> None:
    """A key of another account than the stack's ends as `up` does: nothing is checked with it."""
    account.create(name="theirs")
    folder.write("dev", GOOD)
    folder.configure("dev", **{"lytics:accountId": 999})
    answer = run("validate", "--online")
    assert answer.code == 2
    assert "999" in answer.err
    assert "no problems" not in answer.out


@pytest.mark.engine
@pytest.mark.parametrize("verb", ["destroy", "down"])
def test_a_destroy_with_mistakes_in_the_file_fails_once(folder: Folder, verb: str) -> None:
    """Before the engine begins, every mistake is told once, and not once a model."""
    folder.write("dev", "nonsense: 1\nmodels: {}\nmore: 2\n")
    answer = subprocess.run(
        [str(ROOT / "bin" / "pulumi"), verb, "--yes", "--stack", "dev", "--refresh=false"],
        cwd=folder.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "error: stacks/dev.yaml can't be used:\n"
        "  - stacks/dev.yaml, line 1, column 1: nonsense: unknown key. "
        "Known: defaults, models, removed, segments\n"
        "  - stacks/dev.yaml, line 3, column 1: more: unknown key, did you mean models? "
        "Known: defaults, models, removed, segments\n"
        "Nothing was destroyed: the file says how each model leaves. Correct it first\n"
    )
