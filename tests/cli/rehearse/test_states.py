"""Stacks in every condition: each one is rehearsed, or it is said why not."""

import json

import pytest

from tests.support.engine.project import STACK, Project
from tests.support.engine.rehearsed import rehearse
from tests.support.engine.shapes import gated, model
from tests.support.git import git

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def whats(told: dict[str, object]) -> list[str]:
    """Return what each write of a rehearsal does."""
    writes = told["writes"]
    assert isinstance(writes, list)
    return [write["what"] for write in writes]


def test_a_stack_that_is_not_there_yet_is_rehearsed(project: Project) -> None:
    """Before `pulumi stack init` there is nothing to export, and everything to create."""
    project.declare({"grow": model()})
    project.pulumi("stack", "rm", "--yes", "--preserve-config")
    assert whats(rehearse(project)["pass"]) == ["trains a model, to go live"]
    ran = project.lytics_ml("list", code=None)
    assert f"no stack {STACK}" in ran.words, "the rehearsal has made none"


def test_a_stack_with_another_encrypted_setting_is_rehearsed(project: Project) -> None:
    """A secret of the program is there in the copy, and the key isn't, whoever keeps it."""
    project.pulumi("config", "set", "--secret", "mine:token", "open sesame")
    project.pulumi("config", "set", "--secret", "lytics:apiKey", "sandbox")
    project.env.pop("LIOKEY")
    project.declare({"grow": model()})
    project.up()
    exported = json.dumps(json.loads(project.pulumi("stack", "export").output))
    assert "lytics:apiKey" in exported
    assert "mine:token" in exported
    program = project.folder / "__main__.py"
    text = program.read_text().replace(
        "stack = ",
        "import pulumi\n"
        "assert pulumi.Config('mine').require('token') == 'open sesame'\n"
        "assert pulumi.Config('lytics').get('apiKey') in (None, 'sandbox')\n"
        "stack = ",
    )
    project.program(text)
    project.declare({"grow": model(label="Grow")})
    mark = project.account.mark()
    assert whats(rehearse(project)["pass"]) == ["sets its label"]
    assert not project.account.writes(mark)
    ran = project.lytics_ml("rehearse", code=None)
    assert "Rehearsed twice: 1 write if the gates pass, 1 if none does" in ran.words


def test_what_can_not_be_decrypted_is_said(project: Project) -> None:
    """Without the passphrase a stack with other secrets isn't rehearsed: 2, and why."""
    project.pulumi("stack", "change-secrets-provider", "passphrase")
    project.pulumi("config", "set", "--secret", "mine:token", "open sesame")
    project.declare({"grow": model()})
    project.env |= {"PULUMI_CONFIG_PASSPHRASE": "another one"}
    ran = project.lytics_ml("rehearse", code=2)
    assert "can't be decrypted, so it can't be rehearsed" in ran.words


def test_the_key_alone_needs_no_passphrase(project: Project) -> None:
    """With LIOKEY set, a stack whose only secret is its key is rehearsed without passphrase."""
    project.pulumi("stack", "change-secrets-provider", "passphrase")
    project.pulumi("config", "set", "--secret", "lytics:apiKey", "sandbox")
    project.declare({"grow": model()})
    project.up()
    project.declare({"grow": model(label="Grow")})
    project.env |= {"PULUMI_CONFIG_PASSPHRASE": "another one"}
    assert whats(rehearse(project)["pass"]) == ["sets its label"]


def test_a_killed_up_is_rehearsed_as_it_goes_on(project: Project) -> None:
    """With pending operations in the state, the model that was made is taken up in the copy."""
    project.declare({"grow": model(), "more": model(source="dormant")})
    project.killed_up("after", method="POST", path="^/api/ml$")
    project.pulumi("cancel", "--yes", code=None)
    made = len(project.account.models())
    assert made
    told = rehearse(project)["pass"]
    assert whats(told) == ["trains a model, to go live"] * (2 - made)
    assert told["exit"] == 0


def test_given_scores_are_rehearsed_beside_the_others(project: Project) -> None:
    """`--scores` says what would come of a model that scores so: here, too little."""
    project.declare({"grow": gated(0.7), "second": gated(0.7, source="dormant")})
    told = rehearse(project, "--scores", "grow=auc:0.65")
    assert list(told) == ["pass", "fail", "given"]
    assert list(told["given"]["live"][-1]["keys"]) == ["second"]
    assert told["given"]["exit"] == 1
    ran = project.lytics_ml("rehearse", "--scores", "grow=auc:2x", "--scores", "no=auc:1", code=2)
    assert "auc must be a number" in ran.words
    assert "the stack declares no no" in ran.words


def test_the_other_generation_is_rehearsed_in_its_own_requests(project: Project) -> None:
    """With `lytics:api: v2` the copy is spoken to in v2."""
    project.configure({"lytics:api": "v2"})
    project.declare({"grow": model(label="One")})
    project.up()
    project.declare({"grow": model(label="Two")})
    (write,) = rehearse(project)["pass"]["writes"]
    assert (write["method"], write["what"]) == ("PUT", "sets its label")
    assert write["path"] == f"/v2/ml/{project.id('grow')}"


def test_a_pull_request_is_rehearsed_for_the_branch_that_it_goes_into(project: Project) -> None:
    """A rule on branches holds for what is carried out, and a rehearsal carries nothing out."""
    rule = {"only-from-branch": {"level": "error", "branch": "main"}}
    (project.folder / "stacks" / "rules.yaml").write_text(json.dumps(rule))
    project.declare({"grow": model()})
    git(project.folder, "init", "-q", "-b", "main")
    git(project.folder, "add", "stacks", "Pulumi.yaml")
    git(project.folder, "commit", "-q", "-m", "One")
    git(project.folder, "checkout", "-q", "--detach")
    project.env |= {"GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "feature"}
    assert whats(rehearse(project)["pass"]) == ["trains a model, to go live"]
    refused = project.up(code=None)
    assert refused.code, "the same is not carried out from there"
    assert "only-from-branch" in refused.words
