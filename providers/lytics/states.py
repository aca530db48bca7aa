"""Asks Pulumi which models the states of the project's stacks have, where that matters.

The engine tells a provider nothing of other resources, nor of other stacks. Reading a state needs
neither lock nor passphrase, and takes a few tenths of a second a stack.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from providers.lytics.domain.finding.ownership import Holding, holdings_in
from providers.lytics.errors import ConflictError

TIMEOUT_S = 60
AT_ONCE = 4
# A file backend writes a state, then its .attrs file. A read in between fails: try again.
TRIES = 3


def run_pulumi(*arguments: str) -> str:
    """Run the pulumi that runs this program, and return what it wrote to stdout.

    Raises:
        ConflictError: it failed: nobody knows whose the models are.
    """
    said = "there is no pulumi on PATH"
    pulumi = shutil.which("pulumi")
    for _ in range(TRIES if pulumi else 0):
        try:
            ran = subprocess.run(
                [str(pulumi), *arguments, "--non-interactive", "--color", "never"],
                env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            said = str(exc)
            continue
        if not ran.returncode:
            return ran.stdout
        said = (ran.stderr.strip().splitlines() or ["it failed and said nothing"])[-1]
    what = (
        "an existing model may be meant, and Pulumi can't say whether another stack has it "
        f"(pulumi {' '.join(arguments[:2])}: {said}). Nothing was changed"
    )
    raise ConflictError(what)


def ask_holdings(run: Callable[..., str] = run_pulumi) -> list[Holding]:
    """Return the models of every stack of this project that the backend knows.

    Args:
        run: runs Pulumi with arguments, and returns what it writes to stdout.

    Raises:
        ConflictError: Pulumi can't tell.
    """
    names = [str(one["name"]) for one in json.loads(run("stack", "ls", "--json"))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        exported = list(pool.map(lambda name: run("stack", "export", "--stack", name), names))
    return [
        holding
        for name, text in zip(names, exported, strict=True)
        for holding in holdings_in(name, json.loads(text))
    ]
