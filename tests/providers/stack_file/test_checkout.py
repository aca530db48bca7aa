"""From which branch a stack's files are."""

import subprocess
from pathlib import Path

import pytest

from providers.lytics.stack_file.checkout import checkout_of


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """The folder of the stack files in a repository on branch main."""
    folder = tmp_path / "project" / "stacks"
    folder.mkdir(parents=True)
    (folder / "prod.yaml").write_text("models: {}\n")
    git(folder.parent, "init", "-q", "-b", "main")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-qm", "first")
    return folder


def test_a_branch_is_told_by_git(stacks: Path) -> None:
    """Whatever a pipeline's variables say, an up is from the branch that is checked out."""
    said = {"GITHUB_REF": "refs/heads/main"}
    assert checkout_of(stacks, applies=True, environment={}).branches == ("main",)
    git(stacks, "switch", "-qc", "topic")
    assert checkout_of(stacks, applies=True, environment=said).branches == ("topic",)


def test_a_detached_commit_counts_as_on_the_branches_that_end_there(stacks: Path) -> None:
    """As pipelines check out: neither of them named, or that of the remote alone."""
    git(stacks, "checkout", "-q", "--detach")
    assert checkout_of(stacks, applies=True, environment={}).branches == ("main",)
    git(stacks, "commit", "-qm", "second", "--allow-empty")
    assert checkout_of(stacks, applies=True, environment={}).branches == ()
    git(stacks, "update-ref", "refs/remotes/origin/release/7", "HEAD")
    assert checkout_of(stacks, applies=True, environment={}).branches == ("release/7",)


@pytest.mark.parametrize(
    "said",
    [
        {"GITHUB_REF": "refs/heads/release"},
        {"CI_COMMIT_BRANCH": "release"},
        {"BUILD_SOURCEBRANCH": "refs/heads/release"},
        {"GIT_BRANCH": "origin/release"},
    ],
)
def test_a_pipeline_says_the_branch_of_a_detached_commit(
    stacks: Path, said: dict[str, str]
) -> None:
    """GitHub, GitLab, Azure and Jenkins say it in a variable each."""
    git(stacks, "checkout", "-q", "--detach")
    assert checkout_of(stacks, applies=True, environment=said).branches == ("release",)


def test_a_pull_request_is_reviewed_for_where_it_goes_and_applied_from_where_it_is(
    stacks: Path,
) -> None:
    """So a rule for main lets a review of a pull request into main pass, and no up of it."""
    git(stacks, "checkout", "-q", "--detach")
    said = {
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_HEAD_REF": "topic",
        "GITHUB_BASE_REF": "main",
    }
    assert checkout_of(stacks, applies=False, environment=said).branches == ("main",)
    assert checkout_of(stacks, applies=True, environment=said).branches == ("topic",)


def test_what_is_not_committed_is_told(stacks: Path) -> None:
    """Tracked files anywhere in the project, new ones among the stacks alone."""
    (stacks.parent / "plan.json").write_text("{}")
    assert checkout_of(stacks, applies=True, environment={}).changed == ()
    (stacks / "prod.yaml").write_text("models: null\n")
    (stacks / "new.yaml").write_text("models: {}\n")
    changed = checkout_of(stacks, applies=True, environment={}).changed
    assert changed == ("stacks/prod.yaml", "stacks/new.yaml")


def test_where_there_is_no_git_nothing_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a repository nor the program: that is told, and counts as no branch."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "no git checkout" in checkout_of(tmp_path, applies=True, environment={}).problem
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no git here" in checkout_of(tmp_path, applies=True, environment={}).problem
