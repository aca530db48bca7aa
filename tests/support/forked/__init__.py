"""Pythons for the engine that have loaded already what all of them load.

Each `pulumi up` starts two Pythons. To load Pulumi, gRPC, httpx, pydantic and the project's own
code in each took half of the processor's time of an `up`. A server loads them once, and each Python
is forked from it: a process of its own.

What is to be killed runs on plain Pythons (`Project.start_up`), and so does `make up`.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLAIN_VARIABLE = "TESTS_PLAIN_PYTHON"
"""Set where the engine is to start Pythons that aren't forked."""

_ROOT = Path(__file__).parents[3]
_HERE = Path(__file__).parent
_REAL = _ROOT / ".venv" / "bin" / "python"
_PYTHON = f"""\
#!/usr/bin/env bash
case "${{{PLAIN_VARIABLE}-}} $*" in
  ' -u -m pulumi.dynamic '* | ' '*/pulumi-language-python-exec' '*)
    exec '{_REAL}' -I -S '{_HERE / "client.py"}' 'SOCKET' "$@" ;;
  *' --version') exec '{_REAL}' "$@" ;;
  *) exec '{_ROOT / "toolchain" / "host-python"}' "$@" ;;
esac
"""


@contextmanager
def forked_pythons() -> Iterator[Path]:
    """Start the server; return a virtual environment whose Pythons it forks."""
    # Not in pytest's folder: the path of a socket has room for about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="python-") as folder:
        venv, socket = Path(folder) / "venv", f"{folder}/socket"
        (venv / "bin").mkdir(parents=True)
        python = venv / "bin" / "python"
        python.write_text(_PYTHON.replace("SOCKET", socket))
        python.chmod(0o755)
        command = [str(_REAL), "-P", str(_HERE / "server.py"), socket]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield venv
            server.stdin.close()
