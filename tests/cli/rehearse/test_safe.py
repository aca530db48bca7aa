"""A rehearsal changes nothing but its own copy, and leaves nothing of that."""

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.engine.account import HANGS_AFTER_S, POLL_S
from tests.support.engine.project import ROOT, STACK, Project
from tests.support.engine.rehearsed import rehearse
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

# The program writes down what it may know, once for each time that it is run.
_TELLS_ALL = """
import os, pathlib, uuid
folder = pathlib.Path({folder!r})
(folder / uuid.uuid4().hex).write_text("\\n".join(f"{{k}}={{v}}" for k, v in os.environ.items()))
from providers import lytics
stack = lytics.read_stack()
lytics.export(lytics.declare(stack))
"""


@pytest.fixture
def copies(project: Project, tmp_path: Path) -> Path:
    """Where the copies of this test's rehearsals are."""
    folder = tmp_path / "copies"
    project.env |= {"LYTICS_ML_REHEARSALS": str(folder)}
    return folder


def rooms(copies: Path) -> list[Path]:
    """Return the folders of rehearsals that are there."""
    return sorted(copies.glob("rehearsal-*"))


def start(project: Project) -> "subprocess.Popen[str]":
    """Start a rehearsal and return at once."""
    return subprocess.Popen(
        [str(ROOT / "bin" / "lytics-ml"), "rehearse", "--stack", STACK],
        cwd=project.folder,
        env=project.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kept_in(folder: Path) -> dict[Path, bytes]:
    """Return the state, with locks and backups if there are any, and the history."""
    kept = [*(folder / "state").rglob("*"), *(folder / "history").rglob("*")]
    return {path: path.read_bytes() for path in kept if path.is_file()}


def running_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that name a folder."""
    listed = subprocess.run(["ps", "-wwA", "-o", "command="], check=True, capture_output=True)
    return [line for line in listed.stdout.decode().splitlines() if str(folder) in line]


def wait_for_sandboxes(copies: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until a rehearsal's sandboxes run."""
    end_s = time.monotonic() + HANGS_AFTER_S
    while not any("sandbox-" in line for line in running_in(copies)):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end_s
        time.sleep(POLL_S)


def test_lytics_gets_gets_only_and_state_and_key_stay_where_they_are(
    project: Project, copies: Path, tmp_path: Path
) -> None:
    """A rehearsal of creates, replacements and removals writes nothing outside of its copy."""
    account = project.account
    project.declare({"grow": gated(0.0), "plain": model(source="dormant")})
    project.up()
    project.declare({"grow": gated(0.0, target="likely_to_churn"), "new": model()})
    told = tmp_path / "told"
    told.mkdir()
    project.program(_TELLS_ALL.format(folder=str(told)))
    # The key that opens the account isn't the one that the sandbox of a rehearsal takes.
    key = "sandbox-readonly"
    project.env |= {"LIOKEY": key, "SOME_TOKEN": f"prefix {key}"}
    before = kept_in(project.folder)
    settings = (project.folder / "stacks" / f"Pulumi.{STACK}.yaml").read_bytes()
    mark, models = account.mark(), account.models()

    found = rehearse(project)

    assert len(found["pass"]["writes"]) > 3
    asked = account.requests(mark)
    assert asked
    assert {entry["method"] for entry in asked} == {"GET"}
    assert account.models() == models
    assert kept_in(project.folder) == before
    assert (project.folder / "stacks" / f"Pulumi.{STACK}.yaml").read_bytes() == settings
    environments = [path.read_text() for path in told.iterdir()]
    assert len(environments) == 4, "two rehearsals, and an up after each"
    for environment in environments:
        assert key not in environment
        assert account.url not in environment
        assert project.env["PULUMI_CONFIG_PASSPHRASE"] not in environment
        assert f"PULUMI_PYTHON_CMD={project.env['PULUMI_PYTHON_CMD']}" in environment
    assert not rooms(copies)
    assert not running_in(copies)


def test_a_copy_is_removed_by_signals_and_after_a_kill_by_the_next_one(
    project: Project, copies: Path
) -> None:
    """No folder and no process of a rehearsal outlives it, or the next one if it was killed."""
    project.declare({"grow": gated(0.0)})
    for kind in (signal.SIGTERM, signal.SIGINT):
        ended = start(project)
        wait_for_sandboxes(copies, ended)
        ended.send_signal(kind)
        said = ended.communicate(timeout=HANGS_AFTER_S)[0]
        assert ended.returncode, said
        assert "Traceback" not in said
        assert not rooms(copies)
        assert not running_in(copies)

    killed = start(project)
    wait_for_sandboxes(copies, killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=HANGS_AFTER_S)
    (left,) = rooms(copies)
    assert running_in(left)
    rehearse(project)
    assert not rooms(copies)
    assert not running_in(copies)


def test_two_at_once_do_not_meet(project: Project, copies: Path) -> None:
    """Two rehearsals of one stack at the same time come to the same, and both tidy up."""
    project.declare({"grow": gated(0.0)})
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: rehearse(project), range(2))
    whats = [[write["what"] for write in one["pass"]["writes"]] for one in (first, second)]
    assert whats[0] == whats[1] == ["trains a model, not to go live by itself", "sets it live"]
    assert not rooms(copies)


def test_resources_of_others_are_not_rehearsed(project: Project, copies: Path) -> None:
    """A stack with another provider's resource is refused: a copy would really make it."""
    project.declare({"grow": model()})
    project.up()
    exported = json.loads(project.pulumi("stack", "export").output)
    provider = {
        "urn": f"urn:pulumi:{STACK}::lytics-ml::pulumi:providers:aws::default",
        "custom": True,
        "id": "1",
        "type": "pulumi:providers:aws",
    }
    exported["deployment"]["resources"].append(provider)
    file = project.folder / "with-others.json"
    file.write_text(json.dumps(exported))
    project.pulumi("stack", "import", "--file", str(file))
    ran = project.lytics_ml("rehearse", code=2)
    assert "pulumi:providers:aws default" in ran.words
    assert not rooms(copies)
