import subprocess

import pytest
import yaml

from tests.cli.conftest import ROOT, Folder, Run

TEMPLATE = """\
# yaml-language-server: $schema=schema.json
# Models of staging.
models:
  # grows
  churn: # the key
    source: all_users
    target: high_value
    adopt: cf21ba3ceb194961b964358ee92ec4a9
    generation: 4
    config: {use_scores: true}
  other: {source: all_users, target: dormant, was: before, config: {use_scores: true}}
removed:
  gone: {on_delete: retain}
"""


def test_init_writes_both_files(folder: Folder, run: Run) -> None:
    """A new stack has a file that validates and Pulumi's own, and what is left to do is said."""
    answer = run("init", "qa")
    assert (answer.code, answer.err) == (0, "")
    assert "bin/pulumi stack init qa" in answer.out
    assert run("validate", "qa").code == 0
    config = yaml.safe_load((folder.path / "stacks" / "Pulumi.qa.yaml").read_text())
    assert config == {"config": {"lytics:apiUrl": "https://api.lytics.io/api"}}
    assert run("schema").code == 0


@pytest.mark.usefixtures("folder")
def test_init_tells_of_the_passphrase_who_has_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi asks for one when it makes the stack, and every later command needs it."""
    assert "PASSPHRASE" not in run("init", "qa").out
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    told = run("init", "prod").out
    step = told.index("export PULUMI_CONFIG_PASSPHRASE=")
    assert told.index("What is left to do") < step < told.index("bin/pulumi stack init prod")


def test_init_from_another_stack(folder: Folder, run: Run) -> None:
    """Declarations and comments are copied without what belongs to the other account's models."""
    folder.write("staging", TEMPLATE)
    folder.configure("staging", **{"lytics:apiUrl": "https://eu.example/api"})
    answer = run("init", "prod", "--from", "staging")
    assert (answer.code, answer.err) == (0, "")
    text = folder.read("prod")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n# prod: copied from")
    assert "  # grows\n  churn: # the key\n" in text
    models = {key: set(model) for key, model in yaml.safe_load(text)["models"].items()}
    assert models == {key: {"source", "target", "config"} for key in ("churn", "other")}
    assert "removed" not in yaml.safe_load(text)
    assert "https://eu.example/api" in (folder.path / "stacks" / "Pulumi.prod.yaml").read_text()
    assert run("validate", "prod").code == 0
    assert folder.read("staging") == TEMPLATE


def test_init_warns_of_another_accounts_ids(folder: Folder, run: Run) -> None:
    """Segments named by id mean nothing in another account, which is said."""
    folder.write("staging", TEMPLATE.replace("all_users", "cf21ba3ceb194961b964358ee92ec4a9"))
    answer = run("init", "prod", "--from", "staging")
    assert answer.code == 0
    assert "Use slugs" in answer.err


@pytest.mark.parametrize("there", ["qa.yaml", "Pulumi.qa.yaml"])
def test_init_overwrites_nothing(folder: Folder, run: Run, there: str) -> None:
    """Where one of the files is there, neither is written."""
    (folder.path / "stacks" / there).write_text("mine")
    answer = run("init", "qa")
    assert answer.code == 1
    assert there in answer.err
    assert [(p.name, p.read_text()) for p in (folder.path / "stacks").iterdir()] == [
        (there, "mine")
    ]


@pytest.mark.parametrize("name", ["a b", "../x", "", "a/b", "x" * 101])
def test_init_refuses_impossible_names(folder: Folder, run: Run, name: str) -> None:
    """A name that no stack can have writes nothing."""
    assert run("init", name).code == 1
    assert not list((folder.path / "stacks").iterdir())


@pytest.mark.engine
def test_pulumi_takes_the_new_files(folder: Folder, run: Run) -> None:
    """`pulumi stack init` and a secret key go into the new file, which keeps its comments."""
    assert run("init", "qa").code == 0
    for arguments in (
        ("stack", "init", "qa"),
        ("config", "set", "--stack", "qa", "--secret", "lytics:apiKey", "at.1.2"),
    ):
        subprocess.run(
            [ROOT / "bin" / "pulumi", *arguments, "--non-interactive"],
            cwd=folder.path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    text = (folder.path / "stacks" / "Pulumi.qa.yaml").read_text()
    assert "secure:" in text
    assert "at.1.2" not in text
    assert "# The key: LIOKEY in the environment" in text


@pytest.mark.parametrize(("models", "setting"), [(59, None), (60, "end")])
def test_state_of_a_large_environment_is_written_once(
    folder: Folder, run: Run, models: int, setting: str | None
) -> None:
    """Where writing the state after every step would take longest, the new settings say once."""
    one = {"source": "all_users", "target": "high_value", "config": {"use_scores": True}}
    folder.write("staging", {"models": {f"m{number}": one for number in range(models)}})
    assert run("init", "prod", "--from", "staging").code == 0
    config = yaml.safe_load((folder.path / "stacks" / "Pulumi.prod.yaml").read_text())["config"]
    assert config.get("lytics:stateWrites") == setting


def test_the_example_can_be_uncommented(folder: Folder, run: Run) -> None:
    """Taking the signs before the example away is all that makes it a declaration."""
    assert run("init", "fresh").code == 0
    text = folder.read("fresh")
    head, models, example = text.partition("models:\n")
    assert run("validate", "fresh").code == 0
    folder.write(
        "fresh", head + models + example.replace("  # ", "  ", 1).replace("\n  # ", "\n  ")
    )
    answer = run("validate", "fresh")
    assert (answer.code, answer.out.startswith("1 file, 1 model: no problems")) == (0, True)
