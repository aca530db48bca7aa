# ruff: noqa: INP001 - pytest tells these files apart by name, a package isn't needed
"""From building to complete or invalid, going live, changes from outside, restarts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.api import wire
from sandbox.models import Model
from sandbox.segments import segment_id

Json = dict[str, Any]
Create = Callable[..., Json]
WaitFor = Callable[[httpx.Client, str], Json]
Start = Callable[..., httpx.Client]
HANGS_AFTER_S = 300.0


@pytest.mark.parametrize("build_only", [False, True])
def test_build_only_decides_who_goes_live(
    api: httpx.Client, create: Create, wait_for: WaitFor, *, build_only: bool
) -> None:
    """Once complete, a model is live by itself unless it was only to be built."""
    created = create(api, config={"use_scores": True, "build_only": build_only}, is_active=True)
    model = wait_for(api, created["id"])
    assert (model["state"], model["is_active"]) == ("complete", not build_only)
    assert model["updated"] > model["created"]
    assert len(model["work_ids"]) == (1 if build_only else 3)
    assert model["error"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "all_users"}, "same segment"),
        ({"target": "too_small"}, "19 users, at least 25"),
        ({"source": "too_small"}, "19 users, at least 25"),
        ({"target": "articles"}, "table content"),
        ({"target": "retired_campaign"}, "campaign_2019 no longer exists"),
        ({"config": {}}, "no features were selected"),
        ({"config": {"additional": ["shoe_size"]}}, "no features were selected"),
        ({"base": "/v2", "config": {"use_scores": True, "blocked": ["score_recency"]}}, ""),
    ],
)
def test_hopeless_models_end_invalid_with_a_reason(
    api: httpx.Client, create: Create, wait_for: WaitFor, changes: Json, words: str
) -> None:
    """The API takes what can't be built, and the build says why it failed."""
    model = wait_for(api, create(api, **changes)["id"])
    assert model["state"] == ("invalid" if words else "complete")
    assert words in (model["error"] or "")
    assert not (words and (model["is_active"] or model["is_healthy"]))


def test_builds_take_their_least_time_side_by_side(
    start: Start, create: Create, wait_for: WaitFor
) -> None:
    """Forty builds of a second take about a second, not forty."""
    client = start(build_s=1)
    began = time.monotonic()
    ids = [create(client, name=f"m{i}")["id"] for i in range(40)]
    assert all(wait_for(client, model_id)["state"] == "complete" for model_id in ids)
    assert 1 <= time.monotonic() - began < 40, "one after the other"


def test_twenty_models_can_be_live(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """The 21st isn't set live by its build, and by hand it is refused with the limit's number."""
    ids = [create(api)["id"] for _ in range(21)]
    live = [wait_for(api, model_id)["is_active"] for model_id in ids]
    assert live == [True] * 20 + [False]
    refused = api.post(f"/api/ml/{ids[-1]}", json={"is_active": True})
    assert refused.status_code == 400
    assert "limit of 20" in refused.json()["message"]
    api.post(f"/api/ml/{ids[0]}", json={"is_active": False})
    assert api.post(f"/api/ml/{ids[-1]}", json={"is_active": True}).status_code == 200


@pytest.mark.parametrize(("early", "status"), [("refuse", 400), ("accept", 200)])
def test_activating_a_building_model(start: Start, create: Create, early: str, status: int) -> None:
    """A building model can't be set live, or can: nobody knows, so it can be chosen."""
    client = start(build_s=60, early_activation=early)
    path = f"/api/ml/{create(client)['id']}"
    assert client.post(path, json={"is_active": True}).status_code == status
    assert client.get(path).json()["data"]["is_active"] is (status == 200)


def test_made_up_numbers_fit_each_other_and_repeat(
    start: Start, create: Create, wait_for: WaitFor
) -> None:
    """Without training, one declaration has one set of numbers; another, or a seed, another."""

    def numbers(client: httpx.Client, **config: object) -> Json:
        model_id = create(client, config={"use_scores": True, **config})["id"]
        wait_for(client, model_id)
        shown: Json = client.get(f"/v2/ml/{model_id}/summary").json()["data"]["summary"]
        return shown

    one, other = start(seed=1), start(seed=2)
    first = numbers(one)
    assert first == numbers(one) == numbers(one, build_only=True)
    assert first["auc"] not in (numbers(one, collect=300)["auc"], numbers(other)["auc"])
    assert first["accuracy"] == int(10 * first["rsq"] + 0.5)
    matrix, predictions = first["error_matrix"], first["target_predictions"]
    assert matrix["TruePositive"] + matrix["FalseNegative"] == sum(predictions.values())


def test_outcomes_are_told_beforehand(api: httpx.Client, create: Create, wait_for: WaitFor) -> None:
    """What a model comes to can be told by its name, for a number of models, failures too."""
    told = [
        {"match": {"name": "^bad"}, "state": "invalid", "reason": "no luck"},
        {"match": {"target": "high_value"}, "summary": {"rsq": 0.04, "auc": 0.5}, "times": 1},
        {"match": {"label": "slow"}, "build_s": 60},
    ]
    api.post("/_sandbox/outcomes", json=told).raise_for_status()
    bad = wait_for(api, create(api, name="bad one")["id"])
    assert (bad["state"], bad["error"]) == ("invalid", "no luck")
    weak, fine = (wait_for(api, create(api)["id"]) for _ in range(2))
    assert [weak["is_healthy"], fine["is_healthy"]] == [False, True]
    summary = api.get(f"/v2/ml/{weak['id']}/summary").json()["data"]["summary"]
    assert (summary["accuracy"], summary["auc"]) == (0, 0.5)
    time.sleep(0.1)
    slow = create(api, label="slow", target="dormant")["id"]
    assert api.get(f"/api/ml/{slow}").json()["data"]["state"] == "building"


def test_anything_can_be_changed_from_outside(start: Start, create: Create) -> None:
    """Tests can play somebody else: any field, any number, or the model gone."""
    client = start(build_s=60)
    model_id = create(client)["id"]
    path = f"/_sandbox/models/{model_id}"
    changes = {
        "state": "complete",
        "name": "other",
        "label": "theirs",
        "is_active": True,
        "is_healthy": True,
        "type": "lr",
        "created": "2020-10-24T00:11:22.842Z",
        "summary": {"auc": 0.61, "accuracy": 7, "reach": 3, "rsq": 0.5},
    }
    client.post(path, json=changes).raise_for_status()
    model = client.get(f"/v2/ml/{model_id}").json()["data"]
    assert (model["created"], model["type"]) == ("2020-10-24T00:11:22.842000000Z", "lr")
    assert (model["name"], model["label"], model["is_active"]) == ("other", "theirs", True)
    summary = client.get(f"/v2/ml/{model_id}/summary").json()["data"]["summary"]
    assert (summary["auc"], summary["accuracy"], summary["model_health"]) == (0.61, 7, "healthy")
    assert client.post(path, json={"colour": "red"}).status_code == 400
    assert client.post(path, json={"created": "yesterday"}).status_code == 400
    client.delete(path).raise_for_status()
    assert client.get(f"/api/ml/{model_id}").status_code == 404
    assert client.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("faults", b"{"),
        ("faults", b'[{"what": "explode"}]'),
        ("dialect", b'{"dialect": "klingon"}'),
        ("outcomes", b'[{"match": {"colour": "red"}}]'),
        ("outcomes", b'[{"match": {"name": "("}}]'),
        ("outcomes", b'[{"state": "fine"}]'),
        ("outcomes", b"[7]"),
    ],
)
def test_bad_control_request_is_refused(api: httpx.Client, path: str, sent: bytes) -> None:
    """What the control endpoints can't use is refused with a sentence, at once."""
    reply = api.post(f"/_sandbox/{path}", content=sent)
    assert reply.status_code == 400
    assert reply.json()["message"]
    assert api.get("/_sandbox/requests?since=x").status_code == 400
    assert api.get("/_sandbox/models/none/predictions").status_code == 404


def test_long_list_is_quick(
    api: httpx.Client, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of 100 models is made once, and after a change only the changed one is made again."""
    api.post("/_sandbox/outcomes", json=[{"build_s": 60}])
    ids = [create(api, name=f"m{i}")["id"] for i in range(100)]
    api.get("/api/ml")
    made: list[str] = []
    render = wire.render_model

    def noted(model: Model, *rest: Any) -> Json:  # noqa: ANN401 - as render_model takes them
        made.append(model.id)
        return render(model, *rest)

    monkeypatch.setattr(wire, "render_model", noted)
    api.post(f"/api/ml/{ids[7]}", json={"label": "changed"})
    models = api.get("/api/ml").json()["data"]
    assert set(made) == {ids[7]}
    assert [model["id"] for model in models] == ids
    assert models[7]["label"] == "changed"


def wait_until(what: Callable[[], bool], otherwise: str) -> None:
    """Wait until something is so; fail if it never is."""
    end_s = time.monotonic() + HANGS_AFTER_S
    while not what():
        assert time.monotonic() < end_s, otherwise
        time.sleep(0.05)


class CommandLine:
    """``python -m sandbox`` in a process."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        ready = self.process.stdout.readline()
        assert ready.startswith("sandbox ready on http://127.0.0.1:"), self.process.communicate()
        self.url = ready.split()[-1]
        assert self.url.endswith("/api")
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": "sandbox"}, timeout=HANGS_AFTER_S
        )

    def end(self, kind: signal.Signals) -> int:
        """Send a signal, and return the exit code."""
        self.client.close()
        self.process.send_signal(kind)
        _, errors = self.process.communicate(timeout=HANGS_AFTER_S)
        assert not errors
        return self.process.returncode

    def models(self) -> list[Json]:
        """Return ML List."""
        shown: list[Json] = self.client.get("/ml").json()["data"]
        return shown

    def built(self) -> list[Json]:
        """Return ML List once its models are complete."""
        wait_until(lambda: self.models()[0]["state"] == "complete", "it isn't built")
        return self.models()

    def create(self, **sent: object) -> Json:
        """Create a model of all_users and high_value."""
        segments = {
            "source": segment_id(1234, "all_users"),
            "target": segment_id(1234, "high_value"),
        }
        reply = self.client.post("/ml", json={**segments, **sent})
        created: Json = reply.json()["data"]
        return created


def children_of(pid: int) -> list[str]:
    """Return the processes that any thread of a process started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for listed in lists for child in listed.read_text().split()]


def is_running(pid: str) -> bool:
    """Say whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_clean_stop_ends_with_0_and_keeps_everything(tmp_path: Path, kind: signal.Signals) -> None:
    """A signal stops the server cleanly; the next one on its folder knows every model."""
    first = CommandLine("--data", str(tmp_path), "--no-train")
    first.create(name="kept", config={"use_scores": True})
    before = first.built()
    assert first.end(kind) == 0
    second = CommandLine("--data", str(tmp_path), "--no-train")
    assert second.models() == before
    assert second.end(kind) == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are told by /proc")
def test_killed_in_a_build_it_builds_again(tmp_path: Path) -> None:
    """After kill -9 while a worker trains, the worker is gone and the next start trains anew."""
    options = ("--data", str(tmp_path), "--workers", "1")
    first = CommandLine(*options)
    created = first.create(config={"use_scores": True, "tune_model": True, "collect": 2_000})
    wait_until(lambda: bool(children_of(first.process.pid)), "no worker was started")
    workers = children_of(first.process.pid)
    assert first.models()[0]["state"] == "building"
    first.end(signal.SIGKILL)
    second = CommandLine(*options)
    assert [model["id"] for model in second.models()] == [created["id"]]
    wait_until(lambda: not any(map(is_running, workers)), "a worker outlives its sandbox")
    second.built()
    assert second.end(signal.SIGTERM) == 0


def test_a_folder_serves_one_sandbox(tmp_path: Path) -> None:
    """A second sandbox on a folder, or on a port in use, is told so in one sentence."""
    first = CommandLine("--data", str(tmp_path), "--no-train")
    port = first.url.split(":")[2].split("/")[0]
    for arguments, words in (
        (["--data", str(tmp_path)], "Another sandbox works on"),
        (["--port", port], "Choose another --port"),
    ):
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--no-train", *arguments]
        second = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=HANGS_AFTER_S
        )
        assert second.returncode == 2
        assert words in second.stderr
        assert "Traceback" not in second.stderr
    first.end(signal.SIGTERM)


def test_starting_without_training_imports_no_libraries() -> None:
    """A sandbox that doesn't train starts without numpy and scikit-learn, which take seconds."""
    program = (
        "import json, sys\n"
        "from sandbox.server import serve_in_thread\n"
        "serve_in_thread().stop()\n"
        "print(json.dumps(['sklearn' in sys.modules, 'numpy' in sys.modules]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert json.loads(ran.stdout) == [False, False]


def test_a_python_without_the_packages_is_told_so() -> None:
    """A Python that lacks the sandbox's packages says which, and which Python has them."""
    command = [sys.executable, "-S", "-m", "sandbox", "--port", "0"]
    ran = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False
    )
    assert ran.returncode == 2
    assert "lacks starlette, uvicorn, numpy, sklearn. Run 'make engine' once" in ran.stderr
    assert "Traceback" not in ran.stderr
