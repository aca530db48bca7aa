"""Clock, sleep and chance come in through one door."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "code",
    [
        "from time import monotonic",
        "import time",
        "import random",
        "from asyncio import sleep",
        "import asyncio\nasyncio.sleep(1)",
        "from datetime import datetime\ndatetime.now()",
        "import uuid",
    ],
)
def test_nobody_else_asks_for_time_or_chance(code: str) -> None:
    """Ruff refuses a clock, a sleep and a random number in providers/, and nowhere else."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--output-format"]
    for name, found in {"providers/lytics/new.py": True, "cli/new.py": False}.items():
        checked = subprocess.run(
            [*command, "concise", "--stdin-filename", name, "-"],
            input=code,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("TID251" in checked.stdout) is found, checked.stdout + checked.stderr
