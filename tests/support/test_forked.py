"""The Pythons that tests give to the engine end, are interrupted and are killed like any other."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.forked import PLAIN_VARIABLE

# The engine starts its programs so; anything else would be no fork.
NAME = "pulumi-language-python-exec"
WAITS = """
import os, time
try:
    print("pulumi" in __import__("sys").modules, os.getpid(), flush=True)
    time.sleep(300)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    raise SystemExit(7)
"""


def start(venv: Path, folder: Path, script: str, **env: str) -> "subprocess.Popen[str]":
    """Start a script as the engine starts a program."""
    (folder / NAME).write_text(script)
    return subprocess.Popen(
        [str(venv / "bin" / "python"), str(folder / NAME), "--one", "two"],
        cwd=folder,
        env={**os.environ, "WORD": "given", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(process: "subprocess.Popen[str]") -> tuple[bool, int]:
    """Return whether Pulumi was loaded already, and the id of the process that runs the script."""
    assert process.stdout is not None
    loaded, pid = process.stdout.readline().split()
    return loaded == "True", int(pid)


def is_there(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_script_has_words_folder_environment_streams_and_its_exit_code(
    venv: Path, tmp_path: Path
) -> None:
    """What runs in a fork sees what it would see without, and its end is seen."""
    script = (
        "import os, sys\n"
        "print(sys.argv[1:], os.getcwd(), os.environ['WORD'], sys.path[0], __name__)\n"
        "sys.exit('went wrong')\n"
    )
    process = start(venv, tmp_path, script)
    out, err = process.communicate(timeout=60)
    assert out.split() == [
        "['--one',",
        "'two']",
        *[str(tmp_path), "given", str(tmp_path)],
        "__main__",
    ]
    assert (err, process.returncode) == ("went wrong\n", 1)


def test_fork_is_interrupted_with_the_process_that_stands_for_it(
    venv: Path, tmp_path: Path
) -> None:
    """An interrupt ends a fork as it ends any Python."""
    process = start(venv, tmp_path, WAITS)
    loaded, _ = first_line(process)
    assert loaded
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("interrupted\n", "", 7)


def test_fork_is_killed_with_the_process_that_stands_for_it(venv: Path, tmp_path: Path) -> None:
    """After a kill nothing goes on."""
    process = start(venv, tmp_path, WAITS)
    _, pid = first_line(process)
    assert pid != process.pid
    process.kill()
    process.communicate(timeout=60)
    end_s = time.monotonic() + 60
    while is_there(pid):
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_plain_python_is_no_fork(venv: Path, tmp_path: Path) -> None:
    """What is to be killed with all that it started runs in the process that was started."""
    process = start(venv, tmp_path, WAITS, **{PLAIN_VARIABLE: "1"})
    assert first_line(process) == (False, process.pid)
    process.kill()
    process.communicate(timeout=60)
