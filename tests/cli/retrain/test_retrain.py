from tests.cli.conftest import Folder, Run

FILE = """\
# Models of dev.
defaults: {generation: 3}
models:
  # the first
  churn:
    source: all_users # all of them
    target: high_value
    config: {use_scores: true}

  other: {source: all_users, target: dormant, generation: 1, config: {use_scores: true}}
"""


def test_retrain_raises_the_generation(folder: Folder, run: Run) -> None:
    """The generation goes from what holds now to the next, and the diff is shown."""
    folder.write("dev", FILE.replace("defaults: {generation: 3}\n", ""))
    answer = run("retrain", "churn", "--stack", "dev")
    assert (answer.code, answer.err) == (0, "")
    assert "+    generation: 2" in answer.out
    assert "pulumi up --stack dev" in answer.out
    assert "use_scores: true}\n    generation: 2\n\n  other" in folder.read("dev")
    assert run("retrain", "churn", "--stack", "dev").code == 0
    assert "generation: 3\n" in folder.read("dev")


def test_retrain_knows_defaults(folder: Folder, run: Run) -> None:
    """A generation under defaults is what is raised, for this model alone."""
    folder.write("dev", FILE)
    run("retrain", "churn", "-s", "dev")
    run("retrain", "other", "-s", "dev")
    text = folder.read("dev")
    assert "    generation: 4\n" in text
    assert "generation: 2, config" in text
    assert "defaults: {generation: 3}" in text


def test_retrain_of_an_unknown_model(folder: Folder, run: Run) -> None:
    """An unknown key changes nothing and names the nearest known one."""
    path = folder.write("dev", FILE)
    before = path.stat()
    answer = run("retrain", "chrun", "-s", "dev")
    assert answer.code == 2
    assert "Did you mean churn?" in answer.err
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_with_mistakes_is_left_alone(folder: Folder, run: Run) -> None:
    """A stack file that can't be used isn't changed; its mistakes are told."""
    folder.write("dev", "models: {a: {}}\n")
    answer = run("retrain", "a", "-s", "dev")
    assert answer.code == 1
    assert "line 1" in answer.err
    assert folder.read("dev") == "models: {a: {}}\n"


def test_a_file_that_is_not_there(folder: Folder, run: Run) -> None:
    """An unknown stack can't be looked at, which is no mistake in it; the nearest one is named."""
    folder.write("dev", FILE)
    answer = run("retrain", "churn", "--stack", "dve")
    assert answer.code == 2
    assert "Did you mean dev?" in answer.err


def test_a_change_keeps_mode_and_link(folder: Folder, run: Run) -> None:
    """The file keeps its permissions; a link to it stays a link."""
    path = folder.write("dev", FILE)
    real = folder.path / "real.yaml"
    path.rename(real)
    path.symlink_to(real)
    real.chmod(0o640)
    assert run("retrain", "churn", "-s", "dev").code == 0
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "generation: 4" in real.read_text()
    assert [p.name for p in (folder.path / "stacks").iterdir()] == ["dev.yaml"]
