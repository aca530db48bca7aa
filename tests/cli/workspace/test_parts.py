"""Which parts of a stack an `up` names, and how Pulumi is told of those that aren't there yet."""

import fnmatch

import pytest

from cli.workspace.parts import main, spelled, unknown
from tests.cli.conftest import Folder

HELD = "urn:pulumi:dev::lytics-ml::pulumi-python:dynamic/lytics:MlModel::grow"
NEW = "urn:pulumi:dev::lytics-ml::pulumi-python:dynamic/lytics:MlModel::new"
AS_PATTERN = f"*:{NEW.removeprefix('urn:')}"
TYPO = f"{NEW}t"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["up", "--target", NEW], ["up", "--target", AS_PATTERN]),
        (["up", f"--target={NEW}", "-t", NEW], ["up", f"--target={AS_PATTERN}", "-t", AS_PATTERN]),
        (["preview", "--exclude", NEW, "-y"], ["preview", "--exclude", AS_PATTERN, "-y"]),
        (["up", "--target", HELD, "--target", TYPO], ["up", "--target", HELD, "--target", TYPO]),
        (["up", "--target", "**::new"], ["up", "--target", "**::new"]),
        (["up", "--target-replace", NEW, NEW], ["up", "--target-replace", NEW, NEW]),
    ],
)
def test_only_a_new_model_is_spelled_as_a_pattern(given: list[str], told: list[str]) -> None:
    """What the state has, what nobody declares, and what is a pattern already stay as they are."""
    assert spelled(given, {HELD}, {"grow", "new"}) == told
    assert fnmatch.fnmatchcase(NEW, AS_PATTERN)


def test_a_key_that_nobody_knows_is_told_with_the_nearest() -> None:
    """Pulumi then refuses it, and names no other."""
    given = ["up", "--target", HELD, "--target", TYPO, "--exclude", "**::newer"]
    assert list(unknown(given, {HELD}, {"grow", "new"})) == [
        "neither the state nor the stack file has 'newt'. Did you mean new?"
    ]


def test_where_nothing_can_be_told_the_arguments_stay(
    folder: Folder, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file with mistakes, or a stack that isn't there, is the program's or Pulumi's to tell."""
    folder.write("dev", "nonsense: 1\n")
    given = ["up", "--target", NEW, "two words", ""]
    assert main(["dev", *given]) == 0
    assert capfd.readouterr().out.split("\0") == [*given, ""]
