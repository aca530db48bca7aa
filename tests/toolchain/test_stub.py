import os
import time
from pathlib import Path

import pytest

from tests.support.stub import PYTHON, Stub, script


def test_arguments_reach_the_engine_unchanged(stub: Stub) -> None:
    """Every argument arrives as it was given, whatever characters it has."""
    arguments = ["up", "--yes", "", "two words", "a'b\"c", "$HOME", "*", "line\nbreak", "--", "-s"]
    assert stub.run(*arguments).arguments == arguments


def test_exit_code_is_the_engines(stub: Stub) -> None:
    """What pulumi ends with is what the stub ends with."""
    assert stub.run("preview", env={"ENGINE_EXIT": "7"}).exit_code == 7


def test_standard_input_is_the_engines(stub: Stub) -> None:
    """The caller's input goes to pulumi, none of it to the stub."""
    assert stub.run("config", "set", "a", stdin="a secret\n").stdin == "a secret\n"


def test_stub_becomes_the_engine(stub: Stub) -> None:
    """The stub doesn't stay between the caller and pulumi, so signals and the terminal are its."""
    with stub.start(["up"]) as process:
        process.communicate("")
    assert int((stub.base / "report" / "pid").read_text()) == process.pid


def test_engine_runs_in_the_callers_folder(stub: Stub, tmp_path: Path) -> None:
    """The project that pulumi acts on is the caller's, not the stub's."""
    assert stub.run("up", cwd=tmp_path).cwd == tmp_path


def test_stub_is_found_through_links(stub: Stub, tmp_path: Path) -> None:
    """Linked to from elsewhere, over links that are relative too, the stub finds its project."""
    first = stub.base / "first"
    first.symlink_to("project/bin/pulumi")
    second = tmp_path / "pulumi"
    second.symlink_to(first)
    assert stub.run("up", command=second, cwd=tmp_path).arguments == ["up"]


def test_usual_call_starts_no_python(stub: Stub) -> None:
    """Where everything is installed, nothing slow stands between the caller and pulumi."""
    answer = stub.run("version")
    assert answer.reached_engine
    assert answer.python_calls == []


def test_environment_comes_first_on_path(stub: Stub) -> None:
    """Programs run on .venv's Python and find the pinned engine before any other."""
    path = stub.run("up").env["PATH"].split(os.pathsep)
    assert path == [str(stub.root / ".venv" / "bin"), str(stub.engine), str(stub.tools)]


def test_update_check_is_off_unless_chosen(stub: Stub) -> None:
    """A pinned engine doesn't ask for newer ones, unless the user wants that."""
    name = "PULUMI_SKIP_UPDATE_CHECK"
    assert stub.run("up").env[name] == "true"
    assert stub.run("up", env={name: "false"}).env[name] == "false"


def test_searched_stub_says_what_it_is(stub: Stub) -> None:
    """A search for an engine that comes upon the stub gets an answer, not an installation."""
    answer = stub.run("version", env={"LYTICS_ML_PROBE": "1"})
    assert answer.exit_code == 1
    assert "stub" in answer.stderr
    assert not answer.reached_engine


def test_changed_requirements_are_installed(stub: Stub) -> None:
    """A pull that changes the pins is followed before pulumi runs."""
    script(stub.tools / "python3.11", PYTHON)
    (stub.root / "requirements.txt").write_text("other\n")
    assert stub.run("up").python_calls[-1] == "-P -m toolchain venv"


def test_what_developing_needs_is_enough_for_running(stub: Stub) -> None:
    """With the development requirements installed, running asks for nothing more."""
    venv = stub.root / ".venv"
    (venv / ".installed-requirements.txt").unlink()
    (venv / ".installed-requirements-dev.txt").write_text("requirements-dev.txt\n")
    assert stub.run("up").python_calls == []


def test_moved_project_gets_a_new_environment(stub: Stub) -> None:
    """Scripts in .venv hold its path, so a project that was moved doesn't trust them."""
    script(stub.tools / "python3.11", PYTHON)
    stub.install(made_in=Path("/elsewhere"))
    assert stub.run("up").python_calls[-1] == "-P -m toolchain venv"


@pytest.mark.parametrize("change", ["gone", "replaced", "another cache"])
def test_engine_is_looked_for_again(stub: Stub, change: str) -> None:
    """An engine that is gone, or was changed since it was looked at, is not simply run."""
    if change == "gone":
        (stub.engine / "pulumi").unlink()
    elif change == "replaced":
        os.utime(stub.root / ".venv" / ".engine", (1, 1))
    else:
        stub.outside["LYTICS_ML_CACHE"] = "/another"
    cache = stub.outside.get("LYTICS_ML_CACHE", str(stub.cache))
    version = (stub.root / "toolchain" / "VERSION").read_text().strip()
    assert stub.run("up").python_calls == [f"-P -m toolchain get {version} {cache}"]


def test_failed_installation_stops_the_stub(stub: Stub) -> None:
    """Where the engine can't be had, the stub fails and runs nothing."""
    (stub.engine / "pulumi").unlink()
    answer = stub.run("up", env={"PYTHON_EXIT": "1"})
    assert answer.exit_code == 1
    assert not answer.reached_engine


def test_missing_python_is_named(stub: Stub) -> None:
    """Without a Python 3.11, the user reads which one is needed and where it is."""
    (stub.root / ".venv" / "bin" / "python").unlink()
    answer = stub.run("up")
    assert answer.exit_code == 1
    (line,) = answer.stderr.splitlines()
    assert "no Python 3.11 or later" in line
    assert "python.org" in line


def test_python_without_venv_is_named(stub: Stub) -> None:
    """A Python that can't make virtual environments is told apart from none."""
    (stub.root / ".venv" / "bin" / "python").unlink()
    script(stub.tools / "python3.12", '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    answer = stub.run("up")
    assert answer.exit_code == 1
    assert "python3.12 cannot make virtual environments" in answer.stderr


def test_shim_without_a_python_is_passed_over(stub: Stub) -> None:
    """A version manager's shim that runs nothing doesn't hide the Python that works."""
    (stub.root / ".venv" / "bin" / "python").unlink()
    script(stub.tools / "python3.14", "#!/bin/sh\nexit 127\n")
    script(stub.tools / "python3", PYTHON)
    assert stub.run("up").python_calls[-1] == "-P -m toolchain venv"


def test_command_line_runs_with_the_project_importable(stub: Stub, tmp_path: Path) -> None:
    """bin/lytics-ml runs from anywhere, and the pulumi that it calls is the stub."""
    python = '#!/bin/sh\nprintf "%s|%s|%s" "$*" "$PYTHONPATH" "$PATH" > "$REPORT/python"\n'
    script(stub.root / ".venv" / "bin" / "python", python)
    answer = stub.run("list", "--json", command=stub.root / "bin" / "lytics-ml", cwd=tmp_path)
    called, importable, path = answer.python_calls[0].split("|")
    assert called == "-P -m cli list --json"
    assert importable == str(stub.root)
    assert path.split(os.pathsep)[0] == str(stub.root / "bin")


def test_packages_are_listed_from_what_was_kept(stub: Stub) -> None:
    """The language host's question for all packages starts no pip until something is installed."""
    venv = stub.root / ".venv"
    (venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (venv / ".packages.json").write_text("[]")
    assert stub.run("up").env["PULUMI_PYTHON_CMD"] == str(stub.root / "toolchain" / "host-python")
    question = ["-m", "pip", "list", "-v", "--format", "json"]
    command = stub.root / "toolchain" / "host-python"
    assert stub.run(*question, command=command).python_calls == []
    later = time.time() + 60
    os.utime(venv / "lib" / "python3.11" / "site-packages", (later, later))
    assert stub.run(*question, command=command).python_calls == [" ".join(question)]
    assert stub.run("-c", "1", command=command).python_calls == ["-c 1"]


def test_users_python_wins(stub: Stub) -> None:
    """A Python that the user chose for Pulumi is kept."""
    env = {"PULUMI_PYTHON_CMD": "/a/python"}
    assert stub.run("up", env=env).env["PULUMI_PYTHON_CMD"] == "/a/python"
