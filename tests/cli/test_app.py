import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer import Abort
from typer.main import get_command

from cli.__main__ import main
from cli.app import app
from cli.examples import EXAMPLES
from tests.cli.conftest import ROOT, Run

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
LIVE = '{"at": "2026-03-01T09:00:00Z", "key": "k", "id": "a1", "name": "k", "event": "live"}\n'
HEAVY = ("pulumi", "httpx", "pydantic", "rich.table", "jsonschema")


def test_help_loads_nothing_heavy() -> None:
    """`--help` is quick because what a command needs is loaded when it runs."""
    code = (
        "import sys; from cli.__main__ import main; code = main(['--help']); "
        f"print('loaded', [name for name in {HEAVY} if name in sys.modules]); sys.exit(code)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[-1] == "loaded []"


def test_alone_it_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command its commands are listed, each with a sentence."""
    main([])
    said = capsys.readouterr()
    text = said.out + said.err
    assert not [line for line in text.splitlines()[1:] if line.endswith("...")]
    for name in COMMANDS:
        line = next(line for line in text.splitlines() if line.strip().startswith(f"{name} "))
        assert len(line.split()) > 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str, run: Run) -> None:
    """Each option and argument of each command has a help text; the help itself ends with 0."""
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name}"
    answer = run(name, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert "Usage: lytics-ml" in answer.out


def test_wrong_usage_is_told(run: Run) -> None:
    """An unknown command or option ends with 2 and a sentence on stderr."""
    for arguments in (["vlidate"], ["validate", "--nope"], ["show"]):
        answer = run(*arguments)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err


WRONG_USAGE = {
    "list --json --nope": "No such option: --nope",
    "show --json": "Missing argument 'KEY|ID'.",
    "vlidate --json": "No such command 'vlidate'. Did you mean 'validate'?",
    "drift --json --stack": "Option '--stack' requires an argument.",
}


FAULTS = ((Abort(), 1, "Nobody answered"), (KeyboardInterrupt(), 130, "Interrupted."))


@pytest.mark.parametrize(("arguments", "what"), WRONG_USAGE.items())
def test_wrong_usage_is_told_as_json(arguments: str, what: str, run: Run) -> None:
    """A program that reads JSON gets JSON also where it was called wrongly."""
    answer = run(*arguments.split())
    told = answer.json()
    assert what in told["error"]
    assert what in answer.err
    assert answer.code == told["exit_code"] == 2


def test_a_question_without_an_answer_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ends the input at a question, or presses Ctrl-C, is told so, as JSON too."""
    for fault, code, words in FAULTS:

        def refuse(*_: object, fault: BaseException = fault, **__: object) -> None:
            raise fault

        monkeypatch.setattr("cli.models.look.look_at", refuse)
        answer = run("list", "--json")
        assert words in answer.err
        assert answer.code == answer.json()["exit_code"] == code
        assert answer.json()["error"].startswith(words)


def test_a_reader_who_has_gone_is_no_error() -> None:
    """Output into `head` ends quietly."""
    command = f"{sys.executable} -m cli schema --help | head -c 1; exit ${{PIPESTATUS[0]}}"
    answer = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def history_into(stdout: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Show a history of one model on a stdout."""
    (folder / "any.jsonl").write_text(LIVE)
    return subprocess.run(
        [sys.executable, "-m", "cli", "history", "--stack", "any", *arguments],
        cwd=ROOT,
        env={**os.environ, "LYTICS_ML_HISTORY": str(folder)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_a_table_for_a_reader_who_has_gone_is_no_error(tmp_path: Path) -> None:
    """A table into `head` ends quietly too, though the library that draws it would end with 1."""
    reader, writer = os.pipe()
    os.close(reader)
    answer = history_into(writer, tmp_path)
    os.close(writer)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs Linux' device that is always full"
)
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_full_disk_is_told(arguments: list[str], tmp_path: Path) -> None:
    """Output that can't be written ends with 2 and a sentence, not with a traceback."""
    with Path("/dev/full").open("w") as full:
        answer = history_into(full.fileno(), tmp_path, *arguments)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in answer.stderr


def test_a_closed_stdout_is_no_error(tmp_path: Path) -> None:
    """With stdout closed a command runs all the same, and shows nothing."""
    command = f"exec {sys.executable} -m cli history --stack any >&-"
    answer = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, "LYTICS_ML_HISTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_can_be_typed(name: str, run: Run) -> None:
    """Examples stand in the help, each on its line, and the command line reads every one."""
    told = run(name, "--help").out
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        assert f"\n    bin/lytics-ml {example}\n" in told
        words = shlex.split(example)
        assert words[0] == name
        command = get_command(app).commands[name]  # type: ignore[attr-defined]
        command.make_context(name, words[1:])


def test_a_shell_can_complete_commands() -> None:
    """What begins a command is completed, as the script that --show-completion prints asks."""
    asked = {"_LYTICS_ML_COMPLETE": "complete_bash", "COMP_WORDS": "lytics-ml rev"}
    answer = subprocess.run(
        [sys.executable, "-m", "cli"],
        cwd=ROOT,
        env={**os.environ, **asked, "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.split() == ["review"], answer.stderr
