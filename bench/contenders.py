"""Who is measured: this project, the engine's floor, and the generic Terraform provider."""

import compileall
import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import yaml

from bench.api import Api
from bench.measure import FailedError, Measured, run
from tests.support.engine.project import environment, run_pulumi

ROOT = Path(__file__).parents[1]
Step = Literal["create all", "no change", "no change, not refreshed", "label of all"]
STEPS: tuple[Step, ...] = get_args(Step)
# Commands that only this project has.
LOOKS = ("validate", "list", "drift", "review", "rehearse")
SOURCES = ("all_users", "mobile_users", "email_openers", "dormant")
TARGET = "high_value"
# From so many models on the state is written once, at the end, as `init` and `import` advise.
LARGE = 60


def key_of(number: int) -> str:
    """Return a model's key."""
    return f"model-{number:04}"


def declared(number: int, label: str) -> dict[str, Any]:
    """Return what is declared of a model, whoever manages it, but for its segments."""
    config = {"use_scores": True, "collect": 100 + number, "additional": ["city"]}
    return {"label": f"{label} {number}", "config": config}


class Contender(ABC):
    """Manages so many models, in a folder of its own.

    Args:
        folder: empty; everything is kept in it.
        count: the number of models.
        api: what is managed.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path, count: int, api: Api) -> None:
        self.folder = folder
        self.count = count
        self.api = api
        self.declare("first")

    @abstractmethod
    def declare(self, label: str) -> None:
        """Declare every model, with this label."""

    @abstractmethod
    def command(self, step: Step) -> list[str]:
        """Return the command that brings about what is declared."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the command's environment."""

    def measure(self, step: Step) -> Measured:
        """Run a step, and count the requests that it sent."""
        if step == "label of all":
            self.declare("second")
        self.api.forget_requests()
        measured = run(self.command(step), self.folder, self.environment())
        measured.requests = self.api.requests()
        return measured


class _Pulumi(Contender):
    """What both Pulumi programs have in common: the engine, and the settings of `bin/pulumi`."""

    def command(self, step: Step) -> list[str]:
        """Return an `up` without the preview that CI has had before; it refreshes by default."""
        unrefreshed = ["--refresh=false"] if step == "no change, not refreshed" else []
        up = [str(ROOT / "bin" / "pulumi"), "up", "--stack", "bench", "--yes", "--skip-preview"]
        return [*up, "--non-interactive", *unrefreshed]

    def environment(self) -> dict[str, str]:
        """Return an environment with state, home and secrets in the folder."""
        return {
            **environment(self.folder),
            "LIOKEY": "sandbox",
            "LYTICS_API_URL": self.api.url,
        }

    def _init(self) -> None:
        (self.folder / "state").mkdir(parents=True)
        init = ("stack", "init", "bench", "--non-interactive")
        ran = run_pulumi(self.folder, init, self.environment())
        if ran.code:
            raise FailedError(str(ran))


class Ours(_Pulumi):
    """This project: its program and a stack file."""

    name = "lytics-ml"

    def declare(self, label: str) -> None:
        """Write the stack file."""
        self._write({key_of(number): self._declared(number, label) for number in range(self.count)})

    def declare_others(self) -> None:
        """Write a stack file of which every model is to be replaced, and none is to be live."""
        models = {}
        for number in range(self.count):
            model = self._declared(number, "third")
            config = {**model["config"], "collect": 10_000 + number}
            models[key_of(number)] = {**model, "config": config, "is_active": False}
        self._write(models)

    def _declared(self, number: int, label: str) -> dict[str, Any]:
        segments = {"source": SOURCES[number % len(SOURCES)], "target": TARGET}
        return {**declared(number, label), **segments}

    def _write(self, models: Mapping[str, Any]) -> None:
        if not (self.folder / "Pulumi.yaml").exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "providers", self.folder / "providers", ignore=ignored)
            for name in ("Pulumi.yaml", "__main__.py"):
                shutil.copy(ROOT / name, self.folder)
            (self.folder / ".venv").symlink_to(ROOT / ".venv")
            # A clone's first run compiles the program, all others find it compiled.
            compileall.compile_dir(self.folder / "providers", quiet=1)
            (self.folder / "stacks").mkdir()
            self._init()
            if self.count >= LARGE:
                settings = self.folder / "stacks" / "Pulumi.bench.yaml"
                text = settings.read_text(encoding="utf-8")
                settings.write_text(f"{text}config:\n  lytics:stateWrites: end\n", encoding="utf-8")
        text = yaml.safe_dump({"models": dict(models)}, sort_keys=False)
        (self.folder / "stacks" / "bench.yaml").write_text(text, encoding="utf-8")

    def look(self, command: str) -> Measured:
        """Run a command of `lytics-ml` that only looks, and count the requests that it sent."""
        if command == "rehearse":
            self.declare_others()
        self.api.forget_requests()
        stack = ["bench"] if command == "validate" else ["--stack", "bench"]
        words = [str(ROOT / "bin" / "lytics-ml"), command, *stack]
        measured = run(words, self.folder, self.environment())
        measured.requests = self.api.requests()
        return measured


class Floor(_Pulumi):
    """The engine, and a provider that only sleeps: what the engine itself costs."""

    name = "floor"

    def declare(self, label: str) -> None:
        """Note the label for the program."""
        self.label = label
        if not (self.folder / "Pulumi.yaml").exists():
            shutil.copytree(ROOT / "bench" / "floor", self.folder, dirs_exist_ok=True)
            self._init()

    def environment(self) -> dict[str, str]:
        """Return the environment, with what the program asks it for."""
        return {
            **super().environment(),
            "MODELS": str(self.count),
            "LABEL": self.label,
            "LATENCY_MS": str(self.api.latency_ms),
            # As bin/pulumi sets it for lytics:stateWrites, which this one has none of.
            "PULUMI_SKIP_CHECKPOINTS": str(self.count >= LARGE).lower(),
        }


class Terraform(Contender):
    """Terraform with `Mastercard/restapi`, the generic provider for any HTTP API."""

    name = "terraform"
    provider: ClassVar[Path]

    @classmethod
    def lacks(cls, cache: Path) -> str:
        """Get what is needed; return why that can't be had, "" when it is there."""
        for program, why in (("terraform", "the peer"), ("go", "to build its provider")):
            if shutil.which(program) is None:
                return f"no {program} on PATH ({why})"
        cls.provider = cache / "terraform-provider-restapi"
        if cls.provider.exists():
            return ""
        work = cache / "restapi"
        work.mkdir(parents=True, exist_ok=True)
        (work / "go.mod").write_text("module bench\n\ngo 1.24\n", encoding="utf-8")
        module = "github.com/Mastercard/terraform-provider-restapi"
        for command in (
            ["go", "get", "-tool", f"{module}@v1.20.0"],
            ["go", "build", "-o", str(cls.provider), module],
        ):
            done = subprocess.run(command, cwd=work, check=False, capture_output=True, text=True)
            if done.returncode:
                return f"{' '.join(command)}: {done.stderr[-500:]}"
        return ""

    def declare(self, label: str) -> None:
        """Write the resources."""
        self.folder.mkdir(parents=True, exist_ok=True)
        segments = self.api.segments()
        models = {
            key_of(number): {
                "path": "/ml",
                "data": json.dumps(
                    {
                        **declared(number, label),
                        "name": key_of(number),
                        "source": segments[SOURCES[number % len(SOURCES)]],
                        "target": segments[TARGET],
                    }
                ),
            }
            for number in range(self.count)
        }
        content = {
            "terraform": {"required_providers": {"restapi": {"source": "mastercard/restapi"}}},
            "provider": {
                "restapi": {
                    "uri": self.api.url,
                    "headers": {"Authorization": "sandbox"},
                    "id_attribute": "data/id",
                    "update_method": "POST",
                    "write_returns_object": True,
                }
            },
            "resource": {"restapi_object": models},
        }
        (self.folder / "main.tf.json").write_text(json.dumps(content), encoding="utf-8")
        (self.folder / "cli.tfrc").write_text(
            f'provider_installation {{\n  dev_overrides {{ "mastercard/restapi" = '
            f'"{self.provider.parent}" }}\n  direct {{}}\n}}\n',
            encoding="utf-8",
        )

    def command(self, step: Step) -> list[str]:
        """Return an apply; it reads every object unless told not to."""
        quick = ["-refresh=false"] if step == "no change, not refreshed" else []
        return ["terraform", "apply", "-auto-approve", "-no-color", "-input=false", *quick]

    def environment(self) -> dict[str, str]:
        """Return an environment with the provider that was built."""
        return {**os.environ, "TF_CLI_CONFIG_FILE": str(self.folder / "cli.tfrc")}
