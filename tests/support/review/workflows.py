"""The workflows, and their steps run as a runner does, in a folder and against a sandbox."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".github" / "workflows"
Json = dict[str, Any]


def workflow(name: str) -> Json:
    """Return a workflow."""
    data: Json = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return data


def workflows() -> dict[str, Json]:
    """Return all workflows by name."""
    return {path.stem: workflow(path.stem) for path in sorted(FOLDER.glob("*.yml"))}


def steps(data: Json) -> Iterator[tuple[str, Json]]:
    """Yield the steps of a workflow with the names of their jobs."""
    for name, job in data["jobs"].items():
        for step in job["steps"]:
            yield name, step


def rows(job: Json) -> list[Json]:
    """Return the rows of a job's matrix, one empty row without any."""
    included: list[Json] = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
    return included


@dataclass
class Runner:
    """Runs the scripts of jobs.

    Attributes:
        folder: the clone.
        secrets: by name; those of an environment under its name and a dot.
        values: other expressions and what they come to.
        env: what a machine has.
        log: what ran: job, step, code and output.
    """

    folder: Path
    secrets: Mapping[str, str]
    values: Mapping[str, str]
    env: Mapping[str, str]
    log: list[tuple[str, str, int, str]] = field(default_factory=list)

    def job(self, file: str, name: str) -> bool:
        """Run a job for each row of its matrix; return whether every step was well."""
        data = workflow(file)
        job = data["jobs"][name]
        results = [self._row(data, name, job, row) for row in rows(job)]
        return all(results)

    def _row(self, data: Json, name: str, job: Json, row: Json) -> bool:
        well = True
        for step in job["steps"]:
            if "run" not in step or (not well and "cancelled" not in str(step.get("if", ""))):
                continue
            scopes = (data.get("env", {}), job.get("env", {}), step.get("env", {}))
            given = {k: v for scope in scopes for k, v in scope.items()}
            place = job.get("environment", "")
            env = {k: self._filled(str(v), row, place) for k, v in given.items()}
            env = {k: v for k, v in env.items() if v or k == "FORCE"}
            code, said = self._run(step["run"], env)
            self.log.append((name, step["name"], code, said))
            well = well and code == 0
        return well

    def _run(self, script: str, env: Mapping[str, str]) -> tuple[int, str]:
        assert "${{" not in script, "an expression in a script is an injection"
        summary = {"GITHUB_STEP_SUMMARY": str(self.folder / "summary.md")}
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder,
            env={**os.environ, **self.env, **summary, **env, "PWD": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def _filled(self, text: str, row: Json, place: str) -> str:
        def value(found: re.Match[str]) -> str:
            expression = found[1].strip()
            if chosen := re.fullmatch(r"matrix\.stack == '(\w+)' && (\S+) \|\| (\S+)", expression):
                expression = chosen[2] if row["stack"] == chosen[1] else chosen[3]
            if alternatives := re.fullmatch(r"secrets\.(\w+) \|\| (vars\.\w+)", expression):
                return self.secrets.get(alternatives[1]) or self.values[alternatives[2]]
            if expression.startswith("secrets."):
                name = expression.removeprefix("secrets.")
                return self.secrets.get(f"{place}.{name}", self.secrets.get(name, ""))
            if expression.startswith("matrix."):
                return str(row[expression.removeprefix("matrix.")])
            return self.values[expression]

        return re.sub(r"\$\{\{(.*?)\}\}", value, text)
