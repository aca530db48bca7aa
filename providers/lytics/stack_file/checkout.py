"""Tells from which branch a stack's files are, in a pipeline's detached checkout too."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from providers.lytics.domain.rulebook import Checkout

# Each service's own documents: "Default environment variables" and the like.
_BRANCH = (
    "CI_COMMIT_BRANCH",  # GitLab
    "BITBUCKET_BRANCH",
    "CIRCLE_BRANCH",
    "BUILDKITE_BRANCH",
    "DRONE_BRANCH",
    "BRANCH_NAME",  # Jenkins
    "GIT_BRANCH",  # Jenkins without multibranch
)
_REFS = ("GITHUB_REF", "BUILD_SOURCEBRANCH")
_MERGED_FROM = ("GITHUB_HEAD_REF", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
_MERGED_INTO = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
)
_HEADS = "refs/heads/"


def checkout_of(
    folder: Path, *, applies: bool, environment: Mapping[str, str] = os.environ
) -> Checkout:
    """Return from which branch a folder's files are, and what of them isn't committed.

    Args:
        folder: where the stack files are, a folder of the project.
        applies: whether the change is carried out now. A pull request is reviewed for the branch
            that it goes into, and carried out from its own.
        environment: of a pipeline, which checks a commit out without a branch.
    """
    try:
        head = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD", may_fail=True)
        # What a run writes beside the project, a plan or a report, is no change of it.
        changed = [
            *_status(folder, "--untracked-files=no", "--", ".."),
            *_status(folder, "--untracked-files=normal", "--", "."),
        ]
        here = (head,) if head else _pointing_here(folder)
    except FileNotFoundError:
        return Checkout(problem="there is no git here, which could tell the branch")
    except subprocess.CalledProcessError:
        return Checkout(problem="this is no git checkout, so nothing tells the branch")
    told = _told(environment, applies=applies)
    if told and (not head or not applies):
        here = told
    return Checkout(here, tuple(dict.fromkeys(changed)))


def _status(folder: Path, *arguments: str) -> list[str]:
    lines = _git(folder, "status", "--porcelain", *arguments).splitlines()
    return [line[3:].strip('"') for line in lines]


def _git(folder: Path, *arguments: str, may_fail: bool = False) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
        check=not may_fail,
        capture_output=True,
        text=True,
    )
    return done.stdout.rstrip()


def _pointing_here(folder: Path) -> tuple[str, ...]:
    """Return the branches whose newest commit is the one that is checked out."""
    names = _git(
        folder,
        "for-each-ref",
        "--points-at=HEAD",
        "--format=%(refname)",
        "refs/heads",
        "refs/remotes",
    ).splitlines()
    short = [
        name.removeprefix(_HEADS)
        if name.startswith(_HEADS)
        else name.removeprefix("refs/remotes/").split("/", 1)[-1]
        for name in names
    ]
    return tuple(dict.fromkeys(name for name in short if name != "HEAD"))


def _told(environment: Mapping[str, str], *, applies: bool) -> tuple[str, ...]:
    """Return the branch that a pipeline says it runs for."""

    def first(names: tuple[str, ...]) -> str:
        return next((environment[name] for name in names if environment.get(name)), "")

    if into := first(_MERGED_INTO):
        return ((first(_MERGED_FROM) or "a pull request") if applies else _short(into),)
    branch = first(_BRANCH) or next(
        (environment[n] for n in _REFS if environment.get(n, "").startswith(_HEADS)), ""
    )
    return (_short(branch),) if branch else ()


def _short(name: str) -> str:
    return name.removeprefix(_HEADS).removeprefix("origin/")
