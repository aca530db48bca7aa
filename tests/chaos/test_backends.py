import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bed import backends
from tests.support.bed.figures import Figures
from tests.support.bed.killing import kill_at, recover
from tests.support.engine.account import Account
from tests.support.engine.project import MODEL, RUN_TIMEOUT_S, Project, Ran, copy_of, run_pulumi
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

NEVER_S = 3600.0
SPELLED = {
    "plain": model(is_active=True),
    "gated": gated(source="dormant", gate={"auc": 0.0, "healthy": False}),
}
CHANGED = {key: {**fields, "target": "likely_to_churn"} for key, fields in SPELLED.items()}


@pytest.fixture(params=["postgres", "s3"])
def shared(request: pytest.FixtureRequest, project: Project, figures: Figures) -> Iterator[Project]:
    """A stack whose state is kept by a server."""
    if request.param == "s3":
        with backends.s3() as (url, env):
            yield moved(project, url, **env)
        return
    programs = backends.postgres_programs()
    if programs is None:
        figures.add(skipped_without_postgres=1)
        pytest.skip("this machine has no PostgreSQL server (Debian: apt-get install postgresql)")
    # Below pytest's own folder nobody but its owner may go.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with backends.postgres(programs, Path(folder) / "server") as url:
            yield moved(project, url)


def moved(project: Project, url: str, **env: str) -> Project:
    """Let a project keep its state elsewhere, and make its stack there."""
    project.env.update(env, PULUMI_BACKEND_URL=url)
    ran = run_pulumi(project.folder, ("stack", "init", "test", "--non-interactive"), project.env)
    assert ran.code == 0, str(ran)
    project.configure({})
    return project


def ids(project: Project) -> dict[str, str]:
    """Return the models that the state holds, by key."""
    ran = project.pulumi("stack", "export")
    state = json.loads(ran.output[ran.output.index("{") :])["deployment"]
    assert not state.get("pending_operations")
    found = [r for r in state["resources"] if r["type"] == MODEL and not r.get("delete")]
    return {str(r["urn"]).rsplit("::", 1)[1]: str(r["id"]) for r in found}


def known(project: Project) -> list[str]:
    """Return what the backend keeps of the stack: its history and its state."""
    asked = (("history", "--json"), ("export",))
    return [project.pulumi("stack", *what).output for what in asked]


def test_stack_of_a_team_lives_in_a_shared_backend(
    shared: Project, account: Account, template: Path, tmp_path: Path, figures: Figures
) -> None:
    """Up, a kill, recover, up, then two at once: one is refused, and each model is there once."""
    shared.declare(SPELLED)
    shared.up()
    assert account.live_ids() == set(ids(shared).values())
    kept = known(shared)
    assert "nothing to recover" in recover(shared).output
    assert known(shared) == kept

    shared.declare(CHANGED)
    account.handle.world.log.clear()
    said = kill_at(shared, 3, "effect", {})
    assert said is not None
    locked = shared.up(code=None)
    assert "locked" in locked.words, f"{said}\n{locked}"
    recovered = recover(shared)
    assert recovered.code == 0, f"{said}\n{recovered}"
    ran = shared.up(code=None)
    assert ran.code == 0, f"{said}\n{recovered}\n{ran}"
    assert account.live_ids() == set(ids(shared).values())
    assert len(account.models()) == len(SPELLED) + len(CHANGED)

    other = copy_of(template, tmp_path / "colleague", account)
    for name in ("PULUMI_BACKEND_URL", *(n for n in shared.env if n.startswith("AWS_"))):
        other.env[name] = shared.env[name]
    salted = shared.folder / "stacks" / "Pulumi.test.yaml"
    (other.folder / "stacks" / "Pulumi.test.yaml").write_text(salted.read_text())
    more = {**CHANGED, "more": model(source="email_openers", is_active=False)}
    for one in (shared, other):
        one.declare(more)
    account.outcome({"name": "^more-"}, build_s=NEVER_S)
    mark = account.mark()
    process = shared.start_up()
    account.wait(lambda: account.creates(mark))
    second = other.up(code=None)
    assert process.poll() is None
    (new,) = [i for i, made in account.models().items() if made["state"] == "building"]
    account.change(new, state="complete")
    output = process.communicate(timeout=RUN_TIMEOUT_S)[0]
    first = Ran("up", process.returncode, output)
    assert first.code == 0, str(first)
    assert "locked" in second.words, str(second)
    assert set(ids(other)) == set(more)
    assert len(account.models()) == len(SPELLED) + len(more)
    other.expect_no_changes()
    figures.add(backends=1)
