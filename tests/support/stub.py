"""A copy of this project's stubs with a pretended environment and engine, and what they do."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ENGINE = """#!/bin/sh
printf '%s' "$$" > "$REPORT/pid"
pwd > "$REPORT/cwd"
env -0 > "$REPORT/env"
: > "$REPORT/arguments"
for argument in "$@"; do printf '%s\\0' "$argument" >> "$REPORT/arguments"; done
cat > "$REPORT/stdin"
exit "${ENGINE_EXIT:-0}"
"""

PYTHON = """#!/bin/sh
printf '%s\\n' "$*" >> "$REPORT/python"
exit "${PYTHON_EXIT:-0}"
"""

TOOLS = (
    "bash",
    "cat",
    "cmp",
    "dirname",
    "env",
    "ln",
    "mkdir",
    "readlink",
    "sh",
    "sha1sum",
    "shasum",
)


def script(path: Path, text: str) -> Path:
    """Write an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@dataclass
class Answer:
    """What a stub did: how it ended, and what the engine behind it saw."""

    exit_code: int
    stderr: str
    report: Path

    @property
    def reached_engine(self) -> bool:
        """Tell whether the engine was run."""
        return (self.report / "pid").exists()

    @property
    def pid(self) -> int:
        """Return the engine's process id."""
        return int((self.report / "pid").read_text())

    @property
    def arguments(self) -> list[str]:
        """Return the engine's arguments."""
        return (self.report / "arguments").read_text().split("\0")[:-1]

    @property
    def cwd(self) -> Path:
        """Return the folder that the engine ran in."""
        return Path((self.report / "cwd").read_text().removesuffix("\n"))

    @property
    def stdin(self) -> str:
        """Return what the engine read."""
        return (self.report / "stdin").read_text()

    @property
    def env(self) -> dict[str, str]:
        """Return the engine's environment."""
        entries = (self.report / "env").read_text().split("\0")
        return dict(entry.split("=", 1) for entry in entries if entry)

    @property
    def python_calls(self) -> list[str]:
        """Return the arguments of every Python that was started."""
        calls = self.report / "python"
        return calls.read_text().splitlines() if calls.exists() else []


@dataclass
class Stub:
    """A copy of the stubs in a folder of its own, ready to run unless a test breaks that."""

    base: Path
    root: Path = field(init=False)
    home: Path = field(init=False)
    tools: Path = field(init=False)
    engine: Path = field(init=False)
    outside: dict[str, str] = field(default_factory=dict)
    """More of the caller's environment."""

    def __post_init__(self) -> None:
        """Copy the stubs and pretend that everything is installed."""
        self.root, self.home = self.base / "project", self.base / "home"
        self.tools, self.engine = self.base / "tools", self.base / "engine"
        for folder in (self.root, self.home, self.tools, self.base / "report"):
            folder.mkdir(parents=True)
        for room in ("bin", "toolchain"):
            shutil.copytree(
                ROOT / room, self.root / room, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in ("requirements.txt", "requirements-dev.txt"):
            (self.root / name).write_text(f"{name}\n")
        (self.root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.tools / tool).symlink_to(found)
        script(self.engine / "pulumi", ENGINE)
        self.install()

    def install(self, *, made_in: Path | None = None, cache: Path | None = None) -> None:
        """Leave what a complete installation leaves."""
        venv = self.root / ".venv"
        script(venv / "bin" / "python", PYTHON)
        (venv / ".made-in").write_text(f"{made_in or self.root}\n")
        (venv / ".installed-requirements.txt").write_text("requirements.txt\n")
        version = (self.root / "toolchain" / "VERSION").read_text().strip()
        (venv / ".engine").write_text(f"{self.engine}\n{version} {cache or self.cache}\n")
        later = time.time() + 10
        os.utime(venv / ".engine", (later, later))

    @property
    def cache(self) -> Path:
        """Return the cache folder of the pretended user."""
        return self.home / ".cache" / "lytics-ml"

    def start(
        self,
        arguments: Sequence[str] = (),
        *,
        command: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a stub as a user with an empty home would."""
        report = self.base / "report"
        shutil.rmtree(report)
        report.mkdir()
        folder = cwd or self.root
        surroundings = {
            "PATH": str(self.tools),
            "HOME": str(self.home),
            "PWD": str(folder),
            "REPORT": str(report),
            **self.outside,
            **(env or {}),
        }
        return subprocess.Popen(
            [command or self.root / "bin" / "pulumi", *arguments],
            cwd=folder,
            env=surroundings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        *arguments: str,
        command: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> Answer:
        """Run a stub to its end."""
        with self.start(arguments, command=command, cwd=cwd, env=env) as process:
            _, stderr = process.communicate(stdin, timeout=300)
        return Answer(process.returncode, stderr, self.base / "report")
