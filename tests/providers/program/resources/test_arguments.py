"""What an editor knows of the arguments in Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from providers.lytics.domain.declaration import ModelConfig
from providers.lytics.domain.live.gate import Gate, Margins
from providers.lytics.program.resources.arguments import ConfigArgs, GateArgs, MarginsArgs

ROOT = Path(__file__).parents[4]
START = """\
import pulumi
from providers.lytics import MlModel, MlModelActivation

"""
ARGUMENTS = 'source="all_users", target="high_value"'


@pytest.mark.parametrize(
    ("typed", "shape"), [(ConfigArgs, ModelConfig), (GateArgs, Gate), (MarginsArgs, Margins)]
)
def test_every_key_of_a_declaration_is_an_argument(typed: type, shape: type) -> None:
    """What the stack files take, Python takes, under the same name."""
    assert set(typed.__annotations__) == set(shape.model_fields)  # type: ignore[attr-defined]


def checked(folder: Path, code: str) -> str:
    """Return what mypy says of a program in a folder of its own."""
    program = folder / "program.py"
    program.write_text(START + code)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "/dev/null"]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache"), "--follow-imports", "silent"]
    done = subprocess.run(
        [*command, *cache, str(program)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


MISTAKES = {
    'config={"use_score": True}': "config",
    'config={"use_scores": True}, gate={"auk": 0.7}': "gate",
    'config={"use_scores": True}, on_delete="remove"': "on_delete",
    'config={"use_scores": True}, swap="break"': "swap",
    'config={"use_scores": True}, source_name="x"': "source_name",
}


@pytest.mark.slow
def test_editor_catches_a_mistaken_key(tmp_path: Path) -> None:
    """A key, a policy or an argument that there isn't is an error before anything runs."""
    lines = [f'MlModel("m", {ARGUMENTS}, {mistake})' for mistake in MISTAKES]
    told = checked(tmp_path, "\n".join(lines))
    for number, named in enumerate(MISTAKES.values(), start=START.count("\n") + 1):
        assert [
            line for line in told.splitlines() if f"program.py:{number}:" in line and named in line
        ], told


@pytest.mark.slow
def test_editor_finds_no_fault_with_what_is_right(tmp_path: Path) -> None:
    """Outputs are taken everywhere, and both ways to declare a gate are right."""
    told = checked(
        tmp_path,
        f"""
later = pulumi.Output.from_input({{"auc": 0.7}})
one = MlModel("one", {ARGUMENTS}, config={{"use_scores": True, "collect": 200}}, is_active=True,
              gate={{"auc": 0.7, "fitness": "good", "beats_current": {{"auc": 0.01}}}},
              on_delete={{"delete": "even_if_used"}}, swap="break_first")
two = MlModel("two", source=one.source, target=one.target, config=later, gate=later)
three = MlModel("three", {ARGUMENTS}, activation="swap", on_delete="retain")
MlModelActivation("three", model=three, gate=later)
""",
    )
    assert "Success" in told, told
