"""A year of a stack: a model earns its gate, decays, is noticed, and is rolled back."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.lytics.history.record import read_lines
from providers.lytics.history.timeline import Timeline
from tests.support.browser import opened
from tests.support.engine.account import Account
from tests.support.engine.project import ROOT, STACK, Project, copy_of
from tests.support.git import git
from tests.support.receiver import SECRET, Receiver, receiver

Json = dict[str, Any]
LOST = 0.04
"""What its AUC may lose before it falls short."""
FIRST: Json = {
    "source": "all_users",
    "target": "high_value",
    "is_active": True,
    "config": {"use_scores": True, "use_content": True, "collect": 800},
    "gate": {"auc": 0.6},
    "watch": {"drop": {"auc": LOST}},
}
WEEKLY: Json = {**FIRST, "config": {**FIRST["config"], "re_run": True}}
BRANCH = f"lytics-ml-history-{STACK}"


@dataclass
class Year:
    """A stack in a clone of its repository, whose nights are run one by one.

    Attributes:
        project: the stack.
        chat: where messages arrive.
        forge: issues and pull requests.
        week: how many weeks have gone by.
    """

    project: Project
    chat: Receiver
    forge: Path
    week: int = 0

    def go_on(self, weeks: int = 1) -> None:
        """Let weeks go by."""
        self.week += weeks
        reply = self._control("POST", {"days": 7 * weeks})
        reply.raise_for_status()

    def _control(self, method: str, body: Json | None = None) -> httpx.Response:
        url = f"{self.project.account.handle.root}/_sandbox/clock"
        return httpx.request(method, url, json=body, timeout=300)

    def night(self) -> None:
        """Run what the nightly workflow runs."""
        tools = self.project.folder.parent / "tools"
        env = {
            **os.environ,
            **self.project.env,
            "PATH": f"{tools}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            "FORGE": str(self.forge),
            "GITHUB_REPOSITORY": "acme/models",
            "RUN_URL": f"https://ci.test/{self.week}",
            "LYTICS_ML_NOTIFY": self.chat.address,
            "LYTICS_ML_NOW": self._control("GET").json()["now"],
        }
        done = subprocess.run(
            [ROOT / ".github" / "scripts" / "nightly", STACK],
            cwd=self.project.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert SECRET not in done.stdout + done.stderr

    def kept(self, kind: str) -> list[Json]:
        """Return issues or pull requests."""
        known: Json = json.loads(self.forge.read_text()) if self.forge.exists() else {}
        found: list[Json] = known.get(kind, [])
        return found

    def auc(self, model_id: str) -> float:
        """Return what the sandbox knows of a model's AUC now."""
        summary = self.project.account.handle.world.store.summary(model_id)
        assert summary is not None
        return float(summary["auc"])

    def commit(self, declared: Json) -> None:
        """Declare a model and commit it."""
        self.project.declare({"grow": declared})
        git(self.project.folder, "add", "stacks", "Pulumi.yaml")
        git(self.project.folder, "commit", "-qm", f"week {self.week}")

    def timeline(self) -> Timeline:
        """Return the history on its branch."""
        origin = self.project.folder.parent / "origin.git"
        text = git(origin, "show", f"{BRANCH}:history/{STACK}.jsonl")
        return Timeline(read_lines(text.splitlines()).records)


@pytest.fixture
def year(template: Path, tmp_path: Path, account_with: Callable[..., Account]) -> Iterator[Year]:
    """A repository, its forge, a chat, and an account whose models are really trained."""
    account = account_with(train=True, workers=2, drift=0.1)
    project = copy_of(template, tmp_path / "program", account)
    for name in ("bin", ".github"):  # the environment is there already
        (project.folder / name).symlink_to(ROOT / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    shutil.copy(ROOT / "tests/support/review/gh", tools / "gh")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(project.folder, "init", "-q", "-b", "main")
    git(project.folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    with receiver() as chat:
        yield Year(project, chat, tmp_path / "forge.json")


@pytest.mark.engine
@pytest.mark.slow
def test_a_year_in_a_minute(year: Year) -> None:
    """Noticed in the week in which it falls short, told once, proposed, merged, shown on a page."""
    year.commit(FIRST)
    year.project.up()
    first = year.project.id("grow")
    year.night()
    year.go_on()
    year.commit(WEEKLY)
    year.project.up()
    weekly = year.project.id("grow")
    assert weekly != first
    went_live_with = year.auc(weekly)
    year.night()
    assert (year.kept("issues"), year.kept("pulls"), year.chat.received) == ([], [], [])

    # Each week it is trained anew on users that fit less well what is known of them.
    while went_live_with - year.auc(weekly) <= LOST:
        year.go_on()
        assert year.week < 30, "it doesn't decay"
        year.night()
        short = went_live_with - year.auc(weekly) > LOST
        assert len(year.kept("issues")) == len(year.kept("pulls")) == int(short), year.week
    noticed = year.week
    year.night()
    (issue,), (pull,) = year.kept("issues"), year.kept("pulls")
    assert "drop.auc" in issue["body"]
    assert [one["ok"] for one in year.chat.received] == [False]
    assert year.chat.received[0]["link"] == f"https://ci.test/{noticed}"
    for told in (first, "taken up again", "held-out users"):
        assert told in pull["body"]
    assert year.project.live("grow") == {"grow": True}

    # Somebody merges it; the pipeline applies it.
    git(year.project.folder, "fetch", "-q", "origin", pull["head"])
    git(year.project.folder, "merge", "-q", "--ff-only", "FETCH_HEAD")
    for one in json.loads(year.forge.read_text())["pulls"]:
        one["state"] = "closed"
    year.project.up()
    assert year.project.id("grow") == first
    year.go_on()
    year.night()
    assert [one["state"] for one in year.kept("issues")] == ["closed"]
    assert [one["ok"] for one in year.chat.received] == [False, True]

    while year.week < 52:
        year.go_on(min(13, 52 - year.week))
        year.night()
    assert len(year.kept("pulls")) == 1
    past = year.timeline().keys["grow"]
    assert [(one.id, one.end is None) for one in past.periods] == [
        (first, False),
        (weekly, False),
        (first, True),
    ]
    trained = [record for record in past.records if record.event == "retrained"]
    assert len(trained) == noticed - 1
    page = year.project.folder / f"watch-{STACK}.html"
    for scheme in ("light", "dark"):
        seen = opened(page, scheme, width=400)
        assert seen["fits"]
        assert seen["bands"] == 3 * seen["svg"] > 0
        assert seen["bounds"] >= 1
